import { expect } from 'chai';
import { type Round, runRounds } from '../../../bin/perf/rounds.ts';
import { makeScriptFolder, type ScriptFolder } from '../../support/flotilla-run.ts';

describe('rounds of tasks', () => {
  it('double until one takes the target time, which is the last', async () => {
    let calls = 0;
    // A clock of our own: each task takes 0.1 s.
    const app = () => Promise.resolve(void calls++);
    const rounds: Round[] = await Array.fromAsync(runRounds(app, { tasks: 3, targetSeconds: 2, nowMs: () => calls * 100 }));
    expect(rounds.map(({ tasks }) => tasks)).to.deep.equal([3, 6, 12, 24]);
    expect(rounds.at(-1)).to.deep.equal({ tasks: 24, callSeconds: 2.4, seconds: 2.4, tasksPerSecond: 10 });
  });

  it('end with the error of a task that fails', async () => {
    const rounds = runRounds(() => Promise.reject(new RangeError('mine')), { tasks: 1, targetSeconds: 1, nowMs: () => 0 });
    const error = await rounds.next().then(
      () => undefined,
      (reason: unknown) => reason,
    );
    expect(error).to.be.instanceOf(RangeError);
  });
});

describe('flotilla perf', function () {
  this.timeout(60_000);
  let folder: ScriptFolder;
  beforeEach(async () => {
    folder = await makeScriptFolder();
  });
  afterEach(() => folder.remove());
  const perf = (...args: string[]) => folder.run(['perf', '--config', 'local-threads', '--time', '200ms', ...args]);

  it('says the rate of each round and of the last', async () => {
    const { stdout, stderr, code } = await perf('--tasks', '1000');
    expect(code, stderr).to.equal(0);
    expect(stdout).to.match(
      /^first result after [\d.]+ s\n1000 tasks: [\d.]+ s \(called in [\d.]+ s\), [\d,.]+ tasks\/s\n(.*\n)*[\d,.]+ tasks\/s\n$/,
    );
    expect(stderr).to.contain('config local-threads (--config)');
  });

  for (const app of ['js', 'python', 'bash']) {
    it(`prints JSON alone with --json, of a ${app} app`, async () => {
      const { stdout, stderr, code } = await perf('--json', '--tasks', '2', '--app', app);
      expect(code, stderr).to.equal(0);
      const report = JSON.parse(stdout);
      expect(report).to.deep.include({ config: 'local-threads', app, executors: ['threads'] });
      const last = report.rounds.at(-1);
      expect(last.seconds).to.be.at.least(0.2);
      expect(report.tasksPerSecond)
        .to.equal(last.tasksPerSecond)
        .and.to.be.closeTo(last.tasks / last.seconds, 0.01);
      expect(stderr).to.equal('');
    });
  }

  for (const [args, message] of [
    [['--tasks', '0'], /--tasks 0: expected a whole number/],
    [['--time', 'soon'], /--time: "soon" is not a duration/],
    [['--app', 'perl'], /--app perl: expected js, python, bash/],
  ] as const) {
    it(`refuses ${args.join(' ')}, with 2`, async () => {
      const { stderr, code } = await perf(...args);
      expect(stderr).to.match(message);
      expect(code).to.equal(2);
    });
  }
});
