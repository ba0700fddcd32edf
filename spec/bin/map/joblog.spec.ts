import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { formatEntry, type JoblogEntry, JoblogWriter, parseJoblog, readJoblog } from '../../../bin/map/joblog.ts';
import { UsageError } from '../../../bin/usage-error.ts';

const HEAD = 'Seq\tHost\tStarttime\tJobRuntime\tSend\tReceive\tExitval\tSignal\tCommand\n';
const entry = (some: Partial<JoblogEntry> = {}): JoblogEntry => ({
  seq: 1,
  host: ':',
  startMs: 1_795_195_106_052,
  runtimeMs: 9,
  received: 5,
  exitCode: 0,
  signal: 0,
  command: 'echo a',
  ...some,
});

describe('the job log', () => {
  let folder: string;
  let path: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'flotilla-joblog-'));
    path = join(folder, 'log');
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  const add = (append: boolean, ...entries: JoblogEntry[]): void => {
    using writer = new JoblogWriter(path, append, expect.fail);
    for (const one of entries) writer.add(one);
  };

  it("has GNU Parallel's columns", () => expect(formatEntry(entry())).to.equal('1\t:\t1795195106.052\t     0.009\t0\t5\t0\t0\techo a\n'));

  it('gives back commands with tabs and newlines', () => {
    add(false, entry({ command: "printf 'a\tb\nc'" }));
    expect(readJoblog(path, false).get(1)).to.deep.equal({ command: "printf 'a\tb\nc'", failed: false });
  });

  it('takes the last line of a job, and a signal for a failure', () => {
    const text = [HEAD, formatEntry(entry({ exitCode: 1 })), formatEntry(entry()), formatEntry(entry({ seq: 2, signal: 9 }))].join('');
    expect([...parseJoblog(text, path)].map(([seq, { failed }]) => [seq, failed])).to.deep.equal([
      [1, false],
      [2, true],
    ]);
  });

  it('forgets a line that was cut short, and appends behind the whole ones', () => {
    writeFileSync(path, `${HEAD}${formatEntry(entry())}2\t:\t17951951`);
    expect([...readJoblog(path, false).keys()]).to.deep.equal([1]);
    add(true, entry({ seq: 2 }));
    expect(readFileSync(path, 'utf8')).to.equal(`${HEAD}${formatEntry(entry())}${formatEntry(entry({ seq: 2 }))}`);
  });

  it('has its head once, however often it is appended to', () => {
    add(true, entry());
    add(true, entry({ seq: 2 }));
    expect(readFileSync(path, 'utf8').split(HEAD)).to.have.length(2);
  });

  it('refuses what is no job log, and says where', () => {
    expect(() => parseJoblog('a\nb\n', 'x.txt')).to.throw(UsageError, 'x.txt is no job log');
    expect(() => parseJoblog(`${HEAD}one two\n`, 'x.txt')).to.throw(UsageError, 'x.txt:2: is no line of a job log: one two');
  });

  it('may be missing where it is about to be begun only', () => {
    expect(readJoblog(path, true).size).to.equal(0);
    expect(() => readJoblog(path, false)).to.throw(UsageError, `there is no job log ${path}`);
  });
});
