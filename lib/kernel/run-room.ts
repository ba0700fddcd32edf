/**
 * Watches how much room is left under the run directory. Where there is hardly any, no more tasks are begun: their results and logs could
 * not be kept. Those that run go on, and what waits is begun when there is room again.
 */
import { statfs } from 'node:fs/promises';
import { kernelChannel, logChannel } from './channels.ts';

/** Enough for the event log and the logs of workers to go on for a while. */
const LEAST_BYTES = 8 << 20;
/** So much has to be there again: at the edge nothing should begin and stop with every file. */
const ENOUGH_BYTES = 16 << 20;
const PERIOD_MS = 2000;

export interface RunRoomOptions {
  readonly runDir: string;
  /** @param why undefined: there is room again. */
  changed(why: string | undefined): void;
  /** Bytes that are free for this user. Default: as the file system says. */
  readonly free?: (path: string) => Promise<number>;
}

export class RunRoom {
  readonly #options: RunRoomOptions;
  #timer: NodeJS.Timeout | undefined;
  #isShort = false;
  #isLooking = false;

  constructor(options: RunRoomOptions) {
    this.#options = options;
  }

  /** Looks now and every two seconds. Keeps no process alive. */
  start(): void {
    this.#timer ??= setInterval(() => void this.look(), PERIOD_MS).unref();
    void this.look();
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  /** One look at a time: a file system that hangs is asked once. */
  async look(): Promise<void> {
    if (this.#isLooking) return;
    this.#isLooking = true;
    const { runDir, free = freeBytes } = this.#options;
    // A file system that does not say is taken for one that has room.
    const bytes = await free(runDir).catch(() => Number.POSITIVE_INFINITY);
    this.#isLooking = false;
    if (!this.#isShort && bytes < LEAST_BYTES) this.#begin(bytes);
    else if (this.#isShort && bytes >= ENOUGH_BYTES) this.#end();
  }

  #begin(bytes: number): void {
    this.#isShort = true;
    const { runDir, changed } = this.#options;
    const why = `only ${mebibytes(bytes)} are free under the run directory ${runDir}`;
    tell(`${why}: no more tasks are begun until ${mebibytes(ENOUGH_BYTES)} are; those that run go on`);
    kernelChannel.publish({ state: 'paused', runDir });
    changed(why);
  }

  #end(): void {
    this.#isShort = false;
    tell(`there is room again under the run directory ${this.#options.runDir}: tasks are begun again`);
    kernelChannel.publish({ state: 'resumed', runDir: this.#options.runDir });
    this.#options.changed(undefined);
  }
}

async function freeBytes(path: string): Promise<number> {
  const { bavail, bsize } = await statfs(path);
  return bavail * bsize;
}

const mebibytes = (bytes: number): string => `${(bytes / 2 ** 20).toFixed(1)} MiB`;

function tell(message: string): void {
  logChannel.publish({ executor: '-', level: 'warn', message });
  process.stderr.write(`flotilla: ${message}\n`);
}
