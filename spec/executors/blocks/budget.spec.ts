import { expect } from 'chai';
import fc from 'fast-check';
import { budgetFigures } from '../../../executors/blocks/budget.ts';
import { createScaler, step } from '../../../executors/blocks/scaler.ts';
import type { BlockId, Scaler, ScalerEffect, ScalerEvent } from '../../../executors/blocks/scaler-types.ts';
import type { BlockLimits } from '../../../lib/provider.ts';
import { ScalerBench, scalerOptions } from './scaler-bench.ts';

const HOUR = 3_600_000;
const bench = (limits: Partial<BlockLimits>): ScalerBench => new ScalerBench(scalerOptions({ walltimeMs: HOUR, ...limits }));

/** Its job is seen to start. */
const run = (on: ScalerBench, blockId: string): ScalerBench =>
  on
    .submitted(blockId)
    .send({ kind: 'blockState', blockId, status: { state: 'running' }, earliest: on.now })
    .registered(blockId, 1);

describe('the budget of node-hours', () => {
  it('reserves the walltime of each block when it is submitted, and allows no more than there is for', () => {
    bench({ nodesPerBlock: 2, maxNodeHours: 5 }).start().work(1000).expect('submit 0, submit 1');
  });

  it('has room again when a block ends before its walltime does', () => {
    const on = bench({ maxNodeHours: 2, maxBlocks: 2 }).start().work(10);
    run(run(on, '0'), '1').expect('submit 0, submit 1');
    on.after(HOUR / 2)
      .ended('0', 'completed')
      .expect('');
    on.after(0).ended('1', 'completed').expect('submit 2');
    expect(budgetFigures(on.scaler, on.now)).to.include({ usedNodeHours: 1, reservedNodeHours: 1 });
  });

  it('says what it does not allow, with figures', () => {
    const on = bench({ maxNodeHours: 1.5 }).start().work(10);
    run(on, '0').after(HOUR / 4);
    expect(on.scaler.isBudgetShort).to.equal(true);
    expect(budgetFigures(on.scaler, on.now)).to.deep.equal({
      maxNodeHours: 1.5,
      usedNodeHours: 0.25,
      reservedNodeHours: 0.75,
      nextNodeHours: 1,
    });
  });

  it('is short of nothing where no more blocks are wanted', () => {
    const on = bench({ maxNodeHours: 1.5 }).start().work(1);
    run(on, '0');
    expect(on.scaler.isBudgetShort).to.equal(false);
  });

  it('gives up when work waits, no block is left, and none is allowed; not before', () => {
    const on = bench({ maxNodeHours: 1.5 }).start().work(10);
    run(on, '0').expect('submit 0');
    on.after(HOUR).expect('').ended('0', 'timeout').expect('spent 1 of 1.5');
    on.after(HOUR).expect('');
  });

  it('does not give up without work', () => {
    const on = bench({ maxNodeHours: 1 }).start();
    run(on, '0').after(HOUR).ended('0', 'timeout').expect('submit 0, drain 0');
    on.work(1).expect('spent 1 of 1');
  });

  it('charges no more than the walltime for a block whose end is heard of late, and nothing for the time that it waited', () => {
    const on = bench({ maxNodeHours: 10 })
      .start()
      .work(1)
      .submitted('0')
      .after(5 * HOUR);
    on.send({ kind: 'blockState', blockId: '0', status: { state: 'running' }, earliest: on.now - 30_000 });
    on.after(3 * HOUR).ended('0', 'timeout');
    expect(budgetFigures(on.scaler, on.now)?.usedNodeHours).to.equal(1);
  });

  it('charges a block that nobody saw running from when it was last seen waiting', () => {
    const on = bench({ maxNodeHours: 10 })
      .start()
      .work(1)
      .submitted('0')
      .after(5 * HOUR);
    on.send({ kind: 'blockState', blockId: '0', status: { state: 'completed' }, earliest: on.now - HOUR / 4 });
    expect(budgetFigures(on.scaler, on.now)?.usedNodeHours).to.equal(0.25);
  });

  it('takes back a job that the scheduler puts into the queue again, where its walltime once more is too much', () => {
    const on = bench({ maxNodeHours: 1.5 }).start().work(1);
    run(on, '0').expect('submit 0');
    on.after(0.75 * HOUR)
      .send({ kind: 'blockState', blockId: '0', status: { state: 'pending' } })
      .expect('restart 0, cancel 0');
  });

  it('cancels blocks without a walltime while there is a minute left for them to end', () => {
    const on = bench({ walltimeMs: undefined, maxNodeHours: 1, maxBlocks: 2 }).start().work(2);
    run(run(on, '0'), '1').expect('submit 0, submit 1');
    expect(on.wakesAfter() ?? on.after(1000).wakesAfter()).to.be.within(HOUR / 2 - 62_000, HOUR / 2 - 59_000);
    on.after(HOUR / 2 - 70_000)
      .expect('')
      .after(70_000 - 58_000)
      .expect('cancel 1, cancel 0');
  });

  it('knows what an earlier driver has used', () => {
    const on = bench({ maxNodeHours: 2 });
    on.send({ kind: 'started', adopted: [{ blockId: '3', startedAt: on.now - HOUR / 2 }], spentNodeMs: HOUR / 4 })
      .work(100)
      .expect('');
    expect(budgetFigures(on.scaler, on.now)).to.include({ usedNodeHours: 0.75, reservedNodeHours: 0.5 });
  });
});

describe('the budget of node-hours, with a block of an earlier driver whose start nobody has written down', () => {
  const start = (walltimeMs: number | undefined): ScalerBench => {
    const on = bench({ maxNodeHours: 10, walltimeMs });
    return on.send({ kind: 'started', adopted: [{ blockId: '0' }] }).registered('0', 1);
  };

  it('is charged for all of its walltime', () => {
    const on = start(HOUR)
      .after(HOUR / 4)
      .ended('0', 'completed');
    expect(budgetFigures(on.scaler, on.now)?.usedNodeHours).to.equal(1);
  });

  it('is charged from the time of the other driver where there is no walltime', () => {
    const on = start(undefined)
      .after(HOUR / 4)
      .ended('0', 'completed');
    expect(budgetFigures(on.scaler, on.now)?.usedNodeHours).to.equal(0.25);
  });
});

/** Jobs as they are, whatever the scaler has heard of them. */
interface Job {
  startedAt: number | undefined;
  /** undefined: it was not cancelled. */
  stopsAt: number | undefined;
  usedMs: number;
  seenAt: number;
  seen: 'pending' | 'running';
  isOver: boolean;
}

class Cluster {
  readonly scaler: Scaler;
  readonly jobs = new Map<BlockId, Job>();
  at = 0;
  hasGivenUp = false;
  readonly #limits: BlockLimits;
  readonly #dice: () => number;

  constructor(limits: BlockLimits, dice: () => number) {
    this.#limits = limits;
    this.#dice = dice;
    this.scaler = createScaler(scalerOptions(limits, { strategy: 'htex-auto-scale', failureLimit: Number.POSITIVE_INFINITY }));
    this.#tell({ kind: 'started', at: 0 });
  }

  get usedNodeMs(): number {
    let used = 0;
    for (const { usedMs, startedAt } of this.jobs.values()) used += usedMs + (startedAt === undefined ? 0 : this.at - startedAt);
    return used * this.#limits.nodesPerBlock;
  }

  #tell(event: ScalerEvent): void {
    for (const effect of step(this.scaler, event)) this.#obey(effect);
  }

  #obey(effect: ScalerEffect): void {
    if (effect.kind === 'budgetSpent') this.hasGivenUp = true;
    if (effect.kind === 'cancelBlock') (this.jobs.get(effect.blockId) as Job).stopsAt = this.at + this.#dice() * 50_000;
    if (effect.kind !== 'submitBlock') return;
    this.jobs.set(effect.blockId, { startedAt: undefined, stopsAt: undefined, usedMs: 0, seenAt: this.at, seen: 'pending', isOver: false });
    this.#tell({ kind: 'blockSubmitted', at: this.at, blockId: effect.blockId });
  }

  /** Some seconds pass: jobs start, end, are put back; then the scheduler is asked, mostly. */
  pass(outstanding: number): void {
    this.at += 2500;
    for (const job of this.jobs.values()) if (!job.isOver) this.#live(job);
    if (this.#dice() < 0.3) for (const [blockId, job] of this.jobs) this.#ask(blockId, job);
    this.#tell({ kind: 'tick', at: this.at, load: { outstanding, perBlock: new Map() } });
  }

  #live(job: Job): void {
    const { walltimeMs = Number.POSITIVE_INFINITY } = this.#limits;
    const ran = job.startedAt === undefined ? 0 : this.at - job.startedAt;
    if (job.stopsAt !== undefined && this.at >= job.stopsAt) return this.#stop(job, ran, true);
    if (job.startedAt === undefined) {
      if (this.#dice() < 0.05) job.startedAt = this.at;
      return;
    }
    const fate = this.#dice();
    if (ran >= walltimeMs) this.#stop(job, walltimeMs, true);
    else if (fate < 0.002) this.#stop(job, ran, true);
    else if (fate < 0.004 && job.seen === 'running') this.#stop(job, ran, false);
  }

  #stop(job: Job, ran: number, isOver: boolean): void {
    job.usedMs += Math.min(ran, this.#limits.walltimeMs ?? ran);
    job.startedAt = undefined;
    job.isOver = isOver;
  }

  #ask(blockId: BlockId, job: Job): void {
    if (!this.scaler.blocks.has(blockId)) return;
    const state = job.isOver ? 'completed' : job.startedAt === undefined ? 'pending' : 'running';
    const earliest = job.seenAt;
    job.seenAt = this.at;
    if (state === job.seen) return;
    if (state !== 'completed') job.seen = state;
    this.#tell({ kind: 'blockState', at: this.at, blockId, status: { state }, earliest });
  }
}

describe('the budget of node-hours, whatever happens', () => {
  const cases = fc.record({
    nodesPerBlock: fc.integer({ min: 1, max: 4 }),
    maxBlocks: fc.integer({ min: 1, max: 5 }),
    walltimeMs: fc.constantFrom(undefined, 120_000, 600_000, 1_800_000),
    maxNodeHours: fc.double({ min: 0.3, max: 4, noNaN: true }),
    rolls: fc.infiniteStream(fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true })),
  });

  it('is never exceeded: jobs that start unseen, end early or late, and are started again by the scheduler', () => {
    let givenUp = 0;
    fc.assert(
      fc.property(cases, ({ rolls, ...limits }) => {
        const full = { initBlocks: 1, minBlocks: 0, parallelism: 1, ...limits };
        const cluster = new Cluster(full, () => rolls.next().value as number);
        for (let i = 0; i < 1500 && !cluster.hasGivenUp; i++) {
          cluster.pass(i % 300 < 250 ? 20 : 0);
          expect(cluster.usedNodeMs / HOUR).to.be.at.most(limits.maxNodeHours);
        }
        if (cluster.hasGivenUp) givenUp++;
      }),
      { numRuns: 60 },
    );
    expect(givenUp, 'runs that came to the end of their budget').to.be.greaterThan(10);
  });
});
