import { expect } from 'chai';
import { toJobStatus } from '../../../providers/pbspro/exit-status.ts';
import { parseJsonAnswer, parseTextAnswer } from '../../../providers/pbspro/qstat-answer.ts';
import { type Recorded, readRecording } from '../../support/pbs/recording.ts';

const recordings = ['pbs-23.06.06-history.txt', 'pbs-23.06.06-no-history.txt', 'pbs-node-failure.txt'].flatMap(readRecording);
const recorded = (command: string): Recorded => {
  const found = recordings.find(({ program, argv }) => [program, ...argv].join(' ') === command);
  if (found === undefined) throw new Error(`nothing recorded of ${command}`);
  return found;
};
const fromJson = (command: string) => parseJsonAnswer(recorded(command).stdout);
const fromText = (command: string) => parseTextAnswer(recorded(command).stdout);

describe("qstat's answers, as recorded", () => {
  for (const [what, facts, status] of [
    ['a job that runs', fromJson('qstat -f -F json 1.ctl'), { state: 'running' }],
    ['the one known job of two', fromJson('qstat -f -F json 1.ctl 99999'), { state: 'running' }],
    [
      'a job that waits for nodes',
      fromJson('qstat -f -F json 2.ctl'),
      { state: 'pending', reason: 'Not Running: Not enough free nodes available' },
    ],
    [
      'a job that can never run',
      fromJson('qstat -f -F json 6.ctl'),
      { state: 'pending', reason: 'Can Never Run: Insufficient amount of resource: ncpus (R: 64 A: 4 T: 4)', neverStarts: true },
    ],
    [
      'a job that failed',
      fromJson('qstat -xf -F json 19.ctl'),
      { state: 'failed', exitCode: 3, reason: 'exit code 3; PBS: Job run at Fri Nov 20 at 13:53 on (n1:ncpus=1) and failed' },
    ],
    [
      'a job that killed itself',
      fromText('qstat -xf 20.ctl'),
      { state: 'failed', exitCode: 137, reason: 'exit code 137: SIGKILL; PBS: Job run at Fri Nov 20 at 13:53 on (n1:ncpus=1) and failed' },
    ],
    [
      'a job that was deleted while it ran, its long comment put together again',
      fromText('qstat -xf 23.ctl'),
      {
        state: 'cancelled',
        signal: 'SIGTERM',
        reason: 'killed by SIGTERM; PBS: Job run at Fri Nov 20 at 13:53 on (n2:ncpus=1) and terminated by alice@ctl',
      },
    ],
    ['a job that was deleted while it waited', fromText('qstat -xf 24.ctl'), { state: 'cancelled', reason: 'deleted before it ran' }],
    [
      'a job whose walltime was over',
      fromText('qstat -xf 27'),
      { state: 'timeout', reason: 'its walltime was over; PBS: Job run at Fri Nov 20 at 13:47 on (n2:ncpus=1) and exceeded resou' },
    ],
    [
      'a job that was requeued when its node was lost',
      fromText('qstat -xf 31.ctl'),
      {
        state: 'pending',
        reason: 'it ran and waits to run again (the node of the job was lost); Not Running: Insufficient amount of resource: vnode',
      },
    ],
    [
      'a job that may not run again, when its node was lost',
      fromText('qstat -xf 32.ctl'),
      { state: 'failed', reason: 'the node of the job was lost; PBS: Job run at Fri Nov 20 at 13:48 on (n2:ncpus=1)' },
    ],
  ] as const) {
    it(`tell of ${what}`, () => expect(facts.map(toJobStatus)).to.deep.equal([status]));
  }

  it('tell of no job when none is known', () => {
    expect(fromJson('qstat -f -F json 99999')).to.deep.equal([]);
    expect(fromJson('qstat -xf -F json 1')).to.deep.equal([]);
  });
});

describe("qstat's answers that are not as they should be", () => {
  const answer = (name: string, variables: string): string => `{
    "timestamp":1,
    "Jobs":{
        "1.ctl":{
            "Job_Name":"good",
            "job_state":"R"
        },
        "2.ctl":{
            "Job_Name":${name},
            "job_state":"Q",
            "Variable_List":{
                ${variables}
            },
            "comment":"waits"
        }
    }
}
`;

  for (const [what, text] of [
    ['a name of zeros', answer('007', '"A":1')],
    ['a name that is no number', answer('nan', '"A":1')],
    ['a hexadecimal variable', answer('"x"', '"A":0x1f')],
    ['a variable without a value', answer('"x"', '"A":,\n                "B":1')],
  ] as const) {
    it(`lose the one job with ${what}, and no other`, () => {
      expect(() => JSON.parse(text) as unknown).to.throw(SyntaxError);
      expect(parseJsonAnswer(text).map(({ id }) => id)).to.deep.equal(['1.ctl']);
    });
  }

  it('are read where a name lost its quotes and is valid JSON all the same', () => {
    expect(parseJsonAnswer(answer('12', '"A":1'))[1]).to.include({ name: '12', state: 'Q', comment: 'waits' });
  });

  for (const text of [
    '',
    'Warning: the disk is full\n',
    '{}',
    '{"Jobs":[]}',
    '{"Jobs":{"1.ctl":3}}',
    '{"Jobs":{"1.ctl":{"Job_Name":"x"}}}',
  ]) {
    it(`tell of no job in ${JSON.stringify(text)}`, () => {
      expect(parseJsonAnswer(text)).to.deep.equal([]);
      expect(parseTextAnswer(text)).to.deep.equal([]);
    });
  }
});

describe('a state of PBS', () => {
  for (const [letters, state] of [
    ['QHWT', 'pending'],
    ['RESUB', 'running'],
    ['M?', 'unknown'],
  ] as const) {
    it(`${letters.split('').join(', ')} is ${state}`, () => {
      for (const letter of letters) expect(toJobStatus({ id: '1.ctl', name: 'x', state: letter }).state).to.equal(state);
    });
  }
});

describe('an Exit_status of PBS', () => {
  for (const [exitStatus, expected] of [
    [0, { state: 'completed', exitCode: 0 }],
    [1, { state: 'failed', exitCode: 1, reason: 'exit code 1' }],
    [255, { state: 'failed', exitCode: 255, reason: 'exit code 255' }],
    [265, { state: 'failed', signal: 'SIGKILL', reason: 'killed by SIGKILL' }],
    [271, { state: 'failed', signal: 'SIGTERM', reason: 'killed by SIGTERM' }],
    [-27, { state: 'failed', reason: 'it used more memory than it asked for' }],
    [-29, { state: 'timeout', reason: 'its walltime was over' }],
    [-99, { state: 'failed', reason: 'PBS ended it with Exit_status -99' }],
  ] as const) {
    it(`${exitStatus} is ${expected.state}`, () => {
      expect(toJobStatus({ id: '1.ctl', name: 'x', state: 'F', exitStatus })).to.deep.equal(expected);
    });
  }

  for (const facts of [{ exitStatus: -3 }, {}]) {
    it(`${facts.exitStatus ?? 'absent'} of a job that PBS itself gave up is no cancellation`, () => {
      const comment = 'job held, too many failed attempts to run and terminated';
      const status = toJobStatus({ id: '1.ctl', name: 'x', state: 'F', substate: 91, comment, ...facts });
      expect(status.state).to.equal('failed');
      expect(status.reason).to.include(comment);
    });
  }

  it('-3 of a job that PBS holds since it could not be started is one that waits in vain', () => {
    const comment = 'job held, too many failed attempts to run';
    const status = toJobStatus({ id: '1.ctl', name: 'x', state: 'H', exitStatus: -3, comment });
    expect(status).to.include({ state: 'pending', neverStarts: true });
    expect(status.reason).to.include('the job could not be started').and.include(comment);
  });

  it('271 of a job that was deleted is cancelled', () => {
    expect(toJobStatus({ id: '1.ctl', name: 'x', state: 'F', exitStatus: 271, substate: 91 }).state).to.equal('cancelled');
  });
});
