/**
 * What goes wrong beside processes: the disk, the clock, the script's event loop, strangers at the port, cancellations by the hundred.
 */
import { readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { Random } from '../../executors/high-throughput/interchange/simulation/random.ts';
import type { TestRun } from '../../support/high-throughput.ts';
import type { SmallDisk } from './small-disk.ts';
import type { Work } from './work.ts';

const EVERY_MS = 4000;
const FULL_MS = 5000;
const HOUR_MS = 3_600_000;
const LONGEST_BLOCK_MS = 5000;

export class Trouble {
  readonly counts: Record<string, number> = {};
  readonly #run: TestRun;
  readonly #work: Work;
  readonly #disk: SmallDisk;
  readonly #random: Random;

  constructor(run: TestRun, work: Work, disk: SmallDisk, random: Random) {
    this.#run = run;
    this.#work = work;
    this.#disk = disk;
    this.#random = random;
  }

  /** @param end by performance.now(). */
  async go(end: number): Promise<void> {
    const real = Date.now;
    const kinds: readonly [name: string, make: () => Promise<void> | void][] = [
      ['disk full', () => this.#fillDisk()],
      ['clock set', () => void (Date.now = () => real() + HOUR_MS * (this.#random.below(3) - 1))],
      ['script blocked', () => void Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, this.#random.below(LONGEST_BLOCK_MS))],
      ['strangers at the port', () => this.#knock()],
      ['hundreds cancelled', () => this.#work.cancelMany()],
    ];
    try {
      while (performance.now() < end) {
        await pause(this.#random.below(EVERY_MS));
        const [name, make] = kinds[this.#random.below(kinds.length)] as (typeof kinds)[number];
        this.counts[name] = (this.counts[name] ?? 0) + 1;
        await make();
      }
    } finally {
      Date.now = real;
      this.#disk.empty();
    }
  }

  async #fillDisk(): Promise<void> {
    this.#disk.fill();
    await pause(FULL_MS);
    this.#disk.empty();
  }

  /** With what may be the beginning of ZeroMQ's greeting, and then is not. */
  #knock(): void {
    const settings = JSON.parse(readFileSync(join(this.#run.folder(), 'keys', 'manager.json'), 'utf8')) as { port: number };
    for (let i = 0; i < 10; i++) {
      const bytes = Buffer.from(Array.from({ length: 1 + this.#random.below(3000) }, () => this.#random.below(256)));
      if (this.#random.chance(0.5)) bytes[0] = 0xff;
      const socket = connect(settings.port, '127.0.0.1');
      // It may be between two interchanges, or hang up.
      socket.on('error', () => undefined);
      socket.end(bytes);
      setTimeout(() => socket.destroy(), 1000);
    }
  }
}
