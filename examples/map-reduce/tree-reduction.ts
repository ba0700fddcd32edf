/**
 * Combines values two by two as they come, like the carries of a binary counter: of n values none goes through more than
 * log2(n) + 1 combinations, and those that do not depend on each other run side by side.
 */

export class TreeReduction<T> {
  readonly #combine: (a: T | PromiseLike<T>, b: T | PromiseLike<T>) => PromiseLike<T>;
  /** At place i: what stands for 2^i values, if there is such. */
  readonly #levels: (T | PromiseLike<T> | undefined)[] = [];

  /** @param combine an app's call: it takes futures, and is not waited for here. The order of values is kept. */
  constructor(combine: (a: T | PromiseLike<T>, b: T | PromiseLike<T>) => PromiseLike<T>) {
    this.#combine = combine;
  }

  add(value: T): void {
    let carried: T | PromiseLike<T> = value;
    let level = 0;
    for (let other = this.#levels[level]; other !== undefined; other = this.#levels[++level]) {
      carried = this.#combine(other, carried);
      this.#levels[level] = undefined;
    }
    this.#levels[level] = carried;
  }

  /** All of them combined; undefined if there were none. */
  async result(): Promise<T | undefined> {
    let total: T | PromiseLike<T> | undefined;
    for (const part of this.#levels) {
      if (part === undefined) continue;
      total = total === undefined ? part : this.#combine(part, total);
    }
    return await total;
  }
}
