/**
 * A running PBSProProvider over an emulated PBS, for specs of what users see.
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isTerminal, type JobStatus } from '../../../lib/provider.ts';
import type { BatchProvider } from '../../../providers/batch/batch-provider.ts';
import { type Clock, systemClock } from '../../../providers/batch/clock.ts';
import { PBSProProvider } from '../../../providers/pbspro/description.ts';
import type { PBSProProviderOptions } from '../../../providers/pbspro/options.ts';
import { eventually } from '../../support/eventually.ts';
import { startPbsOnPath } from '../../support/pbs/on-path.ts';
import type { ServerOptions } from '../../support/pbs/server.ts';
import { startFast } from './fast-provider.ts';

const LIMIT_MS = 30_000;

/** What a provider waits for by the clock comes ten times sooner. */
function quickClock(): Clock {
  const begin = Date.now();
  const scale = 10;
  return { now: () => begin + (Date.now() - begin) * scale, sleep: (ms, signal) => systemClock.sleep(ms / scale, signal) };
}

export class PbsBench {
  readonly pbs: Awaited<ReturnType<typeof startPbsOnPath>>;
  readonly dir = mkdtempSync(join(tmpdir(), 'flotilla-pbs-jobs-'));
  readonly logs: string[] = [];
  readonly #providers: BatchProvider[] = [];
  #count = 0;

  static async open(options: Partial<ServerOptions> = {}): Promise<PbsBench> {
    return new PbsBench(await startPbsOnPath({ killDelayMs: 500, ...options }));
  }

  private constructor(pbs: PbsBench['pbs']) {
    this.pbs = pbs;
  }

  start(options: PBSProProviderOptions = {}, runId = 'spec'): BatchProvider {
    const context = {
      runId,
      scriptDir: join(this.dir, runId),
      workingDirectory: this.dir,
      jobChanged() {},
      log: (_: string, message: string) => void this.logs.push(message),
    };
    const provider = startFast(new PBSProProvider(options), context, { clock: quickClock() });
    this.#providers.push(provider);
    return provider;
  }

  submit(provider: BatchProvider, command: string, name = `flotilla.spec.htex-${this.#count++}`): Promise<string> {
    return provider.submit({ command, name, env: {} });
  }

  async statusOf(provider: BatchProvider, jobId: string): Promise<JobStatus> {
    return (await provider.status([jobId])).get(jobId) ?? { state: 'unknown', reason: 'not in the answer' };
  }

  until(provider: BatchProvider, jobId: string, what: string, accepts: (status: JobStatus) => boolean): Promise<JobStatus> {
    let last: JobStatus | undefined;
    const probe = async (): Promise<JobStatus | false> => {
      last = await this.statusOf(provider, jobId);
      return accepts(last) && last;
    };
    return eventually(`job ${jobId} is ${what}`, probe, LIMIT_MS).catch((error: Error) => {
      throw new Error(`${error.message}; it is ${JSON.stringify(last)}`);
    });
  }

  untilState(provider: BatchProvider, jobId: string, state: JobStatus['state']): Promise<JobStatus> {
    return this.until(provider, jobId, state, (status) => status.state === state);
  }

  end(provider: BatchProvider, jobId: string): Promise<JobStatus> {
    return this.until(provider, jobId, 'ended', ({ state }) => isTerminal(state));
  }

  read(name: string): string {
    try {
      return readFileSync(join(this.dir, name), 'utf8');
    } catch {
      return ''; // Not written yet.
    }
  }

  written(name: string, text: string): Promise<unknown> {
    return eventually(`${name} has ${text}`, () => this.read(name).includes(text), LIMIT_MS);
  }

  /** State letter of the server itself. */
  letter(jobId: string): string {
    return this.pbs.server.jobs.get(jobId)?.state ?? 'gone';
  }

  async close(): Promise<void> {
    this.pbs.isDown = false;
    await Promise.all(this.#providers.map((provider) => provider.close()));
    await this.pbs.end();
    rmSync(this.dir, { recursive: true, force: true });
  }
}
