/** Virtual time: actions in order of their time, equals in order of their making. */
interface Entry {
  readonly at: number;
  readonly order: number;
  readonly action: () => void;
}

export class Timeline {
  now = 1000;
  #order = 0;
  readonly #entries: Entry[] = [];

  after(delayMs: number, action: () => void): void {
    const entry = { at: this.now + delayMs, order: this.#order++, action };
    let i = this.#entries.length;
    while (i > 0 && (this.#entries[i - 1] as Entry).at > entry.at) i--;
    this.#entries.splice(i, 0, entry);
  }

  /** Runs the next action. */
  step(): void {
    const entry = this.#entries.shift();
    if (entry === undefined) throw new Error('nothing is left to happen');
    this.now = entry.at;
    entry.action();
  }
}
