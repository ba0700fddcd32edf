/**
 * A core over managers that never fail, under a load that never ends: small tasks, large ones, ones on several nodes, ones that ask for
 * nothing. How long each waits is what counts.
 */
import { expect } from 'chai';
import type { RequestVariant } from '../../../../lib/resources/request.ts';
import { nodeWith } from '../../../support/resources.ts';
import { Bench } from './core-bench.ts';
import { createRandom } from './simulation/random.ts';

const AGING_MS = 2000;
const LONGEST_MS = 900;
const MANAGERS = ['a', 'b', 'c'];
const NODE = nodeWith({ cpus: [[0, 1, 2, 3]], gpus: ['0'], slots: 4 });

const REQUESTS: Partial<RequestVariant>[] = [
  { cores: 1 },
  { cores: 4 },
  { gpus: 0.5, cores: 0.5 },
  { nodes: { count: 3, ranksPerNode: undefined, threadsPerRank: 1, gpusPerRank: 0, cpuBind: undefined } },
];

interface Running {
  readonly manager: string;
  readonly taskId: number;
  readonly endsMs: number;
  readonly isPlain: boolean;
}

/** Keeps every kind of task waiting, and answers as managers do. */
class Load {
  readonly bench = new Bench({ agingMs: AGING_MS });
  readonly started: { readonly kind: number; readonly waitedMs: number }[] = [];
  readonly #random;
  readonly #calledMs = new Map<number, { readonly kind: number; readonly atMs: number }>();
  readonly #waiting = new Map<number, number>();
  #running: Running[] = [];
  readonly #leased = new Map(MANAGERS.map((id) => [id, new Set([0, 1, 2, 3])]));
  readonly #toReclaim = new Map<string, number>();
  readonly #queued = new Map<string, number[]>();
  #nextTask = 1;

  constructor(seed: number) {
    this.#random = createRandom(seed);
    REQUESTS.forEach((variant, i) => this.bench.request(i + 1, variant));
    for (const id of MANAGERS) this.bench.register(id, { slots: 4, capacity: NODE });
  }

  run(ms: number, kinds: readonly number[]): void {
    for (const end = this.bench.at + ms; this.bench.at < end; this.bench.at += 10) {
      for (const kind of kinds) while ((this.#waiting.get(kind) ?? 0) < 4) this.#call(kind);
      this.#endWhatIsOver();
      if (this.bench.at % 500 === 0) this.bench.tell({ kind: 'tick', at: this.bench.at });
      this.#answer();
    }
  }

  #call(kind: number): void {
    this.bench.submit(1, { requestId: kind });
    this.#calledMs.set(this.#nextTask++, { kind, atMs: this.bench.at });
    this.#waiting.set(kind, (this.#waiting.get(kind) ?? 0) + 1);
  }

  #endWhatIsOver(): void {
    const over = this.#running.filter(({ endsMs }) => endsMs <= this.bench.at);
    this.#running = this.#running.filter((running) => !over.includes(running));
    for (const { manager, taskId } of over) this.bench.result(manager, [taskId], { durationUs: 1_000_000 });
  }

  #answer(): void {
    for (const manager of this.bench.core.managers.values()) manager.lastHeardMs = this.bench.at;
    for (const { manager, add, reclaim } of this.bench.leases()) {
      for (const slot of add) this.#leased.get(manager)?.add(slot);
      this.#toReclaim.set(manager, reclaim);
    }
    for (const [manager, ids] of Object.entries(this.bench.placed()))
      this.#queued.set(manager, [...(this.#queued.get(manager) ?? []), ...ids]);
    for (const [manager, grants] of Object.entries(this.bench.granted()))
      for (const { taskId } of grants) this.#start(manager, taskId, false);
    for (const id of MANAGERS) this.#serve(id);
    for (const kind of ['sendDefine', 'forwardResults', 'emit', 'acknowledgeWhenWritten', 'lookAgain'] as const) this.bench.take(kind);
  }

  #serve(id: string): void {
    const leased = this.#leased.get(id) as Set<number>;
    const busy = (): number => this.#running.filter(({ manager, isPlain }) => manager === id && isPlain).length;
    const queued = this.#queued.get(id) ?? [];
    while (queued.length > 0 && busy() < leased.size) this.#start(id, queued.shift() as number, true);
    while ((this.#toReclaim.get(id) ?? 0) > 0 && busy() < leased.size) {
      const [slot] = leased;
      leased.delete(slot as number);
      this.#toReclaim.set(id, (this.#toReclaim.get(id) as number) - 1);
      this.bench.release(id, slot as number);
    }
  }

  #start(manager: string, taskId: number, isPlain: boolean): void {
    const { kind, atMs } = this.#calledMs.get(taskId) as { kind: number; atMs: number };
    this.started.push({ kind, waitedMs: this.bench.at - atMs });
    this.#waiting.set(kind, (this.#waiting.get(kind) as number) - 1);
    this.#running.push({ manager, taskId, isPlain, endsMs: this.bench.at + 100 + this.#random.below(LONGEST_MS - 100) });
  }

  /** The longest that a task of the kind has waited, among those that were started. */
  longestWaitMs(kind: number): number {
    const waits = this.started.filter((each) => each.kind === kind).map(({ waitedMs }) => waitedMs);
    return waits.length === 0 ? Number.POSITIVE_INFINITY : Math.max(...waits);
  }
}

describe('tasks of very different sizes on the same nodes', () => {
  for (const seed of [1, 2, 3]) {
    it(`all get their turn while more of each keep coming (seed ${seed})`, () => {
      const load = new Load(seed);
      const kinds = [0, 1, 2, 3, 4];
      load.run(60_000, kinds);
      // Every kind in turn: the aging limit, and what runs then.
      const bound = kinds.length * (AGING_MS + 2 * LONGEST_MS);
      for (const kind of kinds) expect(load.longestWaitMs(kind), `kind ${kind}`).to.be.at.most(bound);
    });
  }
});
