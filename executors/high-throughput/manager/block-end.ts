/**
 * When a manager's block ends, and what is due before that: a warning, then leaving while there is still time to say what became of
 * the tasks. Owns the timers; knows neither tasks nor workers.
 */
import { type LongTimeout, setLongTimeout } from '../../../lib/long-timeout.ts';
import { steadyNow } from '../../../lib/steady-clock.ts';

export interface BlockEndOptions {
  /** ms since the epoch, by this node's clock as it is now; undefined: no end is known. */
  readonly endsAtMs: number | undefined;
  /** So long before the end. */
  readonly warningMs: number;
  readonly leaveMs: number;
  /** Default: a clock that never jumps. */
  readonly now?: () => number;
  /** From now on nothing new is started. */
  warn(): void;
  /** Whatever still runs has to end. */
  leave(): void;
}

export class BlockEnd {
  readonly #options: BlockEndOptions;
  readonly #now: () => number;
  #timers: LongTimeout[] = [];

  constructor(options: BlockEndOptions) {
    this.#options = options;
    this.#now = options.now ?? steadyNow;
  }

  start(): void {
    const { endsAtMs, warningMs, leaveMs, warn, leave } = this.#options;
    if (endsAtMs === undefined) return;
    const inMs = (beforeEndMs: number): number => Math.max(0, endsAtMs - beforeEndMs - this.#now());
    this.#timers = [setLongTimeout(warn, inMs(Math.max(warningMs, leaveMs))), setLongTimeout(leave, inMs(leaveMs))];
    for (const timer of this.#timers) timer.unref();
  }

  /** ms until the warning: tasks that are done by then are not disturbed. undefined: no end is known. */
  get timeLeftMs(): number | undefined {
    const { endsAtMs, warningMs, leaveMs } = this.#options;
    return endsAtMs === undefined ? undefined : endsAtMs - Math.max(warningMs, leaveMs) - this.#now();
  }

  close(): void {
    for (const timer of this.#timers) timer.clear();
  }
}

/**
 * FLOTILLA_BLOCK_END, which the block's script has put there, or what the scheduler says itself, whichever is sooner; both in seconds
 * since the epoch. SLURM_JOB_END_TIME: https://slurm.schedmd.com/sbatch.html, since 22.05; it tells of an allocation, too, in which a
 * block was started that has no walltime of its own. One that is past is of an allocation that is no more.
 */
export function blockEndOf(env: Readonly<Record<string, string | undefined>>, nowMs: number): number | undefined {
  const scheduler = toMs(env['SLURM_JOB_END_TIME']);
  const ends = [toMs(env['FLOTILLA_BLOCK_END']), scheduler !== undefined && scheduler > nowMs ? scheduler : undefined];
  const known = ends.filter((end) => end !== undefined);
  return known.length === 0 ? undefined : Math.min(...known);
}

function toMs(seconds: string | undefined): number | undefined {
  return seconds !== undefined && /^\d+$/.test(seconds) && Number(seconds) > 0 ? Number(seconds) * 1000 : undefined;
}
