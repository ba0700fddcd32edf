/**
 * What every provider must do, with real jobs.
 */
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import type { JobStatus, ProviderDescription, RunningProvider } from '../../lib/provider.ts';
import { isTerminal } from '../../lib/provider.ts';
import { isAlive as isAliveHere } from '../launchers/run-script.ts';
import { eventually as waitFor } from '../support/eventually.ts';

export interface ProviderUnderTest {
  make(options?: { workerInit?: string; walltime?: string }): ProviderDescription;
  /** The shortest walltime that the scheduler enforces; absent: not tested. */
  readonly shortWalltime?: string;
  /** The id of a job that there has never been. Default 'local-0'. */
  readonly unknownJobId?: string;
  /** Whether a process lives, by the id that it has where jobs run. Default: here. */
  isAlive?(pid: number): Promise<boolean>;
  /** How long a scheduler may take to start or end a job, ms. Default 20,000. */
  readonly patienceMs?: number;
  /** How long after `killNow` its jobs may still live, ms. Default 4,000. */
  readonly killNowMs?: number;
  /** Why processes that have left the job's session are not looked after here; absent: they are. */
  readonly keepsStrays?: string;
}

export function providerContract(title: string, underTest: ProviderUnderTest): void {
  const { make, shortWalltime, unknownJobId = 'local-0', patienceMs = 20_000, killNowMs = 4000, keepsStrays } = underTest;
  const isAlive = (pid: number): Promise<boolean> => underTest.isAlive?.(pid) ?? isAliveHere(pid);
  const eventually = <T>(what: string, probe: () => T | Promise<T>, limitMs = patienceMs) => waitFor(what, probe, limitMs);

  describe(`provider contract: ${title}`, function () {
    this.timeout(60_000 + 4 * patienceMs);
    let dir: string;
    let provider: RunningProvider;
    let count = 0;

    beforeEach(async () => {
      dir = await mkdtemp(join(tmpdir(), 'flotilla-provider-'));
      provider = start(make());
    });
    afterEach(async () => {
      await provider.close();
      for (const pid of await pids()) expect(await isAlive(pid), `process ${pid} is left`).to.equal(false);
      await rm(dir, { recursive: true });
    });

    function start(description: ProviderDescription): RunningProvider {
      return description.start({ runId: 'spec', scriptDir: join(dir, 'scripts'), workingDirectory: dir, jobChanged() {}, log() {} });
    }

    async function restart(options: { workerInit?: string; walltime?: string }): Promise<void> {
      await provider.close();
      provider = start(make(options));
    }

    const submit = (command: string, env: Record<string, string> = {}): Promise<string> =>
      provider.submit({ command, name: `flotilla.spec.${process.pid}-${count++}`, env });

    async function statusOf(jobId: string): Promise<JobStatus> {
      const status = (await provider.status([jobId])).get(jobId);
      if (status === undefined) throw new Error(`the answer lacks ${jobId}`);
      return status;
    }

    const end = (jobId: string): Promise<JobStatus> =>
      eventually(`job ${jobId} ends`, async () => {
        const status = await statusOf(jobId);
        return isTerminal(status.state) && status;
      });

    async function lines(name: string): Promise<string[]> {
      const text = await readFile(join(dir, name), 'utf8').catch(() => '');
      return text.split('\n').filter((line) => line !== '');
    }
    const pids = async (): Promise<number[]> => (await lines('pids')).map(Number);
    const hasStarted = (count: number): Promise<unknown> =>
      eventually(`${count} processes have started`, async () => (await pids()).length >= count);

    /** Writes down its pid and sleeps. */
    const SLEEPER = 'echo "$BASHPID" >> pids\nexec sleep 300';

    it('runs a job from submission to completion', async () => {
      const jobId = await submit('until [ -e go ]; do sleep 0.02; done; echo done > result');
      expect((await statusOf(jobId)).state).to.be.oneOf(['pending', 'running']);
      await eventually('it runs', async () => (await statusOf(jobId)).state === 'running');
      const other = await submit('touch go');
      expect(await end(jobId)).to.include({ state: 'completed', exitCode: 0 });
      await end(other);
      expect(await lines('result')).to.deep.equal(['done']);
    });

    it('reports a failing command with its exit code and its stderr', async () => {
      const status = await end(await submit('echo "so it was" >&2; exit 3'));
      expect(status).to.include({ state: 'failed', exitCode: 3 });
      expect(await readFile(status.stderrPath ?? '', 'utf8')).to.include('so it was');
    });

    it('keeps what the job prints', async () => {
      const status = await end(await submit('echo printed'));
      expect(await readFile(status.stdoutPath ?? '', 'utf8')).to.include('printed');
    });

    it('runs the command in the working directory, with the environment that was asked for, whatever is in it', async () => {
      const value = `it's "$HOME" \`x\` \\ and\na second line`;
      await end(await submit('printf %s "$ODD" > odd; pwd > where', { ODD: value }));
      expect(await readFile(join(dir, 'odd'), 'utf8')).to.equal(value);
      expect(await lines('where')).to.deep.equal([dir]);
    });

    it('answers for many jobs in one query', async () => {
      const good = await submit('true');
      const bad = await submit('exit 4');
      const long = await submit(SLEEPER);
      await Promise.all([end(good), end(bad), hasStarted(1)]);
      const states = await provider.status([good, bad, long]);
      expect([...states].map(([id, { state }]) => [id, state])).to.deep.equal([
        [good, 'completed'],
        [bad, 'failed'],
        [long, 'running'],
      ]);
    });

    it('knows nothing of a job that it never started, and does not call it finished', async () => {
      expect(await statusOf(unknownJobId)).to.deep.equal({ state: 'unknown' });
    });

    it('cancels a running job', async () => {
      const jobId = await submit(SLEEPER);
      await hasStarted(1);
      await provider.cancel([jobId]);
      expect(await end(jobId)).to.include({ state: 'cancelled' });
    });

    it('cancels a job that has just been submitted', async () => {
      const jobId = await submit(`${SLEEPER}\necho survived >> log`);
      await provider.cancel([jobId]);
      expect(await end(jobId)).to.include({ state: 'cancelled' });
      expect(await lines('log')).to.deep.equal([]);
    });

    it('cancels twice as it cancels once, and leaves a job that has ended as it ended', async () => {
      const running = await submit(SLEEPER);
      const ended = await submit('exit 5');
      await Promise.all([hasStarted(1), end(ended)]);
      await Promise.all([provider.cancel([running, ended]), provider.cancel([running, unknownJobId])]);
      await provider.cancel([running]);
      expect((await end(running)).state).to.equal('cancelled');
      expect(await end(ended)).to.include({ state: 'failed', exitCode: 5 });
    });

    it('gives a cancelled job the time to leave properly', async () => {
      const jobId = await submit(
        'exec bash -c \'trap "sleep 0.3; echo left >> log; exit 0" TERM; echo $$ >> pids; while :; do sleep 0.02; done\'',
      );
      await hasStarted(1);
      await provider.cancel([jobId]);
      expect((await end(jobId)).state).to.equal('cancelled');
      expect(await lines('log')).to.deep.equal(['left']);
    });

    it('kills a job that does not listen to TERM', async () => {
      const jobId = await submit(
        `trap '' TERM\n(echo "$BASHPID" >> pids; exec sleep 300) &\necho $$ >> pids\nwhile :; do sleep 0.02; done`,
      );
      await hasStarted(2);
      await provider.cancel([jobId]);
      expect((await end(jobId)).state).to.equal('cancelled');
      for (const pid of await pids()) expect(await isAlive(pid)).to.equal(false);
    });

    // Where the scheduler itself does not end them (`keepsStrays` says why) there is nothing to promise.
    if (keepsStrays === undefined) {
      it('leaves none of the processes that a job leaves behind', async () => {
        const linger = '(echo "$BASHPID" >> pids; exec sleep 300) &\n(echo "$BASHPID" >> pids; exec setsid sleep 300) &';
        const jobId = await submit(`touch pids\n${linger}\nwhile [ "$(wc -l < pids)" -lt 2 ]; do sleep 0.02; done`);
        expect((await end(jobId)).state).to.equal('completed');
        for (const pid of await pids()) await eventually(`process ${pid} ends`, async () => !(await isAlive(pid)));
      });
    }

    it('cancels every job when it closes, and takes no more', async () => {
      const jobId = await submit(SLEEPER);
      await hasStarted(1);
      await provider.close();
      expect((await statusOf(jobId)).state).to.equal('cancelled');
      await provider.close();
      const error = await submit('true').catch((reason: unknown) => reason);
      expect(error).to.have.property('name', 'SubmitError');
    });

    it('ends every job at once when there is no time to ask', async () => {
      await submit(`trap '' TERM\n${SLEEPER}`);
      await hasStarted(1);
      provider.killNow();
      for (const pid of await pids()) await eventually(`process ${pid} ends`, async () => !(await isAlive(pid)), killNowMs);
    });

    it('runs workerInit first, in the same shell', async () => {
      await restart({ workerInit: 'export GREETING="hello"\nsay() { echo "$GREETING $1"; }' });
      await end(await submit('say world > said'));
      expect(await lines('said')).to.deep.equal(['hello world']);
    });

    for (const [how, workerInit] of [
      ['its last command fails', 'true\n(exit 6)'],
      ['it exits', 'exit 6\ntrue'],
      ['a command fails after set -e', 'set -e\n(exit 6)\ntrue'],
      ['its last command fails and it has a trap of its own', "trap 'echo bye' EXIT\n(exit 6)"],
    ] as const) {
      it(`fails the job with workerInit's exit code when ${how}, and says so`, async () => {
        await restart({ workerInit });
        const status = await end(await submit('echo started >> log'));
        expect(status).to.include({ state: 'failed', exitCode: 6 });
        expect(await lines('log')).to.deep.equal([]);
        const stderr = await readFile(status.stderrPath ?? '', 'utf8');
        if (!workerInit.startsWith('trap')) expect(stderr).to.match(/workerInit failed: it ended with exit code 6/);
        expect(stderr.match(/workerInit failed/g)).to.have.length(1);
      });
    }

    it('goes on when workerInit forgives a failure on the way', async () => {
      await restart({ workerInit: 'false\ntrue' });
      expect(await end(await submit('true'))).to.include({ state: 'completed' });
    });

    it('can say what it would write and run, without doing it', () => {
      const job = { command: 'echo hello', name: 'flotilla.spec.rehearsal', env: { GREETING: 'hi' } };
      const rehearsal = make({ workerInit: 'echo first' }).rehearse?.(job, { scriptDir: join(dir, 'nowhere'), workingDirectory: dir });
      expect(rehearsal?.script.text).to.match(/^#!\/bin\/bash\n[^]*export GREETING=hi\n[^]*echo first\n[^]*echo hello\n/);
      expect(rehearsal?.commands.some(({ argv }) => argv.includes(rehearsal.script.path))).to.equal(true);
      expect(existsSync(join(dir, 'nowhere'))).to.equal(false);
    });

    if (shortWalltime !== undefined) {
      it('ends a job whose walltime is over, and says why', async () => {
        await restart({ walltime: shortWalltime });
        const jobId = await submit(SLEEPER);
        expect((await end(jobId)).state).to.equal('timeout');
        await eventually('nothing is left', async () => (await Promise.all((await pids()).map(isAlive))).every((alive) => !alive));
      });
    }
  });
}
