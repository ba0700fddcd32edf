import { expect } from 'chai';
import type { CommandResult } from '../../../lib/channel.ts';
import { PBSProProvider } from '../../../providers/pbspro/description.ts';
import { PBSPro } from '../../../providers/pbspro/scheduler.ts';
import { readRecording } from '../../support/pbs/recording.ts';

const dialect = (): PBSPro => new PBSPro(new PBSProProvider().compiled);
const result = (changes: Partial<CommandResult>): CommandResult => ({ exitCode: 0, stdout: '', stderr: '', timedOut: false, ...changes });
const DOWN = result({ exitCode: 162, stderr: 'Connection refused\nqstat: cannot connect to server ctl (errno=15010)\n' });

describe("qsub's answer", () => {
  for (const [what, answer, kind] of [
    ['an id', { stdout: '12.ctl\n' }, 'accepted'],
    ['an id among notes of the site', { stdout: 'Job charged to x\n12.pbs-01.site.org\n' }, 'accepted'],
    ['nothing', {}, 'unclear'],
    ['garbage', { stdout: 'Warning: the disk is full\n' }, 'unclear'],
    [
      'a lost connection to its own background process',
      { exitCode: 1, stderr: 'qsub: Failed to recv data from background qsub' },
      'unclear',
    ],
    ['an unknown queue', { exitCode: 170, stderr: 'qsub: Unknown queue\n' }, 'refused'],
    ["a hook's refusal", { exitCode: 1, stderr: 'qsub: Request rejected.  Reason: No active allocation found\n' }, 'refused'],
    ["the queue's limit of walltime", { exitCode: 188, stderr: 'qsub: Job violates queue and/or server resource limits\n' }, 'refused'],
    ["a user's limit", { exitCode: 38, stderr: "qsub: would exceed queue generic's per-user limit of jobs in 'Q' state\n" }, 'full'],
    ["a project's limit", { exitCode: 38, stderr: "qsub: would exceed complex's per-project limit\n" }, 'full'],
    ["a queue's limit", { exitCode: 198, stderr: 'qsub: Maximum number of jobs already in queue debug\n' }, 'full'],
    ['no server', { exitCode: 162, stderr: 'Connection refused\nqsub: cannot connect to server ctl (errno=15010)\n' }, 'unreachable'],
    ['no qsub', { exitCode: 127, stderr: '' }, 'refused'],
  ] as const) {
    it(`${what} is ${kind}`, () => expect(dialect().submit.parse(result(answer)).kind).to.equal(kind));
  }

  it('shows the words of PBS', () => {
    const recorded = readRecording('pbs-23.06.06-no-history.txt').find(({ argv }) => argv.includes('select=1:nosuchres=1'));
    expect(dialect().submit.parse(result(recorded ?? {}))).to.deep.equal({
      kind: 'refused',
      reason: 'qsub: Unknown resource: nosuchres (exit code 187)',
    });
  });

  for (const { line, argv, exitCode, stdout, stderr } of readRecording('pbs-23.06.06-no-history.txt').filter(
    ({ program, argv }) => program === 'qsub' && !argv.includes('-J'),
  )) {
    it(`of line ${line} is ${exitCode === 0 ? 'accepted' : 'refused'}: ${argv.join(' ').slice(0, 40)}`, () => {
      expect(dialect().submit.parse(result({ stdout, stderr, exitCode })).kind).to.equal(exitCode === 0 ? 'accepted' : 'refused');
    });
  }
});

describe("qstat's answer", () => {
  it('is asked for with history until the server says that it keeps none, and without from then on', () => {
    const pbs = dialect();
    const [first, second] = pbs.status;
    expect(first?.command(['1.ctl', '2.ctl']).argv).to.deep.equal(['qstat', '-x', '-f', '-F', 'json', '1.ctl', '2.ctl']);
    const recorded = readRecording('pbs-23.06.06-no-history.txt').find(({ argv }) => argv.join(' ') === '-xf -F json 1');
    expect(first?.parse(result(recorded ?? {}), ['1.ctl'])).to.deep.equal({ kind: 'answered', jobs: new Map(), denied: [] });
    expect(second?.command(['1.ctl']).argv).to.deep.equal(['qstat', '-f', '1.ctl']);
    expect(first?.command(['1.ctl']).argv).to.deep.equal(['qstat', '-f', '-F', 'json', '1.ctl']);
  });

  it('denies the jobs that are not known, and tells of the others', () => {
    const recorded = readRecording('pbs-23.06.06-no-history.txt').find(({ argv }) => argv.join(' ') === '-f -F json 1.ctl 99999');
    const answer = dialect().status[0]?.parse(result(recorded ?? {}), ['1.ctl', '99999.ctl', '5.ctl']);
    expect(answer).to.deep.equal({ kind: 'answered', jobs: new Map([['1.ctl', { state: 'running' }]]), denied: ['99999.ctl'] });
  });

  it('is taken under the id that qsub gave, also where it is printed with a shorter name of the server', () => {
    const answer = dialect().status[1]?.parse(result({ stdout: 'Job Id: 7.pbs\n    job_state = R\n' }), ['7.pbs.site.org']);
    expect(answer).to.deep.include({ jobs: new Map([['7.pbs.site.org', { state: 'running' }]]) });
  });

  for (const [what, answer] of [
    [
      'of a server that is gone, though it prints JSON without jobs',
      { ...DOWN, stdout: '{\n    "timestamp":1,\n    "pbs_version":"22.05.11"\n}' },
    ],
    ['that is not there', result({ exitCode: 127 })],
    ['of a qstat that was killed', { stdout: '', stderr: '', timedOut: false, signal: 'SIGKILL' }],
    ['that nobody knows', result({ exitCode: 1, stderr: 'qstat: End of File\n' })],
  ] as const) {
    it(`${what} says nothing of any job`, () => {
      for (const query of dialect().status) expect(query.parse(answer, ['1.ctl']).kind).to.equal('unreachable');
    });
  }
});

describe("qdel's answer", () => {
  for (const [what, answer, kind] of [
    ['silence', {}, 'cancelled'],
    ['jobs that are not known', { exitCode: 153, stderr: 'qdel: Unknown Job Id 99999\n' }, 'cancelled'],
    ['jobs that have ended', { exitCode: 35, stderr: 'qdel: Job has finished 19.ctl\n' }, 'cancelled'],
    ["another user's job", { exitCode: 159, stderr: 'qdel: Unauthorized Request  1.ctl\n' }, 'refused'],
    ['one of each', { exitCode: 153, stderr: 'qdel: Unauthorized Request  1.ctl\nqdel: Unknown Job Id 2.ctl\n' }, 'refused'],
    ['no server', { ...DOWN }, 'unreachable'],
  ] as const) {
    it(`${what} is ${kind}`, () => expect(dialect().cancel.parse(result(answer)).kind).to.equal(kind));
  }
});

describe("the list of a user's jobs", () => {
  it('has their names whole, and leaves out those that have ended', () => {
    const stdout = ['1.ctl', '2.ctl']
      .map((id, at) => `Job Id: ${id}\n    Job_Name = flotilla.r.htex-${at}\n    job_state = ${'RF'[at]}\n\n`)
      .join('');
    expect(dialect().find.parse(result({ stdout }))).to.deep.equal({
      kind: 'found',
      jobs: [{ jobId: '1.ctl', name: 'flotilla.r.htex-0' }],
    });
  });

  it('is empty where there are none, and nothing at all where no server answers', () => {
    expect(dialect().find.parse(result({}))).to.deep.equal({ kind: 'found', jobs: [] });
    expect(dialect().find.parse(DOWN).kind).to.equal('unreachable');
  });
});
