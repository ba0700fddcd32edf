/**
 * Commands that wait in a helper behind the one that runs, for each helper, with real processes. What runs is held up until a file is there.
 */
import { existsSync } from 'node:fs';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import {
  CommandRunner,
  CommandRunnerLostError,
  type RunnerExit,
  type StartedCommand,
  UNSTARTED,
} from '../../../../executors/workers/command/command-runner.ts';
import { SPAWNER_KINDS } from '../../../../executors/workers/command/spawner-argv.ts';
import { eventually } from '../../../support/eventually.ts';

for (const spawner of SPAWNER_KINDS) {
  describe(`commands that wait in the ${spawner} spawner`, () => {
    let directory: string;
    let runner: CommandRunner;
    let lost: RunnerExit[];

    beforeEach(async () => {
      directory = await mkdtemp(join(tmpdir(), 'flotilla-waiting-'));
      lost = [];
      const scratchDir = join(directory, 'scratch');
      runner = new CommandRunner({ cwd: directory, env: {}, scratchDir, prefix: [], spawner, onLost: (exit) => lost.push(exit) });
    });

    afterEach(async () => {
      await runner.close();
      const left = await readdir(join(directory, 'scratch'));
      await rm(directory, { recursive: true, force: true });
      expect(left, 'files left in the scratch directory').to.deep.equal([]);
    });

    const start = (command: string, options = {}): StartedCommand => runner.start({ command, returns: 'stdout', ...options });
    /** It goes on when the gate is opened. */
    const startHeld = (): StartedCommand => start('echo > started; until [ -e gate ]; do sleep 0.02; done; echo held');
    const isThere = (name: string): boolean => existsSync(join(directory, name));
    const isStarted = (): Promise<boolean> => eventually('the start of the command', () => isThere('started'));
    const openGate = (): Promise<void> => writeFile(join(directory, 'gate'), '');
    const stdoutOf = async ({ outcome }: StartedCommand): Promise<string> => {
      const ended = await outcome;
      return ended === UNSTARTED ? ended : ended.stdout.toString().trim();
    };

    it('run in their order, one after another, each with its own', async () => {
      const started = Array.from({ length: 12 }, (_, i) => start(`echo $X; echo ${i} >> order`, { env: { X: String(i) } }));
      started.push(start('cat order | tr "\\n" " "'));
      const expected = Array.from({ length: 12 }, (_, i) => String(i));
      expect(await Promise.all(started.map(stdoutOf))).to.deep.equal([...expected, expected.join(' ')]);
    });

    it('are not started when one is ended while the helper is stopped, which costs the helper', async () => {
      await runner.close();
      const scratchDir = join(directory, 'scratch');
      runner = new CommandRunner({
        ...{ cwd: directory, env: {}, scratchDir, prefix: [], spawner, onLost: (exit: RunnerExit) => lost.push(exit) },
        answerTimeoutMs: 50,
      });
      const held = startHeld();
      const next = start('echo next');
      await isStarted();
      process.kill(runner.pid as number, 'SIGSTOP');
      const told = new Promise<boolean>((resolve) => runner.kill('SIGTERM', held.number, resolve));
      expect(await held.outcome.catch((error: unknown) => error)).to.be.instanceOf(CommandRunnerLostError);
      expect(await next.outcome).to.equal(UNSTARTED);
      expect(await told).to.equal(false);
      expect(lost.map(({ signal }) => signal)).to.deep.equal(['SIGKILL']);
      expect(await stdoutOf(start('echo new'))).to.equal('new');
    });

    it('go on behind one that cannot start, or is killed by another', async () => {
      const [, , last] = [start('true', { cwd: '/no/such/place' }), start('kill -9 $$'), start('echo last')];
      expect(await stdoutOf(last as StartedCommand)).to.equal('last');
    });

    it('have their results before a long one behind them has ended', async () => {
      const [first, held] = [start('echo first'), startHeld()];
      expect(await stdoutOf(first)).to.equal('first');
      await isStarted();
      await openGate();
      expect(await stdoutOf(held)).to.equal('held');
    });

    it('are taken back, and never run', async () => {
      const [held, second, third] = [startHeld(), start('echo > second'), start('echo > third')];
      await isStarted();
      const told = new Promise<void>((resolve) => runner.recall(resolve));
      await told;
      expect([await second.outcome, await third.outcome]).to.deep.equal([UNSTARTED, UNSTARTED]);
      const later = start('echo later');
      await openGate();
      expect(await stdoutOf(held)).to.equal('held');
      expect(await stdoutOf(later)).to.equal('later');
      expect([isThere('second'), isThere('third')]).to.deep.equal([false, false]);
    });

    it('do not run when the one before them is ended', async () => {
      const [held, second] = [startHeld(), start('echo > second')];
      await isStarted();
      const wasAtHand = new Promise<boolean>((resolve) => runner.kill('SIGTERM', held.number, resolve));
      expect(await wasAtHand).to.equal(true);
      expect(await held.outcome).to.include({ signal: 'SIGTERM' });
      expect(await second.outcome).to.equal(UNSTARTED);
      expect(isThere('second')).to.equal(false);
    });

    it('are not hit by what was meant for one that has ended', async () => {
      const [first, held, third] = [start('echo first'), startHeld(), start('echo third')];
      await isStarted();
      const wasAtHand = new Promise<boolean>((resolve) => runner.kill('SIGKILL', first.number, resolve));
      expect(await wasAtHand).to.equal(false);
      await openGate();
      expect(await Promise.all([first, held, third].map(stdoutOf))).to.deep.equal(['first', 'held', 'third']);
    });

    it('keep the results that there were when the helper dies, and those that did not start run again at no cost', async () => {
      // Its parent dies within the time for which a reply is held back.
      const [first, held, third] = [start('echo first'), start('kill -9 $PPID; sleep 1000'), start('echo > third')];
      const end = held.outcome.catch((error: unknown) => error);
      expect(await stdoutOf(first)).to.equal('first');
      expect(await end).to.be.instanceOf(CommandRunnerLostError);
      expect(await third.outcome).to.equal(UNSTARTED);
      expect(isThere('third')).to.equal(false);
      expect(lost.length).to.equal(1);
    });

    it('end with the runner', async () => {
      const [held, second] = [startHeld(), start('echo > second')];
      const end = held.outcome.catch((error: unknown) => error);
      await isStarted();
      await runner.close();
      expect((await end) as Error).to.be.instanceOf(CommandRunnerLostError);
      expect(await second.outcome).to.equal(UNSTARTED);
      expect(isThere('second')).to.equal(false);
    });
  });
}
