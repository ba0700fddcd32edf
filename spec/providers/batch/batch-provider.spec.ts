import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import type { CommandResult } from '../../../lib/channel.ts';
import type { JobStatus } from '../../../lib/provider.ts';
import { BatchProvider } from '../../../providers/batch/batch-provider.ts';
import { TokenBucket } from '../../../providers/batch/token-bucket.ts';
import { eventually } from '../../support/eventually.ts';
import { SimulatedClock, SimulatedScheduler } from './simulated-scheduler.ts';

describe('a batch provider', () => {
  let dir: string;
  let scheduler: SimulatedScheduler;
  let clock: SimulatedClock;
  let log: string[];
  let changes: string[];
  const providers: BatchProvider[] = [];

  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), 'flotilla-batch-'));
    scheduler = new SimulatedScheduler();
    clock = new SimulatedClock();
    log = [];
    changes = [];
  });
  afterEach(async () => {
    scheduler.isDown = false;
    for (const provider of providers.splice(0)) await provider.close();
    expect(scheduler.live.filter((name) => name.startsWith('flotilla.run1.'))).to.deep.equal([]);
    await rm(dir, { recursive: true });
  });

  function open(runId = 'run1', orphanGraceMs?: number): BatchProvider {
    const provider = new BatchProvider({
      type: 'SimulatedProvider',
      scheduler: scheduler.dialect,
      channel: scheduler,
      commandTimeoutMs: 60_000,
      bucket: new TokenBucket({ capacity: 1000, refillMs: 1, clock }),
      clock,
      stateFolder: join(dir, 'state'),
      context: {
        runId,
        scriptDir: join(dir, 'scripts'),
        workingDirectory: dir,
        orphanGraceMs,
        jobChanged: (jobId: string, { state }: JobStatus) => void changes.push(`${jobId} ${state}`),
        log: (level, message) => void log.push(`${level}: ${message}`),
      },
    });
    providers.push(provider);
    return provider;
  }

  const submit = (provider: BatchProvider, block: number | string = 0): Promise<string> =>
    provider.submit({ name: `flotilla.run1.htex-${block}`, command: 'true', env: {} });
  const failure = (promise: Promise<unknown>): Promise<Error> =>
    promise.then(
      () => expect.fail('it did not fail'),
      (error: unknown) => error as Error,
    );
  const stateOf = async (provider: BatchProvider, jobId: string): Promise<JobStatus> =>
    (await provider.status([jobId])).get(jobId) ?? expect.fail('no answer');

  describe('asking', () => {
    it('asks for all jobs in one query, or in as many as the scheduler takes at once', async () => {
      const provider = open();
      const jobIds = await Promise.all([0, 1, 2, 3].map((block) => submit(provider, block)));
      scheduler.calls.length = 0;
      await provider.status(jobIds);
      expect(scheduler.calls.map(({ about }) => about)).to.deep.equal(['100,101,102', '103']);
    });

    it('keeps a job as it was that the answer does not list', async () => {
      const provider = open();
      const jobId = await submit(provider);
      const job = scheduler.jobs.get(jobId) ?? expect.fail();
      job.status = { state: 'running' };
      await provider.status([jobId]);
      job.isHidden = true;
      expect((await stateOf(provider, jobId)).state).to.equal('running');
    });

    it('calls a job unknown that the scheduler denies, until it knows it again', async () => {
      const provider = open();
      const jobId = await submit(provider);
      const job = scheduler.jobs.get(jobId) ?? expect.fail();
      scheduler.jobs.delete(jobId);
      expect(await stateOf(provider, jobId)).to.include({ state: 'unknown' });
      scheduler.jobs.set(jobId, job);
      expect((await stateOf(provider, jobId)).state).to.equal('pending');
    });

    for (const [written, state, exitCode] of [
      ['0\n', 'completed', 0],
      ['17\n', 'failed', 17],
    ] as const) {
      it(`believes the end that the script of a forgotten job has written down: ${exitCode} is ${state}`, async () => {
        const provider = open();
        const jobId = await submit(provider);
        scheduler.jobs.delete(jobId);
        scheduler.files.set(join(dir, 'scripts', 'flotilla.run1.htex-0.end'), written);
        expect(await stateOf(provider, jobId)).to.include({ state, exitCode });
      });
    }

    it('never revises an end', async () => {
      const provider = open();
      const jobId = await submit(provider);
      const job = scheduler.jobs.get(jobId) ?? expect.fail();
      job.status = { state: 'failed', exitCode: 3 };
      await provider.status([jobId]);
      job.status = { state: 'running' };
      expect(await stateOf(provider, jobId)).to.include({ state: 'failed', exitCode: 3 });
      expect(changes).to.deep.equal(['100 failed']);
      scheduler.jobs.clear();
    });

    it('follows a job that is requeued under its id', async () => {
      const provider = open();
      const jobId = await submit(provider);
      const job = scheduler.jobs.get(jobId) ?? expect.fail();
      for (const state of ['running', 'pending', 'running'] as const) {
        job.status = { state };
        expect((await stateOf(provider, jobId)).state).to.equal(state);
      }
    });

    it('takes jobs to be as they were while nobody answers, asks ever more rarely, and says so once', async () => {
      const provider = open();
      const jobId = await submit(provider);
      scheduler.isDown = true;
      scheduler.calls.length = 0;
      for (let second = 0; second < 600; second++) {
        expect((await stateOf(provider, jobId)).state).to.equal('pending');
        clock.time += 1000;
      }
      expect(scheduler.calls.length).to.be.within(8, 20);
      expect(provider.explain().join()).to.match(/^the scheduler has not answered since 2026-\S+: nobody is listening$/);
      scheduler.isDown = false;
      clock.time += 60_000;
      await provider.status([jobId]);
      expect(provider.explain()).to.deep.equal([]);
      expect(log.filter((line) => line.includes('does not answer'))).to.have.length(1);
      expect(log.filter((line) => line.includes('answers again'))).to.have.length(1);
    });

    it('says once why a job will never start, and keeps it', async () => {
      const provider = open();
      const jobId = await submit(provider);
      const job = scheduler.jobs.get(jobId) ?? expect.fail();
      job.status = { state: 'pending', reason: 'PartitionTimeLimit: too long', neverStarts: true };
      for (let poll = 0; poll < 3; poll++) expect(await stateOf(provider, jobId)).to.include({ state: 'pending', neverStarts: true });
      expect(log.filter((line) => line.includes('PartitionTimeLimit: too long'))).to.have.length(1);
    });
  });

  describe('submitting', () => {
    it('shows the words of a scheduler that refuses, and where the script is', async () => {
      scheduler.moods = ['refuse'];
      const error = await failure(submit(open()));
      expect(error).to.include({ name: 'SubmitError', retryable: false });
      expect(error.message).to.match(
        /job 'flotilla.run1.htex-0' was not submitted to the scheduler: refuse: says the scheduler .*htex-0\.sh/,
      );
    });

    it('calls it worth another try when the scheduler is out of reach', async () => {
      const provider = open();
      scheduler.isDown = true;
      expect(await failure(submit(provider))).to.include({ name: 'SubmitError', retryable: true });
      expect(scheduler.count('submit')).to.equal(1);
    });

    for (const mood of ['lost', 'babble'] as const) {
      it(`finds by its name a job whose submission was ${mood === 'lost' ? 'not answered' : 'answered with nonsense'}, and submits no other`, async () => {
        const provider = open();
        scheduler.moods = [mood];
        expect(await submit(provider)).to.equal('100');
        expect(scheduler.count('submit')).to.equal(1);
        expect(await stateOf(provider, '100')).to.include({ state: 'pending' });
      });
    }

    it('looks for it until the scheduler answers, however long', async () => {
      const provider = open();
      scheduler.moods = ['lost'];
      let asked = 0;
      scheduler.onCall = (word) => {
        if (word === 'find') scheduler.isDown = ++asked < 20;
      };
      expect(await submit(provider)).to.equal('100');
      expect(asked).to.equal(20);
      expect(scheduler.count('submit')).to.equal(1);
    });

    it('gives up a job only when it was not there twice, ten seconds apart', async () => {
      const provider = open();
      scheduler.moods = ['cut'];
      const began = clock.time;
      const error = await failure(submit(provider));
      expect(error).to.include({ retryable: true });
      expect(error.message).to.match(/looked for by its name and not found/);
      expect(clock.time - began).to.be.at.least(10_000);
      expect(scheduler.count('find')).to.be.at.least(2);
    });

    it('cancels such a job if it turns up after all', async () => {
      const provider = open();
      scheduler.moods = ['cut'];
      await failure(submit(provider));
      scheduler.put('500', 'flotilla.run1.htex-0');
      scheduler.put('501', 'flotilla.run1.htex-01');
      const jobId = await submit(provider, 1);
      await provider.status([jobId]);
      expect(scheduler.live).to.deep.equal(['flotilla.run1.htex-01', 'flotilla.run1.htex-1']);
      expect(log.join('\n')).to.match(/job 500 turned up/);
      scheduler.jobs.delete('501');
    });

    it('waits while the queue takes no more, says so, and goes on when there is room', async () => {
      const provider = open();
      const first = await submit(provider, 0);
      scheduler.moods = ['full', 'full', 'full'];
      let explained = '';
      scheduler.onCall = (word) => {
        if (word === 'submit' && scheduler.moods.length === 1) explained = provider.explain().join();
      };
      expect(await submit(provider, 1)).to.equal('101');
      expect(explained).to.match(/takes no more jobs since \S+, and the next block waits: full: says the scheduler/);
      expect(log.filter((line) => line.includes('has no room'))).to.have.length(1);
      expect(provider.explain()).to.deep.equal([]);
      expect((await stateOf(provider, first)).state).to.equal('pending');
    });

    it('lets nobody wait any longer when it closes', async () => {
      const provider = open();
      scheduler.onCall = (word) => word === 'submit' && scheduler.moods.push('full');
      const waiting = failure(submit(provider));
      await eventually('it waits', () => provider.explain().length === 1);
      await provider.close();
      expect((await waiting).message).to.match(/closed, and until then there was no room for the job: full/);
    });

    it('stops after five failures in a row, says why, and tries one after a pause', async () => {
      const provider = open();
      scheduler.moods = new Array(6).fill('refuse');
      for (let block = 0; block < 5; block++) await failure(submit(provider, block));
      const error = await failure(submit(provider, 5));
      expect(error.message).to.match(/submissions are stopped until \S+, after 5 in a row failed; the last: refuse: says the scheduler/);
      expect(scheduler.count('submit')).to.equal(5);
      clock.time += 30_000;
      await failure(submit(provider, 6));
      await failure(submit(provider, 7));
      expect(scheduler.count('submit')).to.equal(6);
      clock.time += 60_000;
      await submit(provider, 8);
      expect(provider.explain()).to.deep.equal([]);
    });

    it('submits one after the other', async () => {
      const provider = open();
      await Promise.all([0, 1, 2].map((block) => submit(provider, block)));
      expect(scheduler.mostSubmissionsAtOnce).to.equal(1);
    });
  });

  describe('ending', () => {
    it('cancels pending jobs and running ones when it closes, and leaves no record', async () => {
      const provider = open();
      const [pending, running] = await Promise.all([submit(provider, 0), submit(provider, 1)]);
      (scheduler.jobs.get(running) ?? expect.fail()).status = { state: 'running' };
      expect(await readdir(join(dir, 'state'))).to.have.length(1);
      await provider.close();
      expect([...scheduler.jobs.values()].map(({ status }) => status.state)).to.deep.equal(['cancelled', 'cancelled']);
      expect((await stateOf(provider, pending)).state).to.equal('cancelled');
      expect(await readdir(join(dir, 'state'))).to.deep.equal([]);
      expect(scheduler.isDisposed).to.equal(true);
    });

    it('cancels a job whose submission was under way when it closed', async () => {
      const provider = open();
      let closed: Promise<void> | undefined;
      scheduler.onCall = (word) => {
        if (word === 'submit') closed = provider.close();
      };
      expect(await submit(provider)).to.equal('100');
      await closed;
      expect(scheduler.live).to.deep.equal([]);
    });

    it('leaves its record where the scheduler could not be told', async () => {
      const provider = open();
      await submit(provider);
      scheduler.isDown = true;
      await provider.close();
      expect(log.at(-1)).to.match(/^warn: jobs may be left: 100; the next start .* has not answered since \S+: nobody is listening/);
      expect(await readdir(join(dir, 'state'))).to.have.length(1);
      providers.splice(0);
      scheduler.jobs.clear();
    });

    it('tells a job again that it has cancelled and that still lives', async () => {
      const provider = open();
      const jobId = await submit(provider);
      await provider.cancel([jobId]);
      (scheduler.jobs.get(jobId) ?? expect.fail()).status = { state: 'running' };
      await provider.status([jobId]);
      expect(scheduler.jobs.get(jobId)?.status.state).to.equal('cancelled');
    });

    it('leaves a cancellation that was not answered, and is of no use any more, at that', async () => {
      const provider = open();
      const jobId = await submit(provider);
      const { promise, resolve } = Promise.withResolvers<CommandResult>();
      scheduler.cancellation = promise;
      const cancelling = provider.cancel([jobId]);
      await eventually('it to be told', () => scheduler.live.length === 0);
      expect((await stateOf(provider, jobId)).state).to.equal('cancelled');
      await provider.close();
      resolve({ signal: 'SIGTERM', stdout: '', stderr: '', timedOut: true });
      await cancelling;
      expect(scheduler.count('cancel')).to.equal(1);
      expect(log).to.deep.equal([]);
    });

    it('has no time to ask: it hands all ids to one command and returns', async () => {
      const provider = open();
      await Promise.all([submit(provider, 0), submit(provider, 1)]);
      provider.killNow();
      expect(scheduler.detached).to.deep.equal([['cancel', '100,101']]);
    });
  });

  it('looks after the jobs of a driver before it as after its own', async () => {
    scheduler.put('77', 'flotilla.run0.htex-3', 'running');
    const provider = open();
    provider.adopt([{ jobId: '77', name: 'flotilla.run0.htex-3', stdoutPath: '/old/flotilla.run0.htex-3.stdout' }]);
    expect(await stateOf(provider, '77')).to.include({ state: 'running', stderrPath: '/old/flotilla.run0.htex-3.stderr' });
    await provider.close();
    expect(scheduler.jobs.get('77')?.status.state).to.equal('cancelled');
  });
});
