/**
 * How much time a block has for a task: what the config promises, and what blocks that came up have shown. Owns when a task's walltime
 * is declared hopeless. Knows neither tries nor managers.
 */
import { forgetOldest } from '../../lib/forget-oldest.ts';
import { formatDuration } from '../../lib/duration.ts';
import type { TryOutcome, TryRequest } from '../../lib/executor.ts';
import { packWireError } from '../../lib/errors/index.ts';
import type { CompiledHighThroughput } from './compiled.ts';
import type { DurableState } from './durable-state.ts';
import { ResultStatus } from '../../lib/wire/records.ts';

export interface BlockTimeOptions {
  readonly label: string;
  /** Of the provider; undefined: no limit. */
  readonly walltimeMs: number | undefined;
  /** So long before the end nothing is started or left undisturbed. */
  readonly reservedMs: number;
  /** Blocks of an earlier driver: how much time they have left says nothing about new ones. */
  readonly adopted: readonly string[];
}

/** So many blocks that came up with less than a task needs are taken for what all will be. */
const ENOUGH_BLOCKS = 3;
/** Beyond that it does not matter how many there were. */
const MOST_SEEN = 1000;

export function blockTimeOf(
  { label, provider, walltimeWarningMs, leaveMs }: CompiledHighThroughput,
  from: DurableState | undefined,
): BlockTime {
  return new BlockTime({
    label,
    walltimeMs: provider.limits.walltimeMs,
    reservedMs: Math.max(walltimeWarningMs, leaveMs),
    adopted: from?.blocks.map(({ blockId }) => blockId) ?? [],
  });
}

export class BlockTime {
  readonly #options: BlockTimeOptions;
  readonly #usableMs: number;
  readonly #seen = new Set<string>();
  #longestMs = 0;

  constructor(options: BlockTimeOptions) {
    this.#options = options;
    this.#usableMs = (options.walltimeMs ?? Number.POSITIVE_INFINITY) - options.reservedMs;
  }

  /** A manager has registered. @returns whether from now on tasks may be hopeless that were not. */
  registered(blockId: string, timeLeftMs: number | undefined): boolean {
    if (this.#options.adopted.includes(blockId)) return false;
    this.#longestMs = Math.max(this.#longestMs, timeLeftMs ?? Number.POSITIVE_INFINITY);
    const before = this.#seen.size;
    this.#seen.add(blockId);
    forgetOldest(this.#seen, MOST_SEEN);
    return this.#seen.size !== before && this.#seen.size === ENOUGH_BLOCKS;
  }

  /** @returns how the try ends because no block will ever have time enough for it; undefined if one may. */
  refuse({ taskId, tryNumber, walltimeMs = 0 }: TryRequest): TryOutcome | undefined {
    const availableMs = this.#availableMs;
    if (walltimeMs === 0 || walltimeMs <= availableMs) return undefined;
    const message = `it needs ${formatDuration(walltimeMs)}, and ${this.#describe(availableMs)}; lower its 'walltime', or raise the provider's`;
    const body = packWireError({ kind: 'placement', name: 'PlacementError', message, fields: { walltimeMs, availableMs } });
    return { taskId, tryNumber, status: ResultStatus.Failed, body, host: '', worker: '', startMs: 0, durationUs: 0 };
  }

  /** Those that have waited for blocks with more time than any will ever have. */
  hopelessAmong(requests: Iterable<TryRequest>): TryOutcome[] {
    return [...requests].flatMap((request) => this.refuse(request) ?? []);
  }

  get #availableMs(): number {
    return this.#seen.size < ENOUGH_BLOCKS ? this.#usableMs : Math.min(this.#usableMs, this.#longestMs);
  }

  #describe(availableMs: number): string {
    const { label, walltimeMs, reservedMs } = this.#options;
    const blocks = `blocks of executor '${label}'`;
    if (availableMs < this.#usableMs)
      return `${this.#seen.size} ${blocks} have come up with ${formatDuration(availableMs)} at most for a task: no block will ever have time enough`;
    const kept = reservedMs === 0 ? '' : `, of which the last ${formatDuration(reservedMs)} are for the warning`;
    return `${blocks} have a walltime of ${formatDuration(walltimeMs ?? 0)}${kept}: no block will ever have time enough`;
  }
}
