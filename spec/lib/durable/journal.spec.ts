/** What a driver writes is what the next one reads, whatever became of the end of it. */
import { appendFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { type History, outcomeOf, type PastTask, readHistory } from '../../../lib/durable/history.ts';
import { Journal, journalPathOf } from '../../../lib/durable/journal.ts';
import { decodeRecord, encodeEnded, encodeHeader, encodeLaunched } from '../../../lib/durable/journal-format.ts';
import type { TryOutcome } from '../../../lib/executor.ts';
import { frameRecord } from '../../../lib/memo/records.ts';
import { pack } from '../../../lib/wire/value-codec.ts';
import { ResultStatus } from '../../../lib/wire/records.ts';

const KEY = 'ab'.repeat(32);
const outcome = (taskId: number, more: Partial<TryOutcome> = {}): TryOutcome => ({
  taskId,
  tryNumber: 1,
  status: ResultStatus.Ok,
  startMs: 1_700_000_000_000.25,
  durationUs: 4_000_000_000,
  host: 'nœud-7',
  worker: 'block 0, nœud-7/1',
  body: Buffer.from([0, 1, 255]),
  ...more,
});
const launched = (taskId: number, key = KEY, tryNumber = 1, executor = 'htex') => ({ taskId, tryNumber, executor, key });
const nobody = (): boolean => false;

describe('a journal', () => {
  let folder: string;
  let told: Error[];
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'flotilla-journal-'));
    told = [];
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  const run = (name: string): string => join(folder, name);
  const write = (name: string, body: (journal: Journal) => void): string => {
    const journal = new Journal({ runDir: run(name), onRefused: (error) => told.push(error) });
    body(journal);
    journal.close();
    return journalPathOf(run(name));
  };
  const claimAll = (history: History, isUnderWay: (past: PastTask) => boolean = nobody): number[] => {
    const claimed: number[] = [];
    for (let past = history.claim(KEY, isUnderWay); past; past = history.claim(KEY, isUnderWay)) claimed.push(past.taskId);
    return claimed;
  };

  it('keeps every field of a launch and of an outcome', () => {
    const launch = launched(4_294_967_295, KEY, 65_535, 'exécuteur');
    expect(decodeRecord(encodeLaunched(launch))).to.deep.equal({ kind: 'launched', ...launch });
    expect(decodeRecord(encodeLaunched(launched(7, '')))).to.deep.equal({ kind: 'launched', ...launched(7, '') });
    expect(decodeRecord(encodeEnded(outcome(9)))).to.deep.equal({ kind: 'ended', outcome: outcome(9) });
  });

  it('passes over records of a kind that it does not know, and refuses another version by name', () => {
    expect(decodeRecord(Buffer.from([99, 1, 2]))).to.equal(undefined);
    const other = Buffer.concat([Buffer.of(0), pack({ format: 'flotilla journal', version: 2, run: '000' })]);
    expect(() => decodeRecord(other)).to.throw(/version 2, and this release reads version 1/);
    expect(decodeRecord(encodeHeader({ run: '012' }))).to.deep.equal({ kind: 'header', run: '012' });
  });

  it('gives the outcome of a task that was known by its key', async () => {
    const path = write('000', (journal) => {
      journal.launched(launched(3));
      journal.ended(outcome(3));
    });
    const history = await readHistory([path]);
    expect(history.lastTaskId).to.equal(3);
    const past = history.claim(KEY, nobody);
    expect(past).to.include({ run: '000', taskId: 3, tryNumber: 1, executor: 'htex' });
    expect(past?.ended && outcomeOf(past.ended)).to.deep.equal(outcome(3));
    expect(history.claim(KEY, nobody)).to.equal(undefined);
  });

  it('loses no more than the record that a kill has torn', async () => {
    const path = write('000', (journal) => {
      for (const id of [1, 2]) {
        journal.launched(launched(id));
        journal.ended(outcome(id));
      }
    });
    truncateSync(path, readFileSync(path).length - 5);
    expect(claimAll(await readHistory([path]))).to.deep.equal([1]);
    appendFileSync(path, Buffer.from('garbage'));
    expect(claimAll(await readHistory([path]))).to.deep.equal([1]);
  });

  it('gives each of several tasks with one key once: first those that have ended, then those under way, the others never', async () => {
    const path = write('000', (journal) => {
      for (const id of [1, 2, 3, 4, 5]) journal.launched(launched(id));
      for (const id of [2, 5]) journal.ended(outcome(id));
    });
    const history = await readHistory([path]);
    expect(history.count(({ taskId }) => taskId === 4)).to.deep.equal({ results: 2, underWay: 1 });
    expect(claimAll(history, ({ taskId }) => taskId === 4)).to.deep.equal([2, 5, 4]);
  });

  it('does not look at thousands of equal calls again for each of them', async () => {
    const path = write('000', (journal) => {
      for (let id = 1; id <= 5000; id++) journal.launched(launched(id));
    });
    const history = await readHistory([path]);
    let looks = 0;
    for (let i = 0; i < 5000; i++) history.claim(KEY, () => ++looks < 0);
    expect(looks).to.equal(5000);
  });

  it('counts the last try of a task alone', async () => {
    const path = write('000', (journal) => {
      journal.launched(launched(1));
      journal.launched(launched(1, '', 2, 'other'));
      journal.ended(outcome(1));
    });
    const history = await readHistory([path]);
    const past = history.claim(KEY, () => true);
    expect(past).to.include({ taskId: 1, tryNumber: 2, executor: 'other', ended: undefined });
  });

  it('goes on with what the drivers before have written', async () => {
    const first = write('000', (journal) => {
      journal.launched(launched(1));
      journal.launched(launched(2));
    });
    const second = write('001', (journal) => {
      journal.ended(outcome(2)); // one that it had taken over
      journal.launched(launched(3));
    });
    const history = await readHistory([first, join(folder, 'has-launched-nothing'), second]);
    expect(history.lastTaskId).to.equal(3);
    const past = history.claim(KEY, nobody);
    expect(past).to.include({ run: '000', taskId: 2 });
    expect(past?.ended).to.include({ path: second });
  });

  it('hears of tries that nobody has claimed, each once, and of the last one only', async () => {
    const path = write('000', (journal) => {
      journal.launched(launched(1, KEY, 2));
      journal.launched(launched(2));
    });
    const history = await readHistory([path]);
    expect(history.note(outcome(1))).to.equal(false);
    expect(history.note(outcome(1, { tryNumber: 2, status: ResultStatus.Failed }))).to.equal(true);
    expect(history.note(outcome(1, { tryNumber: 2 }))).to.equal(false);
    expect(history.note(outcome(2, { status: ResultStatus.Lost }))).to.equal(false);
    expect(claimAll(history)).to.deep.equal([1]);
  });

  it('refuses a file that is no journal', async () => {
    const path = join(folder, 'file');
    writeFileSync(path, frameRecord(Buffer.from([1, 0])));
    const error: unknown = await readHistory([path]).catch((reason: unknown) => reason);
    expect(error).to.be.an('error');
  });

  it('says once that the disk refuses, and lets tasks go on', () => {
    mkdirSync(journalPathOf(run('000')), { recursive: true });
    write('000', (journal) => {
      for (const id of [1, 2, 3]) {
        journal.launched(launched(id));
        journal.flush();
      }
    });
    expect(told).to.have.length(1);
    expect(told[0]?.message).to.include('EISDIR');
  });
});
