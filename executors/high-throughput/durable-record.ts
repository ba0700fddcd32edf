/**
 * Keeps the file by which another driver can take over, for as long as there is something to take over. Owns when it is written: once
 * per turn of the event loop, however much has changed.
 */
import { rmSync } from 'node:fs';
import { type DurableState, writeDurableState } from './durable-state.ts';

export class DurableRecord {
  readonly #path: string;
  readonly #describe: () => DurableState;
  readonly #failed: (error: Error) => void;
  #isDue = false;
  #isOver = false;

  /** @param failed told of each time that it cannot be written. */
  constructor(path: string, describe: () => DurableState, failed: (error: Error) => void) {
    this.#path = path;
    this.#describe = describe;
    this.#failed = failed;
  }

  changed(): void {
    if (this.#isDue) return;
    this.#isDue = true;
    queueMicrotask(() => {
      this.#isDue = false;
      this.writeNow();
    });
  }

  writeNow(): void {
    if (this.#isOver) return;
    try {
      writeDurableState(this.#path, this.#describe());
    } catch (error) {
      this.#failed(error as Error);
    }
  }

  /** Nothing is left to be taken over. */
  end(): void {
    this.#isOver = true;
    rmSync(this.#path, { force: true });
  }
}
