/**
 * A manager that fails everything in 10 ms beside ones that work, in virtual time: how much it spoils, and who is never blamed.
 */
import { expect } from 'chai';
import { ResultStatus } from '../../lib/wire/records.ts';
import { Bench, range } from '../executors/high-throughput/interchange/core-bench.ts';
import { createRandom } from '../executors/high-throughput/interchange/simulation/random.ts';

const FAILED = { status: ResultStatus.Failed as ResultStatus, durationUs: 10_000 };
const SEEDS = Number(process.env['FLOTILLA_SEED']) ? [Number(process.env['FLOTILLA_SEED'])] : range(1, 40);

const TICK_MS = 50;

/** A tick, with everybody heard of. */
function pass(bench: Bench): void {
  for (const { id, received } of [...bench.core.managers.values()])
    bench.tell({ kind: 'heartbeat', manager: id, sequence: received, at: bench.at });
  bench.tell({ kind: 'tick', at: bench.at });
}

/** Each manager's tasks end as `ends` says; what has ended is followed by more until `total` have. */
function runUntil(
  bench: Bench,
  total: number,
  ends: (manager: string, taskId: number) => { ok: boolean; ms: number },
): Map<string, number> {
  const failures = new Map<string, number>();
  const due: { at: number; manager: string; taskId: number; ok: boolean }[] = [];
  let done = 0;
  while (done < total) {
    for (const [manager, ids] of Object.entries(bench.placed())) {
      for (const taskId of ids) {
        const { ok, ms } = ends(manager, taskId);
        due.push({ at: bench.at + ms, manager, taskId, ok });
      }
    }
    due.sort((a, b) => a.at - b.at);
    const next = due.shift();
    if (next === undefined) throw new Error(`nothing is under way, and ${total - done} tasks wait`);
    while (bench.at + TICK_MS < next.at) {
      bench.at += TICK_MS;
      pass(bench);
    }
    bench.at = Math.max(bench.at, next.at);
    bench.result(next.manager, [next.taskId], next.ok ? { durationUs: 100_000 } : FAILED);
    done++;
    if (!next.ok) failures.set(next.manager, (failures.get(next.manager) ?? 0) + 1);
  }
  return failures;
}

describe('a black hole', () => {
  it('is given no more once it has failed ten tasks that work elsewhere, and is said so', () => {
    const bench = new Bench().register('good').register('bad');
    bench.submit(3000);
    const failures = runUntil(bench, 3000, (manager) => (manager === 'bad' ? { ok: false, ms: 10 } : { ok: true, ms: 100 }));
    const reports = bench.reports('managerQuarantined');
    expect(reports[0]).to.include({ managerId: 'bad', host: 'host-bad', forMs: 60_000 });
    // 150 s of work for the other: it came back once, with one task, and was sent away for twice as long.
    expect(reports[1]?.forMs).to.equal(120_000);
    expect(failures.get('bad')).to.be.within(10, 16);
  });

  it('is found out also where the others take an hour for what it fails in a millisecond', () => {
    const bench = new Bench().register('good').register('bad');
    bench.submit(500);
    const failures = runUntil(bench, 40, (manager) => (manager === 'bad' ? { ok: false, ms: 1 } : { ok: true, ms: 3_600_000 }));
    expect(bench.reports('managerQuarantined')[0]).to.include({ managerId: 'bad' });
    // It is asked again after one, two, four … 30 minutes.
    expect(failures.get('bad')).to.be.below(39);
  });

  it('would spoil nearly everything otherwise', () => {
    const bench = new Bench({ quarantineMs: 0 }).register('good').register('bad');
    bench.submit(1000);
    const failures = runUntil(bench, 1000, (manager) => (manager === 'bad' ? { ok: false, ms: 10 } : { ok: true, ms: 100 }));
    expect(failures.get('bad')).to.be.above(800);
  });

  it('is trusted again once a task has succeeded there', () => {
    const bench = new Bench().register('good').register('bad');
    bench.submit(5000);
    let isBroken = true;
    runUntil(bench, 5000, (manager) => {
      if (bench.at > 30_000) isBroken = false;
      return manager === 'bad' && isBroken ? { ok: false, ms: 10 } : { ok: true, ms: 100 };
    });
    expect(bench.reports('managerQuarantined')).to.have.length(1);
    expect(bench.core.managers.get('bad')?.record).to.include({ isOnProbation: false, rests: 0, restsUntilMs: undefined });
    expect(bench.core.managers.get('bad')?.received).to.be.above(500);
  });

  it('gets one task when its time is over, not as many as it has slots', () => {
    const bench = new Bench().register('good').register('bad', { slots: 4 });
    bench.submit(100);
    bench.placed();
    bench.result('good', [1]);
    for (let i = 0; bench.reports('managerQuarantined').length === 0; i++) {
      if (i > 50) throw new Error('it is not quarantined');
      bench.result('bad', [...(bench.core.managers.get('bad')?.inFlight.keys() ?? [])], FAILED);
    }
    expect(bench.core.managers.get('bad')?.inFlight.size).to.equal(0);
    bench.placed();
    bench.at += 60_000;
    for (const id of ['good', 'bad'])
      bench.tell({ kind: 'heartbeat', manager: id, sequence: bench.core.managers.get(id)?.received ?? 0, at: bench.at });
    bench.tell({ kind: 'tick', at: bench.at });
    expect(bench.reports('managerReleased')[0]).to.include({ managerId: 'bad' });
    expect(bench.placed()['bad']).to.have.length(1);
  });

  describe('is not what is blamed', () => {
    it('where every task fails everywhere', () => {
      const bench = new Bench().register('a').register('b');
      bench.submit(500);
      runUntil(bench, 500, () => ({ ok: false, ms: 10 }));
      expect(bench.reports('managerQuarantined')).to.deep.equal([]);
    });

    it('where one function fails everywhere and another works', () => {
      const random = createRandom(5);
      const bench = new Bench().register('a').register('b');
      for (let i = 0; i < 200; i++) bench.submit(5, { fnId: random.chance(0.5) ? 1 : 2 });
      const placed = (): [string, number[]][] => Object.entries(bench.placed());
      for (let round = 0; round < 400; round++) {
        for (const [manager, ids] of placed()) {
          for (const id of ids) {
            const fnId = Math.floor((bench.core.managers.get(manager)?.inFlight.get(id) ?? 0) / 0x10000);
            bench.result(manager, [id], { fnId, ...(fnId === 1 ? FAILED : {}) });
          }
        }
      }
      expect(bench.core.queue.length).to.equal(0);
      expect(bench.reports('managerQuarantined')).to.deep.equal([]);
    });

    it('where there is one manager only', () => {
      const bench = new Bench().register('a');
      bench.submit(100);
      runUntil(bench, 100, (_manager, taskId) => ({ ok: taskId <= 20, ms: 10 }));
      expect(bench.reports('managerQuarantined')).to.deep.equal([]);
    });

    it('where one task in ten fails', () => {
      const random = createRandom(7);
      const bench = new Bench();
      for (const name of ['a', 'b', 'c']) bench.register(name);
      bench.submit(3000);
      runUntil(bench, 3000, () => ({ ok: !random.chance(0.1), ms: 10 + random.below(50) }));
      expect(bench.reports('managerQuarantined')).to.deep.equal([]);
    });
  });

  it('is released at once when nobody else is left', () => {
    const bench = new Bench().register('good').register('bad');
    bench.submit(100);
    bench.placed();
    bench.result('good', [1]);
    for (let i = 0; i < 20; i++) bench.result('bad', [...(bench.core.managers.get('bad')?.inFlight.keys() ?? [])], FAILED);
    expect(bench.reports('managerQuarantined')).to.have.length(1);
    bench.placed();
    bench.tell({ kind: 'left', manager: 'good', at: bench.at }, { kind: 'tick', at: bench.at });
    expect(bench.reports('managerReleased')[0]).to.include({ managerId: 'bad', reason: 'nobody else is left' });
    expect(bench.placed()['bad']).to.have.length(1);
  });

  it('is at most every second manager, whatever they do', () => {
    for (const seed of SEEDS) {
      const random = createRandom(seed);
      const bench = new Bench({ quarantineMs: 5000 });
      const count = 2 + random.below(6);
      for (let i = 0; i < count; i++) bench.register(`m${i}`, { slots: 1 + random.below(4) });
      const moods = new Map<string, boolean>();
      bench.submit(600);
      runUntil(bench, 600, (manager) => {
        if (random.chance(0.02)) moods.set(manager, random.chance(0.6));
        const resting = [...bench.core.managers.values()].filter(({ record }) => record.restsUntilMs !== undefined).length;
        if (resting * 2 > count) throw new Error(`FLOTILLA_SEED=${seed}: ${resting} of ${count} rest`);
        return { ok: moods.get(manager) ?? true, ms: 10 + random.below(100) };
      });
    }
  });
});
