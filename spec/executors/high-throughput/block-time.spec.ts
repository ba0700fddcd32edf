import { expect } from 'chai';
import { BlockTime } from '../../../executors/high-throughput/block-time.ts';
import { reviveError, unpackWireError } from '../../../lib/errors/wire.ts';
import type { TryRequest } from '../../../lib/executor.ts';

const MINUTE = 60_000;
const EMPTY = Buffer.alloc(0);
const request = (minutes: number | undefined): TryRequest => ({
  taskId: 7,
  tryNumber: 2,
  fn: { fnId: 1, name: 'f', definition: EMPTY },
  flags: 0,
  priority: 0,
  context: EMPTY,
  args: EMPTY,
  walltimeMs: minutes === undefined ? undefined : minutes * MINUTE,
});
const blocks = (walltimeMinutes: number | undefined, adopted: string[] = []): BlockTime => {
  const walltimeMs = walltimeMinutes === undefined ? undefined : walltimeMinutes * MINUTE;
  return new BlockTime({ label: 'htex', walltimeMs, reservedMs: MINUTE / 2, adopted });
};
const messageOf = (time: BlockTime, minutes: number): string | undefined => {
  const outcome = time.refuse(request(minutes));
  return outcome && reviveError(unpackWireError(outcome.body), { id: 7, app: 'f', try: 2, host: '', worker: '' }).message;
};

describe('the time that blocks have for a task', () => {
  it('is their walltime less what is kept for the warning', () => {
    expect(messageOf(blocks(60), 59)).to.equal(undefined);
    expect(messageOf(blocks(60), 120)).to.equal(
      "task 7 (f): it needs 2h, and blocks of executor 'htex' have a walltime of 1h, of which the last 30s are for the warning: " +
        "no block will ever have time enough; lower its 'walltime', or raise the provider's",
    );
  });

  it('is any where there is no walltime, and enough for a task without one', () => {
    expect(messageOf(blocks(undefined), 60 * 24 * 365)).to.equal(undefined);
    expect(blocks(1).refuse(request(undefined))).to.equal(undefined);
  });

  it('is what three blocks have come up with, if that is less: what needs more is not waited for any longer', () => {
    const time = blocks(60);
    expect(time.registered('0', 50 * MINUTE)).to.equal(false);
    expect(time.registered('0', 50 * MINUTE), 'another node of it').to.equal(false);
    expect(time.registered('1', 40 * MINUTE)).to.equal(false);
    expect(messageOf(time, 58)).to.equal(undefined);
    expect(time.registered('2', 45 * MINUTE)).to.equal(true);
    expect(messageOf(time, 58)).to.match(/3 blocks of executor 'htex' have come up with 50m at most for a task/);
    expect(messageOf(time, 50)).to.equal(undefined);
    expect(time.hopelessAmong([request(58), request(3), request(51)])).to.have.length(2);
  });

  it('is not learnt from blocks that are as old as an earlier driver', () => {
    const time = blocks(60, ['0', '1', '2']);
    for (const blockId of ['0', '1', '2']) expect(time.registered(blockId, MINUTE)).to.equal(false);
    expect(messageOf(time, 58)).to.equal(undefined);
  });

  it('counts blocks up to a thousand', () => {
    const time = blocks(60);
    const told = Array.from({ length: 3000 }, (_, block) => time.registered(String(block), 50 * MINUTE));
    expect(told.flatMap((isNews, block) => (isNews ? [block] : []))).to.deep.equal([2]);
    expect(messageOf(time, 58)).to.contain("1000 blocks of executor 'htex' have come up with 50m");
  });
});
