import { appendFileSync, mkdtempSync, readFileSync, rmSync, truncateSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { JournalWriter, readJournal } from '../../../executors/workers/journal.ts';
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

  it('that was cut in the middle of a record has those before it', () => {
    journal.begin(1);
    for (const id of [1, 2, 3]) journal.append(resultRecord(id));
    const { length } = readFileSync(path);
    const recordLength = resultRecord(3).length;
    for (let missing = 5; missing < recordLength; missing++) {
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

  it('that was never made is empty', () => expect(readJournal(join(folder, 'none'), 1).length).to.equal(0));
});
