/** Blocks with a scheduler that queues, answers late, fails and forgets, as real ones do; this one does it on demand. */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { expect } from 'chai';
import { SimpleLauncher } from '../../../launchers/simple-launcher.ts';
import { SubmitError } from '../../../lib/errors/engine-errors.ts';
import type { JobRequest, JobState, JobStatus, ProviderDescription, RunningProvider } from '../../../lib/provider.ts';
import { eventually } from '../../support/eventually.ts';
import { BlocksBench } from './blocks-bench.ts';

class OnDemandScheduler implements RunningProvider {
  readonly submitted: JobRequest[] = [];
  readonly cancelled: string[] = [];
  readonly queries: string[][] = [];
  readonly states = new Map<string, JobState>();
  refuse: Error | undefined;
  isDown = false;
  /** While set, submissions wait for it. */
  gate: Promise<void> | undefined;
  closed = false;
  /** While set, submissions wait until it closes. */
  isFull = false;
  /** Of whatever is pending. */
  reason: string | undefined;
  readonly #stopped = Promise.withResolvers<void>();

  async submit(job: JobRequest): Promise<string> {
    const id = `${100 + this.submitted.push(job)}.server`;
    await this.gate;
    if (this.isFull) await this.#stopped.promise;
    if (this.isFull) throw new SubmitError('the provider is closed', { fields: { retryable: false } });
    if (this.refuse !== undefined) throw this.refuse;
    this.states.set(id, 'pending');
    return id;
  }

  stopSubmitting(): void {
    this.#stopped.resolve();
  }

  explain(): readonly string[] {
    return this.isFull ? ['the queue is full: one job per user'] : [];
  }

  async status(jobIds: readonly string[]): Promise<ReadonlyMap<string, JobStatus>> {
    this.queries.push([...jobIds]);
    if (this.isDown) throw new Error('connection to the scheduler was refused');
    const { reason } = this;
    return new Map(jobIds.map((id) => [id, { state: this.states.get(id) ?? 'unknown', ...(reason !== undefined && { reason }) }]));
  }

  async cancel(jobIds: readonly string[]): Promise<void> {
    this.cancelled.push(...jobIds);
    for (const id of jobIds) this.states.set(id, 'cancelled');
  }

  killNow(): void {
    this.closed = true;
  }

  async close(): Promise<void> {
    this.closed = true;
  }
}

function describeProvider(scheduler: OnDemandScheduler, blocks = 1): ProviderDescription {
  return {
    type: 'OnDemand',
    limits: { nodesPerBlock: 1, initBlocks: blocks, minBlocks: 0, maxBlocks: blocks, parallelism: 1, walltimeMs: undefined },
    launcher: new SimpleLauncher(),
    statusPollMs: 5,
    isLocal: false,
    start: () => scheduler,
  };
}

describe('Blocks, with a scheduler that queues', () => {
  let bench: BlocksBench;
  let scheduler: OnDemandScheduler;
  beforeEach(async () => {
    bench = await BlocksBench.open();
    scheduler = new OnDemandScheduler();
  });
  afterEach(() => bench.close());

  it('cancels every block when it closes, those still pending too', async () => {
    const blocks = bench.start({ provider: describeProvider(scheduler, 3) });
    await eventually('three are queued', () => scheduler.states.size === 3);
    scheduler.states.set('101.server', 'running');
    await eventually('one runs', () => blocks.jobOf('0')?.state === 'running');
    await blocks.close(5000);
    expect(new Set(scheduler.cancelled)).to.deep.equal(new Set(['101.server', '102.server', '103.server']));
    expect(scheduler.closed).to.equal(true);
  });

  it('cancels a block whose submission returns while it closes', async () => {
    let open = (): void => undefined;
    scheduler.gate = new Promise((resolve) => (open = resolve));
    const blocks = bench.start({ provider: describeProvider(scheduler) });
    const closed = blocks.close(5000);
    open();
    await closed;
    expect(scheduler.cancelled).to.include('101.server');
  });

  it('asks for all jobs in one query, and for none while there are none', async () => {
    bench.start({ provider: describeProvider(scheduler, 2) });
    await eventually('both are asked for', () => scheduler.queries.some((jobIds) => jobIds.length === 2));
    for (const id of scheduler.states.keys()) scheduler.states.set(id, 'completed');
    await eventually('both have ended', () => bench.log.filter((line) => line.includes('completed')).length === 2);
    const asked = scheduler.queries.length;
    const other = new OnDemandScheduler();
    bench.start({ provider: describeProvider(other), label: 'other' });
    await eventually('another one was asked ten times', () => other.queries.length >= 10);
    expect(scheduler.queries.length).to.be.at.most(asked + 1);
  });

  it('takes a job that a query does not list for unknown, and keeps it', async () => {
    bench.outstanding = 1;
    const blocks = bench.start({ provider: describeProvider(scheduler) });
    await eventually('it is queued', () => scheduler.states.size === 1);
    scheduler.states.delete('101.server');
    await eventually('it is not listed', () => blocks.jobOf('0')?.state === 'unknown');
    expect(blocks.status()).to.match(/^block 0 is unknown since \S+ \(job 101.server\)$/);
    scheduler.states.set('101.server', 'running');
    await eventually('it is listed again', () => blocks.jobOf('0')?.state === 'running');
    expect(scheduler.submitted).to.have.length(1);
  });

  it('says since when a block is pending', async () => {
    const blocks = bench.start({ provider: describeProvider(scheduler), now: () => Date.UTC(2026, 10, 20, 12) });
    await eventually('it is queued', () => blocks.jobOf('0') !== undefined);
    expect(blocks.status()).to.equal('block 0 is pending since 2026-11-20T12:00:00.000Z (job 101.server)');
  });

  it('loses nothing but time when the scheduler does not answer', async () => {
    bench.outstanding = 1;
    const blocks = bench.start({ provider: describeProvider(scheduler) });
    await eventually('it is queued', () => scheduler.states.size === 1);
    scheduler.isDown = true;
    await eventually('it was asked in vain', () => bench.log.some((line) => line.includes('connection to the scheduler was refused')));
    expect(blocks.jobOf('0')?.state).to.equal('pending');
    scheduler.isDown = false;
    scheduler.states.set('101.server', 'running');
    await eventually('it answers again', () => blocks.jobOf('0')?.state === 'running');
    expect(scheduler.submitted).to.have.length(1);
    expect(bench.failures).to.deep.equal([]);
  });

  it('tries again, ever more rarely, when the scheduler cannot take a job now', async () => {
    let now = 0;
    bench.outstanding = 1;
    scheduler.refuse = new SubmitError('slurm_load_jobs error: unable to contact the controller', { fields: { retryable: true } });
    const blocks = bench.start({ provider: describeProvider(scheduler), now: () => now });
    for (let second = 0; second < 600; second++) {
      now += 1000;
      blocks.tick();
      await nextTurn();
    }
    expect(scheduler.submitted.length).to.be.within(8, 20);
    expect(bench.failures).to.deep.equal([]);
    scheduler.refuse = undefined;
    now += 60_000;
    blocks.tick();
    await eventually('it was taken', () => scheduler.states.size === 1);
  });

  it('says by what a block is kept pending', async () => {
    const blocks = bench.start({ provider: describeProvider(scheduler), now: () => Date.UTC(2026, 10, 20, 12) });
    scheduler.reason = 'Resources';
    await eventually('its reason is known', () => blocks.jobOf('0')?.reason === 'Resources');
    expect(blocks.status()).to.equal('block 0 is pending since 2026-11-20T12:00:00.000Z (job 101.server): Resources');
  });

  it('says why a submission waits, keeps to that one block, and lets it go when it closes', async () => {
    bench.outstanding = 100;
    scheduler.isFull = true;
    const blocks = bench.start({ provider: describeProvider(scheduler) });
    await eventually('it waits', () => scheduler.submitted.length === 1);
    expect(blocks.status()).to.equal('block 0 is being submitted; the queue is full: one job per user');
    for (let tick = 0; tick < 10; tick++) blocks.tick();
    await blocks.close(5000);
    expect(scheduler.submitted).to.have.length(1);
    expect(bench.failures).to.deep.equal([]);
    expect(bench.log.join()).to.not.match(/have not ended within/);
  });

  it('believes a job that ends before its submission has returned', async () => {
    const early: ProviderDescription = {
      ...describeProvider(scheduler),
      start(context) {
        scheduler.submit = async (job) => {
          scheduler.submitted.push(job);
          const id = `9${scheduler.submitted.length}.server`;
          context.jobChanged(id, { state: 'failed', exitCode: 3, reason: 'exit code 3' });
          return id;
        };
        return scheduler;
      },
    };
    bench.outstanding = 1;
    bench.start({ provider: early });
    expect((await bench.failure()).message).to.include('block 2: failed, exit code 3');
  });

  it('gives every job a name by which it can be found, and that any scheduler takes', async () => {
    bench.start({ provider: describeProvider(scheduler, 2), label: 'gpu nodes/1' });
    await eventually('both are queued', () => scheduler.submitted.length === 2);
    expect(scheduler.submitted.map(({ name }) => name)).to.deep.equal(['flotilla.run1.gpu_nodes_1-0', 'flotilla.run1.gpu_nodes_1-1']);
  });
});
