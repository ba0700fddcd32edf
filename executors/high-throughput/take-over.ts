/**
 * Taking over from a driver that died: its interchange is ended, and another takes its port and keys. The managers come back to that by
 * themselves, as they do when an interchange dies.
 */
import { existsSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { ExecutorFailed } from '../../lib/errors/index.ts';
import { isAlive, type ProcessIdentity } from '../../lib/process-identity.ts';
import { type DurableState, durableStatePath, readDurableState } from './durable-state.ts';

/** Ids that the functions of one driver may use. */
const FUNCTIONS_PER_DRIVER = 2 ** 20;
/** Managers dial again within a second or two; what a slower one holds would run twice. */
export const RETURN_MS = 30_000;
const END_MS = 5000;
const LOOK_MS = 10;

export class TakeOver {
  /** What the driver before this one has left; undefined: nothing, this executor begins anew. */
  readonly from: DurableState | undefined;
  readonly generation: number;
  /** Managers that the next interchange has to wait for, while it has not said that it has recovered, and their blocks. */
  readonly expected = new Map<string, string>();
  readonly #returned = Promise.withResolvers<void>();
  #isUnderWay: boolean;
  #isForgotten = false;
  readonly #path: string | undefined;

  /** @param runDirs of the drivers that died, the latest first. @throws ExecutorFailed if what they left cannot be read. */
  constructor(label: string, runDirs: readonly string[]) {
    this.#path = runDirs.map((runDir) => durableStatePath(join(runDir, label))).find((path) => existsSync(path));
    this.from = readPredecessor(label, this.#path);
    this.generation = (this.from?.generation ?? -1) + 1;
    this.#isUnderWay = this.from !== undefined;
    for (const { managerId, blockId } of this.from?.managers ?? []) this.expected.set(managerId, blockId);
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

  /** Where managers wait for settings that the driver before this one did not live to write. */
  get awaitedSettings(): string[] {
    return this.#path !== undefined && this.from?.port === 0 ? [join(dirname(this.#path), 'manager.json')] : [];
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

  /**
   * There is nothing to take over there any more: managers are given functions of this driver, or are gone. Until then this driver may
   * still find that it cannot begin, because of another executor.
   */
  forget(): void {
    if (this.#isForgotten) return;
    this.#isForgotten = true;
    if (this.#path !== undefined) rmSync(this.#path, { force: true });
  }

  failed(error: Error): void {
    this.#returned.reject(error);
  }
}

function readPredecessor(label: string, path: string | undefined): DurableState | undefined {
  if (path === undefined) return undefined;
  try {
    return readDurableState(path);
  } catch (cause) {
    throw new ExecutorFailed(label, `what ${path} says of its managers cannot be used: ${(cause as Error).message}`, { cause });
  }
}

/** @throws ExecutorFailed if it does not end. */
export async function endInterchange(label: string, interchange: ProcessIdentity): Promise<void> {
  if (isAlive(interchange)) kill(interchange.pid);
  for (const deadline = performance.now() + END_MS; isAlive(interchange); await delay(LOOK_MS)) {
    if (performance.now() > deadline)
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
