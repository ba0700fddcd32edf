/**
 * What is known of a task once it has been launched: the try under way and those before it. A task that waits has none of this, since
 * many may wait.
 */
import type { TryOutcome } from '../executor.ts';
import type { TryRecord } from '../futures/app-future.ts';
import type { RequestsPerTry } from '../resources/compile-resources.ts';
import type { ArgumentRef } from '../task-spec.ts';
import type { Prepared } from './prepare.ts';

export class TaskTries {
  number = 1;
  /** Its result is one that there was already: there are no tries. */
  isMemoized = false;
  /** Label of the executor that has the try. */
  executor = '';
  /** The bytes of the try under way; another try sends them again. */
  encoded: Buffer | undefined;
  /** Made before its first try, because its memo key depends on it: the command of a bash app. */
  prepared: Prepared | undefined;
  /** What its option `resources` comes to, made before its first try. */
  requests: RequestsPerTry | undefined;
  /** Tries that failed by themselves: what is asked for per try goes by these. */
  failed = 0;
  /** What of its arguments lies in a store. */
  refs: readonly ArgumentRef[] | undefined;
  /** What an earlier driver of the run called it, if that had it: executors know it by these numbers. */
  sentBefore: { readonly taskId: number; readonly tries: number; readonly executor: string } | undefined;
  /** What the latest try ended with; moved into the future when the graph says that it is final. */
  latestError: unknown;
  latestValue: unknown;
  losses: Error[] | undefined;
  host = '';
  worker = '';
  /** The last one, once it has ended for good. */
  final: TryRecord | undefined;
  #earlier: TryRecord[] | undefined;
  #startMs = 0;
  #durationUs = 0;

  get earlier(): readonly TryRecord[] {
    return this.#earlier ?? [];
  }

  /** A try ended; kept as numbers, since hardly anybody asks. */
  noteOutcome(outcome: TryOutcome): void {
    this.host = outcome.host;
    this.worker = outcome.worker;
    this.#startMs = outcome.startMs;
    this.#durationUs = outcome.durationUs;
    this.final = undefined;
  }

  /** Before another try: what is known of this one becomes a record. */
  close(outcome: TryRecord['outcome'], error: unknown): void {
    this.#earlier ??= [];
    if (outcome === 'failed' || outcome === 'walltime') this.failed++;
    this.#earlier.push({ ...this.describe(outcome), error });
    this.host = '';
    this.worker = '';
    this.#startMs = 0;
    this.#durationUs = 0;
  }

  describe(outcome: TryRecord['outcome']): TryRecord {
    const { number, executor, host, worker } = this;
    const start = this.#startMs > 0 ? new Date(this.#startMs) : undefined;
    const end = start && outcome !== 'running' ? new Date(this.#startMs + this.#durationUs / 1000) : undefined;
    return { number, executor, host, worker, start, end, outcome };
  }

  /** Lets go of what only a task that may still run needs. */
  drop(): void {
    this.encoded = undefined;
    this.prepared = undefined;
    this.requests = undefined;
    this.refs = undefined;
    this.latestValue = undefined;
  }
}
