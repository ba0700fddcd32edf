/**
 * Prints what jobs have printed: each job's output in one piece, in the order in which they end or, with `--keep-order`, in that
 * in which they started. Until then it waits in files, however much it is; printed, they are removed. A stream that fails stops
 * what is for it alone: whoever closes stderr has not given up stdout.
 */
import { closeSync, fstatSync, openSync, readSync, rmSync } from 'node:fs';
import { once } from 'node:events';
import type { Writable } from 'node:stream';
import type { EndedJob, Job } from './job.ts';
import { jobRecord } from './job-record.ts';
import { LineTagger } from './tag-lines.ts';

export interface PrinterOptions {
  readonly stdout: Writable;
  readonly stderr: Writable;
  readonly keepOrder: boolean;
  readonly tag: boolean;
  /** One JSON object per job in place of its output. */
  readonly json: boolean;
}

const CHUNK_BYTES = 64 * 1024;

export class Printer {
  readonly #options: PrinterOptions;
  /** Jobs that are still to be printed, in order. */
  readonly #expected = new Set<number>();
  /** Ended, but not their turn. */
  readonly #held = new Map<number, EndedJob>();
  #printing: Promise<void> = Promise.resolve();
  readonly #broken = new Set<Writable>();

  constructor(options: PrinterOptions) {
    this.#options = options;
  }

  started({ seq }: Job): void {
    if (this.#options.keepOrder) this.#expected.add(seq);
  }

  ended(ended: EndedJob): void {
    if (!this.#options.keepOrder) return this.#enqueue(ended);
    this.#held.set(ended.job.seq, ended);
    this.#printHeld();
  }

  /** It will not be printed: it was stopped. */
  dropped({ seq }: Job): void {
    this.#expected.delete(seq);
    this.#printHeld();
  }

  /** Resolves when all that has ended is printed. */
  async flush(): Promise<void> {
    await this.#printing;
  }

  #printHeld(): void {
    for (const seq of this.#expected) {
      const ended = this.#held.get(seq);
      if (ended === undefined) return;
      this.#held.delete(seq);
      this.#expected.delete(seq);
      this.#enqueue(ended);
    }
  }

  #enqueue(ended: EndedJob): void {
    this.#printing = this.#printing.then(() => this.#print(ended));
  }

  async #print(ended: EndedJob): Promise<void> {
    const { stdout, stderr, json } = this.#options;
    if (json) await this.#printRecord(ended);
    else {
      await this.#copy(ended, ended.files.stdout, stdout);
      await this.#copy(ended, ended.files.stderr, stderr);
    }
    if (ended.trouble !== undefined && !json) await this.#write(stderr, `flotilla: job ${ended.job.seq}: ${ended.trouble}\n`);
    if (isLost(stdout)) return;
    for (const path of Object.values(ended.files)) rmSync(path as string, { force: true });
  }

  async #printRecord(ended: EndedJob): Promise<void> {
    const [stdout, stderr] = [ended.files.stdout, ended.files.stderr].map((path) => Buffer.concat([...readChunks(path)]).toString());
    await this.#write(this.#options.stdout, `${JSON.stringify(jobRecord(ended, stdout ?? '', stderr ?? ''))}\n`);
  }

  async #copy({ job }: EndedJob, path: string, to: Writable): Promise<void> {
    const tagger = this.#options.tag ? new LineTagger(job.args) : undefined;
    for (const chunk of readChunks(path)) await this.#write(to, tagger === undefined ? chunk : tagger.tag(chunk));
  }

  async #write(to: Writable, chunk: Buffer | string): Promise<void> {
    if (this.#broken.has(to)) return;
    const isTaken = to.write(chunk);
    if (to.errored) this.#broken.add(to);
    if (isTaken || to.errored) return;
    // A stream that breaks closes without ever draining.
    const ended = new AbortController();
    await Promise.race([once(to, 'drain', { signal: ended.signal }), once(to, 'close', { signal: ended.signal })]).catch(() =>
      this.#broken.add(to),
    );
    ended.abort();
  }
}

/** Not where its reader has gone, who wants no more: a disk that is full, say. What was for it is kept then. */
const isLost = ({ errored }: Writable): boolean => errored !== null && (errored as NodeJS.ErrnoException).code !== 'EPIPE';

/** What is in a file; nothing where there is none, since a job that never started has written none. */
function* readChunks(path: string): Generator<Buffer> {
  const fd = openIfThere(path);
  if (fd === undefined) return;
  try {
    // Most output is short: a large buffer for each job would be what the garbage collector is busy with.
    const chunkBytes = Math.min(CHUNK_BYTES, fstatSync(fd).size);
    for (;;) {
      const chunk = Buffer.allocUnsafe(chunkBytes);
      const bytes = readSync(fd, chunk);
      if (bytes === 0) return;
      yield chunk.subarray(0, bytes);
    }
  } finally {
    closeSync(fd);
  }
}

function openIfThere(path: string): number | undefined {
  try {
    return openSync(path, 'r');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
