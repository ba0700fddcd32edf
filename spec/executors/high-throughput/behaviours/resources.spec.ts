/** Tasks that ask for resources, with everything real: what they find, what they wait for, and what happens when something dies. */
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { writeFileSync } from 'node:fs';
import { expect } from 'chai';
import { type AppFuture, bashApp, HighThroughputExecutor, jsApp, PlacementError, ThreadPoolExecutor } from '../../../../index.ts';
import type { TryEvent } from '../../../../lib/events/events.ts';
import { eventually } from '../../../support/eventually.ts';
import { TestRun } from '../../../support/high-throughput.ts';
import { failureOf } from '../../../support/kernel.ts';

const PATIENCE_MS = 120_000;

/** Two slots, each with an accelerator and half a core. */
const NODE = { availableAccelerators: ['7', '9'], resources: { licence: 2, port: ['x', 'y'] } };

const look = jsApp(async (untilFile: string) => {
  const { existsSync } = await import('node:fs');
  while (untilFile !== '' && !existsSync(untilFile)) await new Promise((resolve) => setTimeout(resolve, 10));
  const { env } = process;
  return {
    gpus: env['CUDA_VISIBLE_DEVICES'],
    share: env['FLOTILLA_GPU_SHARE'],
    cpus: env['FLOTILLA_CPUS'],
    port: env['FLOTILLA_RESOURCE_PORT'],
  };
});

/** Watches from the event channel that nothing is in use twice. */
class InUse implements Disposable {
  readonly doubled: string[] = [];
  granted = 0;
  readonly #users = new Map<string, Map<string, number>>();
  readonly #listen = (event: unknown): void => this.#onTry(event as TryEvent);

  constructor() {
    subscribe('flotilla:try', this.#listen);
  }

  [Symbol.dispose](): void {
    unsubscribe('flotilla:try', this.#listen);
  }

  #onTry(event: TryEvent): void {
    const user = `${event.taskId}.${event.tryNumber}`;
    if (event.kind === 'tryEnded') for (const users of this.#users.values()) users.delete(user);
    if (event.kind !== 'tryGranted') return;
    this.granted++;
    for (const [cpu, share] of event.cpus) this.#use(`CPU ${cpu} of ${event.host}`, user, share);
    for (const [gpu, share] of event.gpus) this.#use(`GPU ${gpu} of ${event.host}`, user, share);
  }

  #use(what: string, user: string, share: number): void {
    const users = this.#users.get(what) ?? new Map<string, number>();
    this.#users.set(what, users.set(user, share));
    if ([...users.values()].reduce((sum, part) => sum + part, 0) > 1.0001) this.doubled.push(`${what}: ${[...users.keys()].join(', ')}`);
  }
}

describe('tasks that ask for resources', function () {
  this.timeout(PATIENCE_MS);

  it('find what they were given, and only that; beside them run those that ask for nothing', async () => {
    await using run = await TestRun.open({ executor: NODE });
    using inUse = new InUse();
    const whole = look.with({ resources: { gpus: 1, cores: 0.5, port: 1 } });
    const half = look.with({ resources: { gpus: 0.5, cores: 0.25 } });
    const calls = Array.from({ length: 8 }, () => [whole(''), half(''), look('')]).flat();
    const results = await Promise.all(calls);
    for (const [at, { gpus, share, port }] of results.entries()) {
      expect(gpus).to.be.oneOf(['7', '9']);
      expect(share).to.equal(at % 3 === 1 ? '0.5' : undefined);
      if (at % 3 === 0) expect(port).to.be.oneOf(['x', 'y']);
    }
    expect(inUse.doubled).to.deep.equal([]);
    expect(inUse.granted).to.equal(16);
    expect(run.kernel.counts().failed).to.equal(0);
  });

  it('are told of by explain: what they have, what they wait for', async () => {
    await using run = await TestRun.open({ executor: NODE });
    const both = look.with({ resources: { gpus: 2, cores: 0.5 } })(run.path('go'));
    await eventually('a word on who has it', () => /GPUs 0-1/.test(run.kernel.explain(both.taskId)), PATIENCE_MS);
    const one = look.with({ resources: { gpus: 1, cores: 0.5 } })('');
    const text = await eventually('a word on what is missing', () => /lacks them.*/.exec(run.kernel.explain(one.taskId))?.[0], PATIENCE_MS);
    expect(text).to.match(/^lacks them \(gpus: 1 wanted, 0 there\); the first of 1 that ask for the same has waited for \d+ s$/);
    const plain = look('');
    const whose = /1 task\(s\) with resources have CPUs or accelerators of these workers/;
    await eventually('a word on whom it waits for', () => whose.test(run.kernel.explain(plain.taskId)), PATIENCE_MS);
    writeFileSync(run.path('go'), '');
    await Promise.all([both, one, plain]);
    expect(both.tries[0]?.worker).to.match(/^block 0, .+\/\d+$/);
  });

  it('fail at once when no node will ever have it, however it is asked', async () => {
    await using run = await TestRun.open({ executor: NODE });
    const early = look.with({ resources: { gpus: 3 } })('');
    const error = await failureOf(early);
    expect(error).to.be.instanceOf(PlacementError);
    expect(String(error)).to.match(/nothing at executor 'htex' has: 1 node, \S+ \(gpus: 3 wanted, 2 there\); ask for less/);
    expect((error as PlacementError).shortfalls?.[0]?.missing).to.deep.equal(['gpus: 3 wanted, 2 there']);
    const late = look.with({ resources: [{ fpga: 1 }, { licence: 3 }] })('');
    expect(String(await failureOf(late))).to.contain('(fpga: 1 wanted, 0 there; or licence: 3 wanted, 2 there)');
    const nodes = bashApp(() => 'true', { resources: { nodes: 2 } })();
    expect(String(await failureOf(nodes))).to.contain('a block (nodes: 2 wanted, 1 there)');
    expect(run.kernel.counts().failed).to.equal(3);
  });

  it('may be asked for by their arguments; what that throws is their failure', async () => {
    await using _run = await TestRun.open({ executor: NODE });
    const ports = jsApp((_n: number) => process.env['FLOTILLA_RESOURCE_PORT'], {
      resources: (n: number) => {
        if (n > 2) throw new RangeError('too many');
        return { port: n, cores: 0.1 };
      },
    });
    const one = jsApp(() => 1)();
    expect(await Promise.all([ports(one), ports(2)])).to.satisfy(([a, b]: string[]) => /^[xy]$/.test(a as string) && b === 'x,y');
    expect(await failureOf(ports(3))).to.be.instanceOf(RangeError);
  });

  it('may get more memory with every try', async () => {
    await using _run = await TestRun.open({ executor: NODE });
    const grow = bashApp(() => 'echo $FLOTILLA_MEMORY; [ $FLOTILLA_MEMORY -gt 150000000 ]', {
      returns: 'stdout',
      retries: 3,
      resources: { memory: ['50MB', '100MB', '200MB'], cores: 0.1 },
    });
    const future = grow();
    expect((await future).trim()).to.equal('200000000');
    expect(future.tries).to.have.length(3);
  });

  it('go on when the interchange dies, and nobody else gets what they have', async () => {
    await using run = await TestRun.open({ executor: NODE });
    using inUse = new InUse();
    const holder = look.with({ resources: { gpus: 1, cores: 0.5 } })(run.path('go'));
    await eventually('it has it', () => inUse.granted === 1, PATIENCE_MS);
    process.kill(run.interchangePid(), 'SIGKILL');
    const others: AppFuture<Awaited<ReturnType<typeof look>>>[] = Array.from({ length: 4 }, () =>
      look.with({ resources: { gpus: 1, cores: 0.25 } })(''),
    );
    const seen = await Promise.all(others);
    writeFileSync(run.path('go'), '');
    const { gpus } = await holder;
    expect(seen.map((other) => other.gpus)).not.to.include(gpus);
    expect(holder.tries).to.have.length(1);
    expect(inUse.doubled).to.deep.equal([]);
  });

  it('pass over an executor that gives threads, and are refused where there is no other', async () => {
    const threads = new ThreadPoolExecutor({ label: 'threads', maxThreads: 1 });
    const htex = new HighThroughputExecutor({ label: 'htex', maxWorkersPerNode: 1 });
    await using _run = await TestRun.open({ config: { executors: [threads, htex] } });
    const future = look.with({ resources: { cores: 0.5 } })('');
    expect(await future)
      .to.have.property('cpus')
      .that.is.a('string');
    expect(future.tries[0]?.executor).to.equal('htex');
    const refused = await failureOf(look.with({ resources: { cores: 0.5 }, executors: ['threads'] })(''));
    expect(refused).to.be.instanceOf(PlacementError);
    expect(String(refused)).to.contain("executor 'threads' gives every task one of its threads, and nothing else");
  });

  it('go to the executor that has what they ask for, also before anybody knows which one that is', async () => {
    const plain = new HighThroughputExecutor({ label: 'plain', maxWorkersPerNode: 1 });
    const gpus = new HighThroughputExecutor({ label: 'gpus', maxWorkersPerNode: 1, coresPerWorker: 0.5, availableAccelerators: ['7'] });
    await using _run = await TestRun.open({ config: { executors: [plain, gpus] } });
    const wanting = look.with({ resources: { gpus: 1, cores: 0.5 } });
    const first = await Promise.all(Array.from({ length: 4 }, () => wanting('')));
    const later = [await wanting(''), await wanting('')];
    for (const { gpus: found } of [...first, ...later]) expect(found).to.equal('7');
    const refused = await failureOf(look.with({ resources: { gpus: 2 } })(''));
    expect(refused).to.be.instanceOf(PlacementError);
  });

  it('are the same for the memo, whatever they ask for', async () => {
    await using run = await TestRun.open({ executor: NODE });
    const count = jsApp((n: number) => n, { cache: true, resources: { cores: 0.5 } });
    await count(1);
    await count.with({ resources: { cores: 0.25, port: 1 } })(1);
    expect(run.kernel.counts().memoized).to.equal(1);
  });
});
