/**
 * Failures in groups of what they say, of which a bounded number is kept, and the large ones among them, in whichever order they come.
 */

interface Group {
  count: number;
}

export class FailureGroups<G extends Group> {
  readonly #most: number;
  readonly #groups = new Map<string, G>();
  /** Failures of groups that are not kept. */
  ungrouped = 0;

  constructor(most: number) {
    this.#most = most;
  }

  /** The group of that key, which has one failure more now. @param create where there is none yet; its count is 0. */
  add(key: string, create: () => G): G {
    let group = this.#groups.get(key);
    if (group === undefined) {
      if (this.#groups.size >= this.#most) this.#dropSmallest();
      group = create();
      this.#groups.set(key, group);
    }
    group.count++;
    return group;
  }

  /** Largest first; those of one size in the order in which they came. */
  all(): G[] {
    return [...this.#groups.values()].sort((a, b) => b.count - a.count);
  }

  /** The oldest of the smallest: what occurs often comes again, and is counted from then on. */
  #dropSmallest(): void {
    let smallest: string | undefined;
    let count = Number.POSITIVE_INFINITY;
    for (const [key, group] of this.#groups) {
      if (group.count < count) [smallest, count] = [key, group.count];
      if (count === 1) break;
    }
    if (smallest === undefined) return;
    this.#groups.delete(smallest);
    this.ungrouped += count;
  }
}
