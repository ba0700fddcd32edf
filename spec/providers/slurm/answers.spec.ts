/** The dialect of Slurm against what Slurm 22.05 printed. */
import { expect } from 'chai';
import type { CommandResult } from '../../../lib/channel.ts';
import { parseScancel } from '../../../providers/slurm/cancellation.ts';
import { slurmScheduler } from '../../../providers/slurm/scheduler.ts';
import { describeSlurmJob, parseSlurmExit } from '../../../providers/slurm/states.ts';
import { parseFound, parseSacct, parseSqueue } from '../../../providers/slurm/status.ts';
import { parseSbatch } from '../../../providers/slurm/submission.ts';
import { SlurmProvider } from '../../../index.ts';
import { Recording } from '../../support/recording.ts';

const recording = new Recording(new URL('./recordings/slurm-22.05.txt', import.meta.url));
const said = (stdout: string, stderr = '', exitCode = 0): CommandResult => ({ exitCode, stdout, stderr, timedOut: false });

function jobsOf(answer: ReturnType<typeof parseSqueue>) {
  return answer.kind === 'answered' ? answer : expect.fail(answer.reason);
}

describe('squeue', () => {
  const ids = Array.from({ length: 13 }, (_, index) => String(index + 1));
  const { jobs } = jobsOf(parseSqueue(recording.get('ends', 'squeue'), ids));

  for (const [jobId, what, status] of [
    ['1', 'a job that ended well', { state: 'completed', exitCode: 0, reason: 'exit code 0' }],
    ['2', 'an exit code', { state: 'failed', exitCode: 3, reason: 'FAILED (NonZeroExitCode), exit code 3' }],
    [
      '3',
      'an exit code above 127, which the database cuts',
      { state: 'failed', exitCode: 200, reason: 'FAILED (NonZeroExitCode), exit code 200' },
    ],
    ['4', 'a batch shell that was killed', { state: 'failed', signal: 'SIGKILL', reason: 'FAILED (JobLaunchFailure), killed by SIGKILL' }],
    ['5', 'a segmentation fault', { state: 'failed', signal: 'SIGSEGV', reason: 'FAILED (JobLaunchFailure), killed by SIGSEGV' }],
    [
      '6',
      'files that cannot be written, which no signal has told',
      {
        state: 'failed',
        reason: 'FAILED (JobLaunchFailure), its files for stdout and stderr, or its working directory, could not be opened on the node',
      },
    ],
    ['7', 'a running job', { state: 'running' }],
    ['8', 'a held job', { state: 'pending', reason: 'JobHeldUser: it is held: `scontrol release` lets it go', neverStarts: true }],
    [
      '9',
      'too long a walltime',
      { state: 'pending', reason: 'PartitionTimeLimit: its walltime is longer than the partition allows', neverStarts: true },
    ],
    [
      '10',
      'too many nodes',
      {
        state: 'pending',
        reason: 'PartitionNodeLimit: it wants more nodes than the partition gives, or those that it needs are down',
        neverStarts: true,
      },
    ],
    ['11', 'a job that waits for its time', { state: 'pending', reason: 'BeginTime' }],
    [
      '12',
      'a dependency that fails',
      { state: 'pending', reason: 'DependencyNeverSatisfied: what it depends on will not happen', neverStarts: true },
    ],
    ['13', 'a cancelled job', { state: 'cancelled', reason: 'CANCELLED' }],
  ] as const) {
    it(`tells ${what}`, () => expect(jobs.get(jobId)).to.deep.equal(status));
  }

  it('denies a job by an error, by leaving it out, and by saying nothing', () => {
    expect(jobsOf(parseSqueue(recording.get('not known', 'squeue', 0), ['99999']))).to.deep.include({ denied: ['99999'] });
    const mixed = jobsOf(parseSqueue(recording.get('not known', 'squeue', 1), ['7', '99999']));
    expect([[...mixed.jobs.keys()], mixed.denied]).to.deep.equal([['7'], ['99999']]);
    expect(jobsOf(parseSqueue(recording.get('not known', 'squeue', 2), ['99998', '99999'])).denied).to.have.length(2);
  });

  it('shows a job that was requeued, with its node lost or preempted, as pending under its id', () => {
    const answer = jobsOf(parseSqueue(recording.get('node failure', 'squeue', 1), ['20', '21']));
    expect(answer.jobs.get('20')).to.deep.equal({ state: 'pending', reason: 'BeginTime' });
    expect(answer.jobs.get('21')).to.deep.equal({ state: 'pending', reason: 'ReqNodeNotAvail, UnavailableNodes:n2' });
    const preempted = [0, 1].map(
      (index) => jobsOf(parseSqueue(recording.get('preemption', 'squeue', index), ['23'])).jobs.get('23')?.state,
    );
    expect(preempted).to.deep.equal(['running', 'pending']);
  });

  it('shows a job that was lost with its node and not requeued as failed', () => {
    const answer = jobsOf(parseSqueue(recording.get('node failure without requeue', 'squeue', 1), ['25']));
    expect(answer.jobs.get('25')).to.deep.equal({ state: 'failed', reason: 'NODE_FAIL (NodeDown)' });
  });

  it('shows a job whose time was over', () => {
    const answer = jobsOf(parseSqueue(recording.get('a time limit', 'squeue'), ['26']));
    expect(answer.jobs.get('26')).to.deep.equal({ state: 'timeout', reason: 'TIMEOUT (TimeLimit)' });
  });

  for (const section of ['controller gone', 'munge gone']) {
    it(`says nothing about jobs with the ${section}`, () => {
      const answer = parseSqueue(recording.get(section, 'squeue'), ['1']);
      expect(answer.kind).to.equal('unreachable');
    });
  }

  it('gives no job where it is not installed', () => {
    const answer = parseSqueue(said('', 'squeue: command not found', 127), ['1']);
    expect(answer).to.deep.equal({ kind: 'unreachable', reason: 'command not found' });
  });

  it('is read with the heading that other clusters get, and without lines of jobs that were not asked for', () => {
    const { jobs: found } = jobsOf(parseSqueue(said('CLUSTER: east\n12   |RUNNING |0  |None |\n13|FAILED|256|x|\n'), ['12']));
    expect([...found]).to.deep.equal([['12', { state: 'running' }]]);
  });

  it('finds jobs by their names, whatever is in others, elements of an array in one line', () => {
    const answer = parseFound(recording.get('finding', 'squeue'));
    const found = answer.kind === 'found' ? answer.jobs : expect.fail();
    expect(found).to.deep.include({ jobId: '14', name: 'flotilla.000-abc.htex-0' });
    expect(found).to.deep.include({ jobId: '15_[2-3%2]', name: 'a|b' });
    expect(found).to.have.length(10);
    expect(parseFound(recording.get('controller gone', 'squeue --noheader --me')).kind).to.equal('unreachable');
  });
});

describe('sacct', () => {
  it('tells how jobs ended that the controller has forgotten', () => {
    const { jobs } = jobsOf(parseSacct(recording.get('ends', 'sacct'), ['1', '2', '4', '6', '13']));
    expect([...jobs].map(([jobId, { state, exitCode, signal }]) => [jobId, state, exitCode, signal])).to.deep.equal([
      ['1', 'completed', 0, undefined],
      ['2', 'failed', 3, undefined],
      ['4', 'failed', undefined, 'SIGKILL'],
      ['6', 'failed', undefined, undefined],
      ['13', 'cancelled', undefined, undefined],
    ]);
    expect(jobs.get('13')?.reason).to.equal('CANCELLED by 0');
  });

  it('is not believed when it calls a job pending: it lags', () => {
    for (const section of ['node failure', 'preemption', 'controller gone', 'not known']) {
      expect(jobsOf(parseSacct(recording.get(section, 'sacct'), ['20', '21', '23', '99999'])).jobs.size).to.equal(0);
    }
  });

  it('says nothing while its database is gone, and knows nothing where there is none', () => {
    expect(parseSacct(recording.get('database gone', 'sacct'), ['1']).kind).to.equal('unreachable');
    expect(parseSacct(said('', 'Slurm accounting storage is disabled\n', 1), ['1'])).to.deep.equal({ kind: 'answered', jobs: new Map() });
  });
});

describe('sbatch', () => {
  for (const [what, stdout] of [
    ['the id alone', '12\n'],
    ['the id and the cluster', '12;east\n'],
    ['an id after greetings', 'Welcome to East!\nYour project has 3 hours left\n12\n'],
    ['a sentence', 'Submitted batch job 12\n'],
    ['a sentence with the cluster', 'Submitted batch job 12 on cluster east\n'],
  ] as const) {
    it(`is understood when it answers with ${what}`, () =>
      expect(parseSbatch(said(stdout))).to.deep.equal({ kind: 'accepted', jobId: '12' }));
  }

  it('is asked about by name when its answer has no id', () => expect(parseSbatch(said('thank you\n')).kind).to.equal('unclear'));

  for (const [index, limit] of [
    'QOSMaxSubmitJobPerUserLimit',
    'QOSGrpSubmitJobsLimit',
    'AssocMaxSubmitJobLimit',
    'AssocGrpSubmitJobsLimit',
  ].entries()) {
    it(`has no room for now: ${limit}`, () => {
      const answer = parseSbatch(recording.get('limits of accounts', 'sbatch', index));
      expect(answer).to.include({ kind: 'full' });
      expect(answer).to.have.property('reason').that.includes(limit);
    });
  }

  for (const [index, words] of [
    [4, 'QOSMaxWallDurationPerJobLimit; Batch job submission failed: Job violates accounting/QOS policy'],
    [5, 'Batch job submission failed: Invalid account or account/partition combination specified'],
    [6, 'Batch job submission failed: Invalid qos specification'],
    [7, 'invalid partition specified: nopart; Batch job submission failed: Invalid partition name specified'],
    [8, 'Memory specification can not be satisfied; Batch job submission failed'],
    [9, 'Invalid --time specification'],
  ] as const) {
    it(`refuses with its own words: ${words}`, () => {
      const answer = parseSbatch(recording.get('limits of accounts', 'sbatch', index));
      expect(answer).to.include({ kind: 'refused' });
      expect(answer).to.have.property('reason').that.includes(words);
    });
  }

  for (const section of ['controller gone', 'munge gone']) {
    it(`has surely not taken a job with the ${section}`, () => {
      expect(parseSbatch(recording.get(section, 'sbatch')).kind).to.equal('unreachable');
    });
  }

  for (const stderr of [
    'sbatch: error: Batch job submission failed: Socket timed out on send/recv operation\n',
    'sbatch: error: Zero Bytes were transmitted or received\n',
  ]) {
    it(`may have taken a job: ${stderr.trim()}`, () => expect(parseSbatch(said('', stderr, 1)).kind).to.equal('unclear'));
  }
});

describe('scancel', () => {
  for (const [index, kind] of ['cancelled', 'cancelled', 'cancelled', 'refused'].entries()) {
    it(`is read as it is: ${index} is ${kind}`, () =>
      expect(parseScancel(recording.get('cancelling', 'scancel', index)).kind).to.equal(kind));
  }

  it('could not reach the controller', () =>
    expect(parseScancel(recording.get('controller gone', 'scancel')).kind).to.equal('unreachable'));

  it('is refused for the jobs of others, with its words', () => {
    const stderr = 'scancel: error: Kill job error on job id 5: Access/permission denied\n';
    expect(parseScancel(said('', stderr, 210))).to.deep.equal({
      kind: 'refused',
      reason: 'Kill job error on job id 5: Access/permission denied',
    });
  });

  it('does not mind jobs that have ended', () => {
    const stderr = 'scancel: error: Kill job error on job id 1: Invalid job id specified\n';
    expect(parseScancel(said('', stderr, 1)).kind).to.equal('cancelled');
    expect(parseScancel(said('', `${stderr}scancel: error: Kill job error on job id 5: Access/permission denied\n`, 1)).kind).to.equal(
      'refused',
    );
  });
});

describe('states of Slurm', () => {
  for (const [state, ours] of [
    ['CONFIGURING', 'pending'],
    ['REQUEUE_HOLD', 'pending'],
    ['COMPLETING', 'running'],
    ['SUSPENDED', 'running'],
    ['OUT_OF_MEMORY', 'failed'],
    ['BOOT_FAIL', 'failed'],
    ['PREEMPTED', 'cancelled'],
    ['DEADLINE', 'timeout'],
    ['CANCELLED by 1000', 'cancelled'],
    ['SOMETHING_NEW', 'unknown'],
  ] as const) {
    it(`${state} is ${ours}`, () => expect(describeSlurmJob({ state, reason: 'None', exit: undefined }).state).to.equal(ours));
  }

  for (const [text, exit] of [
    ['0', { code: 0, signal: 0 }],
    ['768', { code: 3, signal: 0 }],
    ['9', { code: 0, signal: 9 }],
    ['72:0', { code: 72, signal: 0 }],
    ['0:15', { code: 0, signal: 15 }],
    ['', undefined],
    ['N/A', undefined],
  ] as const) {
    it(`reads the exit code ${JSON.stringify(text)}`, () => expect(parseSlurmExit(text)).to.deep.equal(exit));
  }

  it('is asked of one cluster when the config names one', () => {
    const scheduler = slurmScheduler(new SlurmProvider({ clusters: 'east' }).compiled);
    const commands = [
      scheduler.find.command(''),
      scheduler.cancel.command(['1']),
      ...scheduler.status.map(({ command }) => command(['1', '2'])),
    ];
    for (const { argv } of commands) expect(argv).to.include('--clusters=east');
    expect(scheduler.name).to.equal('Slurm cluster east');
  });
});
