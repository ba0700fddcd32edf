/**
 * Shows progress on stderr: one line that is rewritten on a terminal, now and then a plain line elsewhere.
 * Knows neither the kernel nor its events: it asks for the counts when it draws, so a task costs it nothing.
 */
import type { TaskCounts } from '../lib/kernel/counts.ts';
import { countEnded, fitLine, formatProgress, RateMeter } from './progress.ts';
import { TerminalLine, type TerminalStream } from './terminal-line.ts';

/** Where a terminal does not say, or says 0. */
const USUAL_COLUMNS = 80;
const REDRAW_MS = 200;
const PLAIN_TICK_MS = 1000;
const PLAIN_LINE_MS = 10_000;

export interface ProgressSource {
  /** undefined: no kernel yet. */
  counts(): TaskCounts | undefined;
  nowMs(): number;
  /** The line's text; default: formatProgress. */
  format?(counts: TaskCounts, rate: number | undefined): string;
}

export class ProgressDisplay {
  readonly #stream: TerminalStream;
  readonly #source: ProgressSource;
  readonly #rate = new RateMeter();
  readonly #line: TerminalLine | undefined;
  #timer: NodeJS.Timeout | undefined;
  #lastPlain: { atMs: number; failed: number; text: string };

  /** @param outputs Streams that the script may write to; the line steps aside for them. */
  constructor(stream: TerminalStream, outputs: readonly TerminalStream[], source: ProgressSource) {
    this.#stream = stream;
    this.#source = source;
    this.#line =
      stream.isTTY === true
        ? new TerminalLine(
            stream,
            outputs.filter((output) => output.isTTY === true),
          )
        : undefined;
    this.#lastPlain = { atMs: source.nowMs(), failed: 0, text: '' };
  }

  /** Keeps no process alive. */
  start(): void {
    if (this.#timer !== undefined) return;
    this.#timer = setInterval(() => this.tick(), this.#line === undefined ? PLAIN_TICK_MS : REDRAW_MS);
    this.#timer.unref();
  }

  tick(): void {
    const counts = this.#source.counts();
    if (counts === undefined) return;
    const rate = this.#rate.sample(this.#source.nowMs(), countEnded(counts));
    const text = this.#source.format?.(counts, rate) ?? formatProgress(counts, rate);
    if (this.#line === undefined) this.#printWhenDue(text, counts.failed);
    else this.#line.show(fitLine(text, this.#stream.columns || USUAL_COLUMNS));
  }

  /** Erases the line and gives the streams back. */
  stop(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
    this.#line?.dispose();
  }

  #printWhenDue(text: string, failed: number): void {
    const atMs = this.#source.nowMs();
    const due = atMs - this.#lastPlain.atMs >= PLAIN_LINE_MS || failed !== this.#lastPlain.failed;
    if (!due || text === this.#lastPlain.text) return;
    this.#lastPlain = { atMs, failed, text };
    this.#stream.write(`flotilla: ${text}\n`);
  }
}
