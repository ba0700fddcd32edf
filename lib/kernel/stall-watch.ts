/**
 * Notices that nothing goes on though tasks wait: none is at an executor, and none has been called, begun or has ended for a while. Such a
 * run waits in silence otherwise, perhaps for ever: for a promise of the script that nobody settles, say.
 */

export const LOOK_MS = 10_000;

interface Watched {
  /** Another number whenever something has happened. */
  readonly progress: number;
  readonly atExecutors: number;
}

export class StallWatch {
  readonly #watched: Watched;
  readonly #tell: () => void;
  #seen = -1;
  #told = -1;

  /** @param tell called once for each time that it stalls. */
  constructor(watched: Watched, tell: () => void) {
    this.#watched = watched;
    this.#tell = tell;
  }

  /** To be called every LOOK_MS while there are tasks. */
  look(): void {
    const { progress, atExecutors } = this.#watched;
    const isStalled = atExecutors === 0 && progress === this.#seen;
    this.#seen = progress;
    if (!isStalled || this.#told === progress) return;
    this.#told = progress;
    this.#tell();
  }
}
