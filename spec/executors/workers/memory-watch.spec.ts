import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { expect } from 'chai';
import { MemoryWatch, pauseBefore } from '../../../executors/workers/memory-watch.ts';
import { treeMemory } from '../../../executors/workers/process-memory.ts';
import type { MemoryExcess } from '../../../executors/workers/slot.ts';
import { eventually } from '../../support/eventually.ts';

const MiB = 2 ** 20;

describe('the watch over memory', () => {
  let watch: MemoryWatch;
  beforeEach(() => {
    watch = new MemoryWatch();
  });
  afterEach(() => watch.close());

  it('says once that a task has more than its limit, with what it has, and nothing of the others', async () => {
    const said: [number, MemoryExcess][] = [];
    const uses = [5, 20, 7];
    uses.forEach((usedBytes, slot) => {
      const exceeded = (excess: MemoryExcess): void => void said.push([slot, excess]);
      watch.watch(slot, { limitBytes: 10, usedBytes: () => usedBytes, exceeded });
    });
    await eventually('it says so', () => said.length > 0);
    let looks = 0;
    watch.watch(9, { limitBytes: 10, usedBytes: () => looks++ * 0, exceeded: () => undefined });
    await eventually('it has looked again', () => looks > 2);
    expect(said).to.deep.equal([[1, { limitBytes: 10, usedBytes: 20 }]]);
  });

  it('does not look at a task that has ended, and looks at one that comes later', async () => {
    let [ended, later] = [0, 0];
    watch.watch(1, { limitBytes: 10, usedBytes: () => ended++, exceeded: () => undefined });
    watch.forget(1);
    watch.watch(2, { limitBytes: 1e9, usedBytes: () => later++, exceeded: () => undefined });
    await eventually('it has looked', () => later > 1);
    expect(ended).to.equal(0);
  });

  const pauses: [restMiB: number, perMs: number, ms: number][] = [
    [10_000, 0, 250],
    [100, 0, 105],
    [1, 0, 10],
    [1000, 4, 125],
    [100, 4, 12.5],
  ];
  for (const [restMiB, perMs, ms] of pauses) {
    it(`waits ${ms} ms while ${restMiB} MiB are left and ${perMs} MiB more are taken each ms`, () =>
      expect(pauseBefore(restMiB * MiB, perMs * MiB)).to.be.closeTo(ms, 1));
  }
});

describe('the memory of a tree of processes', () => {
  let child: ChildProcess;
  afterEach(async () => {
    child.stdin?.end();
    if (child.exitCode === null) await once(child, 'exit');
  });

  it('is that of the process and of what it has started, or of the latter alone', async () => {
    const node = `'${process.execPath}' -e 'const held = Buffer.alloc(64 * 2 ** 20, 1); process.stdin.resume(); process.stdin.on("end", () => held)'`;
    child = spawn('bash', ['-c', `(${node}; true); true`], { stdio: ['pipe', 'inherit', 'inherit'] });
    const pid = child.pid as number;
    await eventually('it has the memory', () => treeMemory(pid, { withRoot: false }) > 64 * MiB);
    const [all, started] = [treeMemory(pid, { withRoot: true }), treeMemory(pid, { withRoot: false })];
    expect(all).to.be.greaterThan(started);
    expect(all).to.be.lessThan(400 * MiB);
    child.stdin?.end();
    await once(child, 'exit');
    expect(treeMemory(pid, { withRoot: true })).to.equal(0);
  });
});
