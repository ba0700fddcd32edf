import { expect } from 'chai';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { EventBatch } from '../../../lib/events/batch-writer.ts';
import { EventFile } from '../../../lib/events/event-file.ts';
import { FILE_HEADER_BYTES } from '../../../lib/events/format.ts';

const BATCH_BYTES = 50_000;
const batch = (number: number): EventBatch => ({ bytes: Buffer.alloc(BATCH_BYTES, number), events: 1 });

describe('the file of an event log', () => {
  let folder: string;
  let lost: number;
  let told: PromiseWithResolvers<void>;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'flotilla-event-file-'));
    lost = 0;
    told = Promise.withResolvers();
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  const open = (): EventFile =>
    new EventFile(join(folder, 'events.log'), (events) => {
      lost += events;
      told.resolve();
    });
  /** Numbers of the batches in it, each of them whole. */
  function batchesInFile(): number[] {
    const bytes = readFileSync(join(folder, 'events.log')).subarray(FILE_HEADER_BYTES);
    const count = Math.ceil(bytes.length / BATCH_BYTES);
    const batches = Array.from({ length: count }, (_, i) => bytes.subarray(i * BATCH_BYTES, (i + 1) * BATCH_BYTES));
    for (const each of batches) expect(each.equals(Buffer.alloc(BATCH_BYTES, each[0])), `batch ${each[0]} is whole`).to.equal(true);
    return batches.map((each) => each[0] as number);
  }

  it('has every batch in order, however many come at once', async () => {
    const file = open();
    const numbers = Array.from({ length: 30 }, (_, i) => i + 1);
    for (const number of numbers) file.append(batch(number));
    file.flush();
    file.append(batch(31));
    await file.close(() => undefined);
    expect(batchesInFile()).to.deep.equal([...numbers, 31]);
    expect(lost).to.equal(0);
  });

  it('has what was on its way, once, when the process ends in the middle of a write', () => {
    const file = open();
    for (let number = 1; number <= 12; number++) file.append(batch(number));
    file.closeNow();
    file.append(batch(13));
    expect(batchesInFile()).to.deep.equal(Array.from({ length: 12 }, (_, i) => i + 1));
  });

  it('keeps the batches that a disk had room for before it was full, and goes on behind them', async function () {
    if (!mounts(folder)) {
      console.log('      skipped: file systems are mounted by root only');
      this.skip();
    }
    try {
      const file = open();
      const filler = join(folder, 'filler');
      const left = 3 * BATCH_BYTES;
      writeFileSync(filler, Buffer.alloc(freeIn(folder) - left));
      for (let number = 1; number <= 12; number++) file.append(batch(number));
      await told.promise;
      rmSync(filler);
      file.append(batch(99));
      await file.close(() => undefined);
      const kept = batchesInFile();
      expect(kept.at(-1)).to.equal(99);
      expect(kept.slice(0, -1), 'the first ones').to.deep.equal([1, 2, 3].slice(0, kept.length - 1));
      expect(kept.length, 'those that fitted').to.be.above(2);
      expect(lost).to.equal(12 - (kept.length - 1));
    } finally {
      execFileSync('umount', ['-l', folder], { stdio: 'ignore' });
    }
  });
});

function mounts(folder: string): boolean {
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', folder], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

function freeIn(folder: string): number {
  const { bavail, bsize } = statfsSync(folder);
  return bavail * bsize;
}
