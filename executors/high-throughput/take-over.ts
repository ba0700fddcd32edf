/**
 * Taking over from a driver that died: its interchange is ended, and another takes its port and keys. The managers come back to that by
 * themselves, as they do when an interchange dies.
 */
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { ExecutorFailed } from '../../lib/errors/index.ts';
import { isAlive, type ProcessIdentity } from '../../lib/process-identity.ts';
import { type DurableState, durableStatePath, readDurableState } from './durable-state.ts';

/** Ids that the functions of one driver may use. */
const FUNCTIONS_PER_DRIVER = 2 ** 20;
/** Managers dial again within a second or two. */
export const RETURN_MS = 10_000;
const END_MS = 5000;
const LOOK_MS = 10;

export class TakeOver {
  /** What the driver before this one has left; undefined: nothing, this executor begins anew. */
  readonly from: DurableState | undefined;
  readonly generation: number;
  readonly #returned = Promise.withResolvers<void>();
  #isUnderWay: boolean;

  /** @param runDir of the driver that died, if any did. @throws ExecutorFailed if what it left cannot be read. */
  constructor(label: string, runDir: string | undefined) {
    this.from = readPredecessor(label, runDir);
    this.generation = (this.from?.generation ?? -1) + 1;
    this.#isUnderWay = this.from !== undefined;
    this.#returned.promise.catch(() => undefined);
  }

  /** Until its managers are back, or given up. */
  get isUnderWay(): boolean {
    return this.#isUnderWay;
  }

  /** Managers know functions of earlier drivers by number: those of this one have others. */
  get firstFunction(): number {
    return this.generation * FUNCTIONS_PER_DRIVER;
  }

  /** Keeps the process alive meanwhile. */
  async untilDone(): Promise<void> {
    const alive = setInterval(() => undefined, 2 ** 30);
    try {
      await this.#returned.promise;
    } finally {
      clearInterval(alive);
    }
  }

  done(): void {
    this.#isUnderWay = false;
    this.#returned.resolve();
  }

  failed(error: Error): void {
    this.#returned.reject(error);
  }
}

function readPredecessor(label: string, runDir: string | undefined): DurableState | undefined {
  if (runDir === undefined) return undefined;
  try {
    return readDurableState(durableStatePath(join(runDir, label)));
  } catch (cause) {
    throw new ExecutorFailed(label, `what ${runDir} says of its managers cannot be used: ${(cause as Error).message}`, { cause });
  }
}

/** @throws ExecutorFailed if it does not end. */
export async function endInterchange(label: string, interchange: ProcessIdentity): Promise<void> {
  if (isAlive(interchange)) kill(interchange.pid);
  for (const deadline = Date.now() + END_MS; isAlive(interchange); await delay(LOOK_MS)) {
    if (Date.now() > deadline)
      throw new ExecutorFailed(label, `the interchange of the run that is resumed, process ${interchange.pid}, does not end`);
  }
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It has ended by itself in between, or is somebody else's: whether it is there is looked at next.
  }
}
