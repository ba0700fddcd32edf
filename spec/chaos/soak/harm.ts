/**
 * Kills and freezes the processes of a run at random, seeded, and counts what it did.
 */
import { setTimeout as pause } from 'node:timers/promises';
import type { Random } from '../../executors/high-throughput/interchange/simulation/random.ts';

export type Role = 'driver' | 'interchange' | 'manager' | 'worker';

export interface Targets {
  /** Living processes of a role. */
  pids(role: Role): readonly number[];
}

interface Fault {
  readonly name: string;
  readonly share: number;
  readonly role: Role;
  readonly signal: 'SIGKILL' | 'SIGSTOP';
  /** Of a freeze. */
  readonly forMs?: readonly [least: number, most: number];
  /** No sooner than this after the last one of its kind: an interchange that dies four times within a minute is given up on purpose. */
  readonly apartMs?: number;
}

const FAULTS: readonly Fault[] = [
  { name: 'worker killed', share: 60, role: 'worker', signal: 'SIGKILL' },
  { name: 'worker frozen for a while', share: 12, role: 'worker', signal: 'SIGSTOP', forMs: [200, 4000] },
  { name: 'manager killed', share: 10, role: 'manager', signal: 'SIGKILL', apartMs: 15_000 },
  { name: 'manager frozen beyond the threshold', share: 6, role: 'manager', signal: 'SIGSTOP', forMs: [3500, 6000], apartMs: 15_000 },
  { name: 'manager frozen for a moment', share: 6, role: 'manager', signal: 'SIGSTOP', forMs: [200, 2000] },
  { name: 'interchange killed', share: 4, role: 'interchange', signal: 'SIGKILL', apartMs: 40_000 },
  { name: 'interchange frozen', share: 4, role: 'interchange', signal: 'SIGSTOP', forMs: [500, 2000], apartMs: 15_000 },
  { name: 'driver frozen', share: 2, role: 'driver', signal: 'SIGSTOP', forMs: [500, 4000], apartMs: 30_000 },
];
const SHARES = FAULTS.reduce((sum, { share }) => sum + share, 0);

export class Harm {
  readonly counts: Record<string, number> = {};
  readonly #targets: Targets;
  readonly #random: Random;
  readonly #last = new Map<Fault, number>();
  /** Are frozen at most. */
  #spared: ReadonlySet<number> = new Set();
  #frozen: Promise<unknown>[] = [];
  #isOver = false;

  constructor(targets: Targets, random: Random) {
    this.#targets = targets;
    this.#random = random;
  }

  /** Until `stop`; done when nothing is frozen any more. @param pauseMs least and most between two faults. */
  async go(pauseMs: readonly [least: number, most: number]): Promise<void> {
    while (!this.#isOver) {
      await pause(between(this.#random, pauseMs));
      if (!this.#isOver) this.#strike(this.#choose());
    }
    await Promise.all(this.#frozen);
  }

  stop(): void {
    this.#isOver = true;
  }

  /** These live on until others are named: only who lives long can show that it does not grow. */
  spare(pids: readonly number[]): void {
    this.#spared = new Set(pids);
  }

  #choose(): Fault {
    let at = this.#random.below(SHARES);
    return FAULTS.find(({ share }) => (at -= share) < 0) as Fault;
  }

  #strike(fault: Fault): void {
    const { name, role, signal, forMs, apartMs = 0 } = fault;
    const now = performance.now();
    if (now - (this.#last.get(fault) ?? Number.NEGATIVE_INFINITY) < apartMs) return;
    const pids = this.#targets.pids(role).filter((pid) => signal !== 'SIGKILL' || !this.#spared.has(pid));
    const pid = pids[this.#random.below(pids.length)];
    if (pid === undefined || !send(pid, signal)) return;
    this.#last.set(fault, now);
    this.counts[name] = (this.counts[name] ?? 0) + 1;
    if (!forMs) return;
    const thaw = pause(between(this.#random, forMs)).then(() => send(pid, 'SIGCONT'));
    this.#frozen = [...this.#frozen.slice(-20), thaw];
  }
}

const between = (random: Random, [least, most]: readonly [number, number]): number => least + random.below(most - least);

function send(pid: number, signal: NodeJS.Signals): boolean {
  try {
    process.kill(pid, signal);
    return true;
  } catch {
    // It was quicker.
    return false;
  }
}
