/** SlurmProvider with a real Slurm: what every provider must do, and what Slurm alone can do to one. */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { expect } from 'chai';
import { SlurmProvider, type SlurmProviderOptions } from '../../index.ts';
import { isTerminal, type JobStatus, type ProviderContext, type ProviderDescription, type RunningProvider } from '../../lib/provider.ts';
import { BatchProvider } from '../../providers/batch/batch-provider.ts';
import { systemClock } from '../../providers/batch/clock.ts';
import { TokenBucket } from '../../providers/batch/token-bucket.ts';
import { LocalChannel } from '../../providers/channels/local-channel.ts';
import { slurmScheduler } from '../../providers/slurm/scheduler.ts';
import { providerContract } from '../providers/contract.ts';
import { eventually } from '../support/eventually.ts';
import { useCluster } from './use-cluster.ts';

describe('SlurmProvider, on a real Slurm', function () {
  this.timeout(300_000);
  const cluster = useCluster();
  const PATIENCE_MS = 60_000;

  /** One that may ask ten times a second, which no site would like. */
  function hasty(options: SlurmProviderOptions): ProviderDescription {
    const description = new SlurmProvider({ exclusive: false, ...options });
    const { type, limits, launcher, statusPollMs, compiled } = description;
    return {
      type,
      limits,
      launcher,
      statusPollMs,
      isLocal: false,
      start: (context) =>
        new BatchProvider({
          type,
          scheduler: slurmScheduler(compiled),
          channel: new LocalChannel(),
          commandTimeoutMs: compiled.commandTimeoutMs,
          bucket: new TokenBucket({ capacity: 20, refillMs: 100, clock: systemClock }),
          context,
        }),
      rehearse: (job, place) => description.rehearse(job, place),
    };
  }

  providerContract('SlurmProvider', {
    make: (options = {}) => hasty({ schedulerOptions: '#SBATCH --nodelist=n1', ...options }),
    unknownJobId: '99999',
    isAlive: (pid) => cluster().isAlive('n1', pid),
    patienceMs: 40_000,
    killNowMs: 20_000,
    keepsStrays: 'this cluster tracks processes by their parents, and so loses those of which the parent has ended',
  });

  describe('a job', () => {
    let dir: string;
    let log: string[];
    const running: RunningProvider[] = [];
    beforeEach(async () => {
      dir = await mkdtemp(join(tmpdir(), 'flotilla-slurm-job-'));
      log = [];
    });
    afterEach(async () => {
      for (const provider of running.splice(0)) await provider.close();
      await cluster().clear();
      await rm(dir, { recursive: true });
    });

    let count = 0;
    function start(options: SlurmProviderOptions = {}): RunningProvider {
      const context: ProviderContext = {
        runId: `spec${process.pid}`,
        scriptDir: join(dir, 'scripts'),
        workingDirectory: dir,
        jobChanged() {},
        log: (_, message) => void log.push(message),
      };
      const provider = hasty(options).start(context);
      running.push(provider);
      return provider;
    }
    const submit = (provider: RunningProvider, command: string): Promise<string> =>
      provider.submit({ command, name: `flotilla.spec${process.pid}.htex-${count++}`, env: {} });
    const stateOf = async (provider: RunningProvider, jobId: string): Promise<JobStatus> =>
      (await provider.status([jobId])).get(jobId) ?? expect.fail('no answer');
    const until = (provider: RunningProvider, jobId: string, accept: (status: JobStatus) => boolean): Promise<JobStatus> =>
      eventually(
        `another state of job ${jobId}`,
        async () => {
          const status = await stateOf(provider, jobId);
          return accept(status) && status;
        },
        PATIENCE_MS,
      );
    const end = (provider: RunningProvider, jobId: string) => until(provider, jobId, ({ state }) => isTerminal(state));

    it('gets what its options ask for', async () => {
      const provider = start({
        account: 'root',
        partition: 'debug',
        qos: 'normal',
        nodesPerBlock: 2,
        gpusPerNode: 2,
        coresPerNode: 3,
        memPerNode: '512MiB',
        walltime: '7m',
        schedulerOptions: '#SBATCH --comment="two words"',
      });
      const what =
        '$SLURM_JOB_NUM_NODES $SLURM_CPUS_PER_TASK $SLURM_MEM_PER_NODE $CUDA_VISIBLE_DEVICES $SLURM_JOB_ACCOUNT $SRUN_CPUS_PER_TASK';
      const jobId = await submit(provider, `echo ${what} > got; until [ -e go ]; do sleep 0.1; done`);
      await until(provider, jobId, ({ state }) => state === 'running');
      expect((await cluster().on('login', 'squeue', '--noheader', '--format=%l|%k')).trim()).to.equal('7:00|two words');
      await writeFile(join(dir, 'go'), '');
      expect((await end(provider, jobId)).state).to.equal('completed');
      expect(await readFile(join(dir, 'got'), 'utf8')).to.equal('2 3 512 0,1 root 3\n');
    });

    it('is kept, and its reason shown, when it can never start', async () => {
      const provider = start({ partition: 'short', walltime: '2h' });
      const jobId = await submit(provider, 'true');
      const status = await until(provider, jobId, ({ reason }) => reason !== undefined);
      expect(status).to.include({ state: 'pending', neverStarts: true });
      expect(status.reason).to.match(
        /^Partition(TimeLimit: its walltime is longer|Config: it wants more) than the partition (allows|has)$/,
      );
      expect(log.join()).to.match(/waits in vain.*Partition/);
    });

    it('is refused in the words of Slurm', async () => {
      const error = await submit(start({ partition: 'nopart' }), 'true').catch((reason: unknown) => reason);
      expect(error).to.include({ name: 'SubmitError', retryable: false });
      expect(error).to.have.property('message').that.includes('invalid partition specified: nopart');
    });

    it('waits for room where the queue takes one job per user, and says so', async () => {
      await cluster().on('login', 'sacctmgr', '--immediate', 'modify', 'qos', 'normal', 'set', 'MaxSubmitJobsPerUser=1');
      try {
        const provider = start();
        const first = await submit(provider, 'sleep 300');
        const second = submit(provider, 'true');
        await eventually('it to wait', () => provider.explain?.().join().includes('QOSMaxSubmitJobPerUserLimit') === true, PATIENCE_MS);
        await provider.cancel([first]);
        await end(provider, first);
        expect((await end(provider, await second)).state).to.equal('completed');
        expect(provider.explain?.()).to.deep.equal([]);
      } finally {
        await cluster().on('login', 'sacctmgr', '--immediate', 'modify', 'qos', 'normal', 'set', 'MaxSubmitJobsPerUser=-1');
      }
    });

    it('is found again when sbatch took it and never answered, and is there once', async () => {
      const path = process.env['PATH'] ?? '';
      const script = `#!/bin/sh\n'${cluster().commands}/sbatch' "$@" >/dev/null\nexec sleep 300\n`;
      await writeFile(join(dir, 'sbatch'), script, { mode: 0o755 });
      process.env['PATH'] = `${dir}${delimiter}${path}`;
      try {
        const provider = start({ cmdTimeout: '8s' });
        const jobId = await submit(provider, 'sleep 300');
        expect((await cluster().queue()).map((line) => line.split('|', 1)[0])).to.deep.equal([jobId]);
        await until(provider, jobId, ({ state }) => state === 'running');
      } finally {
        process.env['PATH'] = path;
      }
    });

    it('is pending again, under the same id, when it is requeued', async () => {
      const provider = start();
      const jobId = await submit(provider, 'sleep 300');
      await until(provider, jobId, ({ state }) => state === 'running');
      await cluster().on('login', 'scontrol', 'requeue', jobId);
      await until(provider, jobId, ({ state }) => state === 'pending');
      await provider.cancel([jobId]);
      expect((await end(provider, jobId)).state).to.equal('cancelled');
    });

    it('is asked after in the database when the controller has forgotten it', async () => {
      const provider = start();
      const jobId = await submit(provider, 'exit 3');
      await cluster().forgetEndedJobs(jobId);
      // The database lags. While it knows nothing, what the script wrote down is taken.
      const isRecorded = async (): Promise<boolean> =>
        (await cluster().on('login', 'sacct', '--noheader', '--allocations', `--jobs=${jobId}`, '--format=State')).includes('FAILED');
      await eventually('its end to be in the database', isRecorded, PATIENCE_MS);
      expect(await stateOf(provider, jobId)).to.include({ state: 'failed', exitCode: 3, reason: 'FAILED, exit code 3' });
    });

    it('ends by what its script wrote down when nobody knows it any more', async () => {
      const provider = start();
      const jobId = await submit(provider, 'exit 3');
      await cluster().forgetEndedJobs(jobId);
      await writeFile(join(dir, 'sacct'), '#!/bin/sh\necho "Slurm accounting storage is disabled" >&2; exit 1\n', { mode: 0o755 });
      const path = process.env['PATH'] ?? '';
      process.env['PATH'] = `${dir}${delimiter}${path}`;
      const status = await stateOf(provider, jobId).finally(() => (process.env['PATH'] = path));
      expect(status).to.include({ state: 'failed', exitCode: 3 });
      expect(status.reason).to.match(/^exit code 3, as its script wrote it down/);
    });
  });
});
