/**
 * Which slots of a pool may be given tasks at present, and how many of those are to be released as soon as they have nothing to do.
 */
import type { Slot } from './slot.ts';

export class SlotLeases {
  readonly #slots: readonly Slot[];
  readonly #leased: Set<Slot>;
  #toReclaim = 0;

  constructor(slots: readonly Slot[], leased: readonly Slot[]) {
    this.#slots = slots;
    this.#leased = new Set(leased);
  }

  get count(): number {
    return this.#leased.size;
  }

  get indices(): number[] {
    return [...this.#leased].map(({ index }) => index).sort((a, b) => a - b);
  }

  /** @returns those that were not leased: they are idle. Replaces what is still to be reclaimed. */
  change(add: readonly number[], reclaim: number): Slot[] {
    this.#toReclaim = reclaim;
    const added = this.#slots.filter((slot) => add.includes(slot.index) && !this.#leased.has(slot));
    for (const slot of added) this.#leased.add(slot);
    return added;
  }

  /** Asked of a slot that is idle. @returns whether it is released by that. */
  reclaim(slot: Slot): boolean {
    if (this.#toReclaim <= 0) return false;
    this.#toReclaim--;
    return this.#leased.delete(slot);
  }
}
