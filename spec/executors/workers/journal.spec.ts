import { appendFileSync, mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { countInJournal, JOURNAL_RECORD_LIMIT, JournalWriter, peekIntoJournal, readJournal } from '../../../executors/workers/journal.ts';
import { resultRecord, taskIdsOf } from '../../support/task-records.ts';

describe("a worker's journal", () => {
  let folder: string;
  let path: string;
  let journal: JournalWriter;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'flotilla-journal-'));
    path = join(folder, 'journal');
    journal = new JournalWriter(path);
  });
  afterEach(() => {
    journal.close();
    rmSync(folder, { recursive: true });
  });

  const finished = (batch: number): number[] => taskIdsOf(readJournal(path, batch));

  it('has what was finished of the batch at hand', () => {
    journal.begin(1);
    expect(finished(1)).to.deep.equal([]);
    journal.append(resultRecord(10));
    journal.append(resultRecord(11));
    expect(finished(1)).to.deep.equal([10, 11]);
  });

  it('has nothing of another batch', () => {
    journal.begin(1);
    journal.append(resultRecord(10));
    expect(finished(2)).to.deep.equal([]);
    journal.begin(2);
    expect(finished(2)).to.deep.equal([]);
    expect(finished(1)).to.deep.equal([]);
  });

  it('does not take the records of a longer batch before for those of this one', () => {
    journal.begin(1);
    for (const id of [1, 2, 3, 4]) journal.append(resultRecord(id));
    journal.begin(2);
    journal.append(resultRecord(5));
    expect(finished(2)).to.deep.equal([5]);
  });

  it('does not believe a record of which only the beginning has been written over an older one', () => {
    journal.begin(1);
    for (const id of [1, 2]) journal.append(resultRecord(id, { body: Buffer.from('old') }));
    const old = readFileSync(path);
    journal.begin(2);
    for (const id of [3, 4]) journal.append(resultRecord(id, { body: Buffer.from('new') }));
    const whole = readFileSync(path);
    const from = whole.length - resultRecord(4, { body: Buffer.from('new') }).length - 8;
    for (let written = from; written < whole.length - 8; written++) {
      writeFileSync(path, Buffer.concat([whole.subarray(0, written), old.subarray(written)]));
      expect(finished(2), `${written} bytes written`).to.deep.equal([3]);
      expect(taskIdsOf(peekIntoJournal(path, 2))).to.deep.equal([3]);
    }
    writeFileSync(path, whole);
    expect(finished(2)).to.deep.equal([3, 4]);
  });

  it('that was cut in the middle of a record has those before it', () => {
    journal.begin(1);
    for (const id of [1, 2, 3]) journal.append(resultRecord(id));
    const { length } = readFileSync(path);
    const recordLength = resultRecord(3).length;
    for (let missing = 9; missing < recordLength; missing++) {
      truncateSync(path, length - missing);
      expect(finished(1), `${missing} bytes missing`).to.deep.equal([1, 2]);
    }
  });

  it('with rubbish at its end has what stands before it', () => {
    journal.begin(1);
    journal.append(resultRecord(1));
    appendFileSync(path, Buffer.alloc(100, 0xff));
    expect(finished(1)).to.deep.equal([1]);
  });

  it('has only the place of a large record, which counts', () => {
    journal.begin(1);
    journal.append(resultRecord(1));
    journal.append(resultRecord(2, { body: Buffer.alloc(JOURNAL_RECORD_LIMIT) }));
    journal.append(resultRecord(3));
    expect(finished(1)).to.deep.equal([1, 3]);
    expect(countInJournal(path, 1)).to.equal(3);
    expect(readFileSync(path).length).to.be.lessThan(JOURNAL_RECORD_LIMIT);
  });

  it('counts nothing of a batch that has not begun, and knows that', () => {
    expect(countInJournal(path, 1)).to.equal(undefined);
    journal.begin(1);
    expect(countInJournal(path, 1)).to.equal(0);
    expect(countInJournal(path, 2)).to.equal(undefined);
  });

  it('of a worker that lives can be looked into', () => {
    expect(peekIntoJournal(path, 1).length).to.equal(0);
    journal.begin(1);
    journal.append(resultRecord(7));
    expect(taskIdsOf(peekIntoJournal(path, 1))).to.deep.equal([7]);
    expect(peekIntoJournal(path, 2).length).to.equal(0);
  });

  it('that was removed is not taken for one of a worker that has not begun', () => {
    expect(() => countInJournal(join(folder, 'none'), 1)).to.throw('ENOENT');
  });

  it('that was never made is empty', () => expect(readJournal(join(folder, 'none'), 1).length).to.equal(0));
});
