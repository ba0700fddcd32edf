/** Finds and cancels jobs by their names: those whose submission was never answered, and those of a run that is dead. */
import type { Desk } from './desk.ts';
import type { Outage } from './outage.ts';
import type { Cancellation, FoundJob, Scheduler } from './scheduler.ts';

const JOBS_PER_COMMAND = 200;

export class Finder {
  readonly #scheduler: Scheduler;
  readonly #desk: Desk;
  readonly #outage: Outage;

  constructor(scheduler: Scheduler, desk: Desk, outage: Outage) {
    this.#scheduler = scheduler;
    this.#desk = desk;
    this.#outage = outage;
  }

  /** This user's jobs that have not ended and whose names begin so; undefined when the scheduler could not say. */
  async find(prefix: string): Promise<readonly FoundJob[] | undefined> {
    const { find } = this.#scheduler;
    const answer = await this.#desk.ask(find.command(prefix), (result) => find.parse(result));
    this.#outage.note(answer);
    return answer.kind === 'found' ? answer.jobs.filter(({ name }) => name.startsWith(prefix)) : undefined;
  }

  /** @returns why some of them may not be cancelled; undefined: the scheduler has been told of all. */
  async cancel(jobIds: readonly string[]): Promise<Exclude<Cancellation, { kind: 'cancelled' }> | undefined> {
    const { cancel } = this.#scheduler;
    let problem: Exclude<Cancellation, { kind: 'cancelled' }> | undefined;
    for (const part of chunks(jobIds, this.#scheduler.jobsPerCommand ?? JOBS_PER_COMMAND)) {
      const answer = await this.#desk.ask(cancel.command(part), (result) => cancel.parse(result));
      this.#outage.note(answer);
      if (answer.kind === 'refused') problem ??= answer;
      else if (answer.kind !== 'cancelled') return { kind: 'unreachable', reason: answer.reason };
    }
    return problem;
  }
}

export function chunks<T>(items: readonly T[], size: number): T[][] {
  return Array.from({ length: Math.ceil(items.length / size) }, (_, index) => items.slice(index * size, (index + 1) * size));
}
