/**
 * What a run says on stderr beside the script's own words: progress while it runs, the summary once at its end.
 */
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { FailureLog, type TaskFailure } from './failures.ts';
import type { TaskCounts } from '../lib/kernel/counts.ts';
import { RUN_LOG } from '../lib/kernel/run-log.ts';
import { sayLines } from './print.ts';
import { ProgressDisplay } from './progress-display.ts';
import type { ClosableKernel } from './script.ts';
import { formatFailures, formatSummary, type RunFacts } from './summary.ts';

/** What must be known of a kernel to report on it. */
export interface ReportedKernel extends ClosableKernel {
  readonly runDir: string;
  counts(): TaskCounts;
  /** Failed tasks whose failure nobody looked at. */
  unobservedFailures(): readonly unknown[];
}

const FAILURES = 'flotilla:failure';

export class RunReport {
  readonly #quiet: boolean;
  readonly #startedMs = performance.now();
  readonly #failures = new FailureLog();
  readonly #display: ProgressDisplay;
  readonly #onFailure = (message: unknown): void => this.#failures.add(message as TaskFailure);
  #kernel: ReportedKernel | undefined;
  #finished = false;

  constructor(options: { readonly quiet: boolean }) {
    this.#quiet = options.quiet;
    this.#display = new ProgressDisplay(process.stderr, [process.stdout, process.stderr], {
      counts: () => this.#kernel?.counts(),
      nowMs: () => performance.now(),
    });
    subscribe(FAILURES, this.#onFailure);
  }

  readonly kernel = (): ReportedKernel | undefined => this.#kernel;

  /** From now on it is this kernel that is reported. */
  follow(kernel: ReportedKernel): void {
    this.#kernel = kernel;
    if (!this.#quiet) this.#display.start();
  }

  unobservedFailures(): number {
    return this.#kernel?.unobservedFailures().length ?? 0;
  }

  /** Prints the summary. Idempotent, synchronous. */
  finish(): void {
    if (this.#finished) return;
    this.#finished = true;
    unsubscribe(FAILURES, this.#onFailure);
    this.#display.stop();
    if (this.#kernel === undefined) return;
    const facts = this.#facts(this.#kernel);
    const lines = this.#quiet ? formatFailures(facts) : formatSummary(facts);
    sayLines(lines);
  }

  #facts(kernel: ReportedKernel): RunFacts {
    const { dependents, ungrouped } = this.#failures;
    const wallMs = performance.now() - this.#startedMs;
    const { runDir } = kernel;
    const path = join(runDir, RUN_LOG);
    const log = existsSync(path) ? path : undefined;
    return { counts: kernel.counts(), wallMs, runDir, log, groups: this.#failures.groups(), dependents, ungrouped };
  }
}
