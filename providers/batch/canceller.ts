/** Has jobs cancelled, as often as it takes. Owns which jobs are to end; knows nothing of what becomes of them. */
import { ProviderError } from '../../lib/errors/engine-errors.ts';
import type { ProviderContext } from '../../lib/provider.ts';
import type { Clock } from './clock.ts';
import type { Finder } from './finder.ts';
import type { Outage } from './outage.ts';

const PATIENCE_MS = 60_000;

export interface CancellerOptions {
  /** As written behind `type:`. */
  readonly provider: string;
  readonly scheduler: string;
  readonly finder: Finder;
  readonly outage: Outage;
  readonly clock: Clock;
  readonly log: ProviderContext['log'];
  /** Aborted: there is no time left. */
  readonly killed: AbortSignal;
}

export class Canceller {
  readonly #options: CancellerOptions;
  readonly #doomed = new Set<string>();

  constructor(options: CancellerOptions) {
    this.#options = options;
  }

  /** Whether somebody wants it cancelled. */
  isDoomed(jobId: string): boolean {
    return this.#doomed.has(jobId);
  }

  /** @throws ProviderError when the scheduler refuses, or does not answer for a minute. */
  async cancel(jobIds: readonly string[]): Promise<void> {
    for (const jobId of jobIds) this.#doomed.add(jobId);
    const { clock, finder, outage, killed } = this.#options;
    const giveUpAt = clock.now() + PATIENCE_MS;
    while (!killed.aborted) {
      const problem = await finder.cancel(jobIds);
      if (problem === undefined) return;
      if (problem.kind === 'refused' || clock.now() >= giveUpAt) throw this.#error(jobIds, problem.reason);
      await clock.sleep(outage.restMs, killed);
    }
  }

  /** Those that were cancelled and still live: a command may have been lost. Once, and without waiting for an answer to come. */
  async remind(liveIds: readonly string[]): Promise<void> {
    const survivors = liveIds.filter((jobId) => this.#doomed.has(jobId));
    if (survivors.length > 0 && !this.#options.outage.isResting) await this.#options.finder.cancel(survivors);
  }

  /** Jobs that were given up because they could not be found: one that is there now has been replaced by another. */
  async cancelStrays(lost: Set<string>): Promise<void> {
    const { finder, log } = this.#options;
    for (const name of lost) {
      const jobIds = ((await finder.find(name)) ?? []).filter((job) => job.name === name).map(({ jobId }) => jobId);
      if (jobIds.length === 0 || (await finder.cancel(jobIds)) !== undefined) continue;
      lost.delete(name);
      log('warn', `job ${jobIds.join(', ')} turned up after '${name}' had been given up; it is cancelled`, { jobIds });
    }
  }

  #error(jobIds: readonly string[], reason: string): ProviderError {
    const { provider, scheduler } = this.#options;
    return new ProviderError(`${scheduler} did not cancel jobs ${jobIds.join(', ')}: ${reason}`, { fields: { jobIds, provider } });
  }
}
