import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { BatchMemory, allocateBatchMemory } from '../../../executors/threads/batch-memory.ts';
import { jsApp } from '../../../index.ts';
import { resultRecord, taskIdsOf } from '../../support/task-records.ts';
import { openKernel, threads } from '../../support/kernel.ts';

describe('tasks behind one that spins in a thread', () => {
  it('are done by the other thread, each in its first try', async () => {
    const { dir, dispose } = await openKernel(threads);
    try {
      const spin = jsApp((file: string) => {
        while (file !== '' && !process.getBuiltinModule('node:fs').existsSync(file));
      });
      for (let i = 0; i < 3; i++) await Promise.all(Array.from({ length: 200 }, () => spin('')));
      const long = spin(join(dir, 'go'));
      const short = Array.from({ length: 50 }, () => spin(''));
      await Promise.all(short);
      expect(long.done).to.equal(false);
      writeFileSync(join(dir, 'go'), '');
      await long;
      expect(new Set([long, ...short].map(({ tries }) => tries.length))).to.deep.equal(new Set([1]));
    } finally {
      await dispose();
    }
  });
});

describe('what a thread and its runner share', () => {
  const begun = (): BatchMemory => {
    const memory = new BatchMemory(allocateBatchMemory());
    memory.begin();
    return memory;
  };

  it('has what is finished, however much', () => {
    const memory = begun();
    const ids = Array.from({ length: 50 }, (_, i) => i);
    for (const id of ids) memory.append(resultRecord(id, { body: Buffer.alloc(5000) }));
    expect(taskIdsOf(memory.finished())).to.deep.equal(ids);
    memory.begin();
    expect(memory.finished().length).to.equal(0);
  });

  it('lets the thread go on until the rest is taken back, and with the next batch again', () => {
    const memory = begun();
    expect(memory.append(resultRecord(1))).to.equal(true);
    expect(memory.takeBack()).to.equal(2);
    expect(memory.append(resultRecord(2))).to.equal(false);
    memory.begin();
    expect(memory.append(resultRecord(3))).to.equal(true);
  });
});
