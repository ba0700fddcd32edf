/**
 * One seeded schedule of faults: a driver, an interchange core and some managers in virtual time, over a network that loses,
 * repeats, reorders and delays. After every event the invariants are checked.
 */
import { type Core, type CoreOptions, createCore, step } from '../../../../../executors/high-throughput/interchange/core.ts';
import type { CoreEvent, Effect } from '../../../../../executors/high-throughput/interchange/core-events.ts';
import type { NodeCapacity } from '../../../../../executors/high-throughput/resources/capacity.ts';
import type { Grant } from '../../../../../executors/high-throughput/resources/grant.ts';
import type { RequestVariant } from '../../../../../lib/resources/request.ts';
import { nodeWith, variantOf } from '../../../../support/resources.ts';
import { Occupancy } from './occupancy.ts';
import { recordEnd } from '../../../../../lib/wire/records.ts';
import { checkPlaces, checkRequests, checkRoom, MIXED } from './invariants.ts';
import { createRandom, type Random } from './random.ts';
import { encodeTasks, SimulatedDriver } from './simulated-driver.ts';
import { type ManagerHost, PERIOD_MS, SimulatedManager, THRESHOLD_MS } from './simulated-manager.ts';
import { Timeline } from './timeline.ts';

/** Functions and how long their tasks keep a worker busy, ms; all beyond what is sent ahead, but for the last. */
const BUSY_MS = [8, 20, 60, 150, 1];
/** No manager is asked more often than this to give tasks back. */
const RECALL_MS = 10;

const onNodes = (count: number): Partial<RequestVariant> => ({
  nodes: { count, ranksPerNode: undefined, threadsPerRank: 1, gpusPerRank: 0, cpuBind: undefined },
});

/** By their number less one; each can be had where the schedule ends. */
const REQUESTS: readonly (readonly Partial<RequestVariant>[])[] = [
  [{ cores: 1 }],
  [{ cores: 0.5, gpus: 0.5 }],
  [{ cores: 3, memoryBytes: 300 }],
  [{ gpus: 2 }, { cores: 2, custom: { port: 1 } }],
  [{ cores: 0.25, custom: { licence: 2 } }],
  [onNodes(1)],
  [onNodes(2)],
];

const LAST_NODE = nodeWith({
  cpus: [[0, 1, 2, 3]],
  gpus: ['0', '1'],
  memoryBytes: 500,
  custom: { licence: 2, port: ['x', 'y'] },
  slots: 3,
});

export class Simulation implements ManagerHost {
  readonly timeline = new Timeline();
  readonly random: Random;
  readonly driver = new SimulatedDriver();
  readonly managers = new Map<string, SimulatedManager>();
  core: Core;
  /** How often a manager was asked to give tasks back. */
  recalls = 0;
  /** How each task waits, as the queue should hold them: per priority the names in order. */
  readonly waiting = new Map<number, string[]>();
  readonly occupancy = new Occupancy();
  /** Try → who leads it, of those that run on several nodes. */
  readonly #gangs = new Map<string, string>();
  /** In the other schedules no task asks for anything, and no manager says what it has. */
  readonly #mayAsk: boolean;
  readonly #options: CoreOptions;
  readonly #faults: { lose: number; repeat: number; slow: number };
  /** In the other schedules nothing may ever be told twice. */
  readonly #mayCrash: boolean;
  #healed = false;
  readonly #deliveredTo = new Map<string, string>();
  readonly #recalledMs = new Map<string, number>();
  #nextManager = 0;
  #coreIncarnation = 0;

  constructor(seed: number) {
    this.random = createRandom(seed);
    const { random } = this;
    this.#options = {
      protocol: 1,
      packageVersion: '1',
      heartbeatPeriodMs: PERIOD_MS,
      heartbeatThresholdMs: THRESHOLD_MS,
      prefetchCapacity: ([0, 2, 'auto'] as const)[random.below(3)] ?? 0,
      quarantineMs: 2000,
      managerSelector: random.chance(0.5) ? 'random' : 'blockId',
      agingMs: 1000,
      pick: (n) => random.below(n),
    };
    this.#mayAsk = random.chance(0.7);
    this.#mayCrash = random.chance(0.5);
    this.#faults = { lose: random.next() * 0.1, repeat: random.next() * 0.1, slow: random.next() * 0.3 };
    this.core = createCore(this.#options);
    this.#defineAll();
    for (let i = 0; i <= random.below(3); i++) this.addManager();
    this.#tickSoon();
  }

  get prefetch(): number {
    return this.#options.prefetchCapacity === 'auto' ? 0 : this.#options.prefetchCapacity;
  }

  run(steps: number): void {
    for (let i = 0; i < steps; i++) {
      if (this.random.chance(0.15)) this.#disturb();
      this.timeline.step();
    }
  }

  /** No more faults; everything must come to its end. */
  heal(): void {
    this.#healed = true;
    for (const manager of this.managers.values()) if (manager.frozen) manager.thaw();
    for (let i = 0; i < 2; i++) this.addManager('last', LAST_NODE);
    const deadline = this.timeline.now + 120_000;
    while (this.driver.outstanding.size > 0) {
      if (this.timeline.now > deadline) throw new Error(`still outstanding after two minutes: ${[...this.driver.outstanding.keys()]}`);
      this.timeline.step();
    }
  }

  busyMs(fnId: number): number {
    if (fnId === MIXED && this.random.chance(0.1)) return 150;
    return BUSY_MS[fnId] ?? 10;
  }

  delivered(name: string, manager: string): void {
    const other = this.#deliveredTo.get(name);
    if (other !== undefined) throw new Error(`try ${name} was delivered to ${manager} and before to ${other}`);
    this.#deliveredTo.set(name, manager);
  }

  /** From a manager, over the network. */
  toCore(event: CoreEvent): void {
    const incarnation = this.#coreIncarnation;
    this.#overNetwork(() => {
      // A connection ends with its interchange: what was on its way to the old one the new one does not see.
      if (incarnation === this.#coreIncarnation) this.#tellCore('at' in event ? { ...event, at: this.timeline.now } : event);
    });
  }

  addManager(block = String(this.random.below(3)), last?: NodeCapacity): void {
    const id = `m${this.#nextManager++}`;
    const slots = 1 + this.random.below(4);
    const isPlain = !this.#mayAsk || (last === undefined && this.random.chance(0.1));
    this.managers.set(id, new SimulatedManager(id, block, isPlain ? slots : (last ?? this.#anyNode(slots)), this));
  }

  #anyNode(slots: number): NodeCapacity {
    const { random } = this;
    const cpus = [0, 1].map((numa) => Array.from({ length: 1 + random.below(3) }, (_, i) => numa * 3 + i));
    const gpus = Array.from({ length: random.below(3) }, (_, i) => String(i));
    return nodeWith({ cpus, gpus, memoryBytes: 500, custom: { licence: random.below(3), port: ['x', 'y'] }, slots });
  }

  gangBegins(name: string, leader: string, { nodes = [] }: Grant): void {
    // Its leader was given up before it had even begun: as below.
    if (this.driver.told.has(name)) return;
    this.#gangs.set(name, leader);
    for (const { managerId } of nodes) {
      const capacity = this.managers.get(managerId)?.capacity;
      if (managerId === leader || capacity === undefined) continue;
      const cpus = capacity.cpus.flat().map((cpu) => [cpu, 1] as const);
      this.occupancy.begin(managerId, name, { cpus, gpu: -1, memoryBytes: 0 });
    }
  }

  /** Nobody can know what is left on other nodes by a leader that no interchange has heard of. */
  #forgetGangsOf(leader: string): void {
    for (const [name, id] of this.#gangs) if (id === leader) this.#forgetGang(name, leader);
  }

  #forgetGang(name: string, leader: string): void {
    for (const other of this.managers.keys()) if (other !== leader) this.occupancy.endAt(other, name);
  }

  #overNetwork(deliver: () => void): void {
    const { lose, repeat, slow } = this.#healed ? { lose: 0, repeat: 0, slow: 0 } : this.#faults;
    if (this.random.chance(lose)) return;
    this.timeline.after(this.random.chance(slow) ? this.random.below(300) : 1, deliver);
    if (this.random.chance(repeat)) this.timeline.after(1 + this.random.below(200), deliver);
  }

  #disturb(): void {
    const { random } = this;
    const manager = [...this.managers.values()][random.below(this.managers.size)];
    const roll = random.next();
    if (roll < 0.55) this.#submitSome();
    else if (roll < 0.7) this.#cancelSome();
    else if (roll < 0.76) this.addManager();
    else if (roll < 0.82) manager?.kill();
    else if (roll < 0.9) this.#freeze(manager);
    else if (roll < 0.94 && manager !== undefined) this.#tellCore({ kind: 'drain', manager: manager.id, at: this.timeline.now });
    else if (roll < 0.96 && manager !== undefined) this.#leave(manager);
    else if (roll < 0.97 && manager !== undefined) this.#tellCore({ kind: 'unreachable', manager: manager.id });
    else if (roll < 0.985 && this.#mayCrash) this.#crash();
  }

  #submitSome(): void {
    for (let i = this.random.below(12); i >= 0; i--)
      this.driver.submit(this.random.below(BUSY_MS.length), this.random.below(3) - 1, this.#anyRequest());
    this.#flushDriver();
  }

  #anyRequest(): number {
    return this.#mayAsk && this.random.chance(0.5) ? 1 + this.random.below(REQUESTS.length) : 0;
  }

  #cancelSome(): void {
    const chosen = [...this.driver.outstanding.values()].filter(() => this.random.chance(0.2));
    if (chosen.length === 0) return;
    const pairs = Buffer.concat(
      chosen.map(({ taskId, tryNumber }) => {
        const pair = Buffer.alloc(8);
        pair.writeUInt32LE(taskId, 0);
        pair.writeUInt32LE(tryNumber, 4);
        this.driver.wasAsked.add(`${taskId}.${tryNumber}`);
        return pair;
      }),
    );
    this.#tellCore({ kind: 'cancel', pairs });
  }

  #freeze(manager: SimulatedManager | undefined): void {
    if (manager === undefined || manager.frozen) return;
    manager.frozen = true;
    this.timeline.after(this.random.below(3 * THRESHOLD_MS), () => manager.thaw());
  }

  #leave(manager: SimulatedManager): void {
    manager.kill();
    this.toCore({ kind: 'left', manager: manager.id, at: 0 });
  }

  /** The interchange dies; the driver starts another and tells it what there was. */
  #crash(): void {
    for (const [name, leader] of this.#gangs) if (this.managers.get(leader)?.runs(name) !== true) this.#forgetGang(name, leader);
    const known = [...this.core.managers.keys(), ...(this.core.recovery?.expected ?? [])];
    this.#coreIncarnation++;
    this.driver.repeatsAllowed = true;
    this.core = createCore(this.#options);
    this.waiting.clear();
    this.#defineAll();
    this.driver.toSubmit = [...this.driver.outstanding.values()];
    this.#perform(
      step(this.core, { kind: 'recover', managers: known, tasks: this.driver.toSubmit.length, graceMs: 400, at: this.timeline.now }),
    );
    this.#flushDriver();
  }

  #defineAll(): void {
    BUSY_MS.forEach((_, fnId) => step(this.core, { kind: 'defined', fnId, bytes: Buffer.from([fnId]) }));
    REQUESTS.forEach((variants, i) =>
      step(this.core, { kind: 'requestDefined', requestId: i + 1, request: { variants: variants.map(variantOf) } }),
    );
  }

  #flushDriver(): void {
    const events: CoreEvent[] = [];
    const tasks = this.driver.toSubmit;
    this.driver.toSubmit = [];
    for (const [priority, group] of Map.groupBy(tasks, (task) => task.priority)) {
      const names = this.waiting.get(priority) ?? [];
      this.waiting.set(priority, names);
      for (const task of group.filter(({ requestId }) => requestId === 0)) names.push(`${task.taskId}.${task.tryNumber}`);
      events.push({ kind: 'tasksArrived', priority, records: encodeTasks(group), at: this.timeline.now });
    }
    this.#tellCore(...events);
  }

  #tickSoon(): void {
    this.timeline.after(PERIOD_MS / 2, () => {
      this.#tellCore({ kind: 'tick', at: this.timeline.now });
      this.#tickSoon();
    });
  }

  /** One turn of the interchange's event loop. */
  #tellCore(...events: CoreEvent[]): void {
    const wasRecovering = this.core.recovery !== undefined;
    for (const event of events) this.#perform(step(this.core, event));
    const effects = step(this.core, { kind: 'turnEnded', at: this.timeline.now });
    if (this.core.recovery === undefined) {
      if (wasRecovering) this.#copyQueue();
      else this.#checkOrder(effects);
    }
    this.#perform(effects);
    if (this.driver.toSubmit.length > 0) return this.#flushDriver();
    checkPlaces(this);
    checkRoom(this);
    checkRequests(this);
  }

  #copyQueue(): void {
    this.waiting.clear();
    for (const lane of this.core.queue.lanes) {
      const names = this.waiting.get(lane.priority) ?? [];
      for (const chunk of lane.chunks.slice(lane.head)) eachRecord(chunk.buffer.subarray(chunk.at), (name) => names.push(name));
      this.waiting.set(lane.priority, names);
    }
  }

  #perform(effects: readonly Effect[]): void {
    for (const effect of effects) {
      if (effect.kind === 'forwardResults') this.driver.takeResults(effect.records);
      else if (effect.kind === 'emit') {
        if (effect.report.kind === 'recovered') for (const id of effect.report.missing) this.#forgetGangsOf(id);
        this.driver.takeReport(effect.report);
      } else if (effect.kind === 'acknowledgeWhenWritten') this.#acknowledge(effect.manager, effect.sequence);
      else if (effect.kind === 'lookAgain') this.timeline.after(effect.inMs, () => this.#tellCore());
      else if ('manager' in effect) {
        if (effect.kind === 'sendRecall') this.#checkRecall(effect.manager);
        this.#overNetwork(() => this.managers.get(effect.manager)?.receive(effect));
      }
    }
  }

  #checkRecall(manager: string): void {
    // Where no slot is left, all is asked back at once.
    if (this.core.managers.get(manager)?.leased === 0) return;
    const ago = this.timeline.now - (this.#recalledMs.get(manager) ?? Number.NEGATIVE_INFINITY);
    if (ago < RECALL_MS) throw new Error(`${manager} was asked to give back tasks ${ago} ms after it had been asked before`);
    this.#recalledMs.set(manager, this.timeline.now);
    this.recalls++;
  }

  #acknowledge(manager: string, sequence: number): void {
    const incarnation = this.#coreIncarnation;
    this.timeline.after(1, () => {
      if (incarnation === this.#coreIncarnation) this.#tellCore({ kind: 'resultsWritten', manager, sequence });
    });
  }

  /** What is placed in a turn is the head of the queue: larger priority first, within one what is tried again, then first come first served. */
  #checkOrder(effects: readonly Effect[]): void {
    const gone = new Set<string>();
    const placed = new Set<string>();
    for (const effect of effects) {
      if (effect.kind === 'forwardResults') eachRecord(effect.records, (name) => gone.add(name));
      if (effect.kind === 'sendTasks') for (const part of effect.parts) eachRecord(part, (name) => placed.add(name));
    }
    for (const [priority, names] of this.waiting)
      this.waiting.set(
        priority,
        names.filter((name) => !gone.has(name)),
      );
    for (const priority of [...this.waiting.keys()].sort((a, b) => b - a)) {
      const names = inTurn(this.waiting.get(priority) ?? []);
      let taken = 0;
      while (taken < names.length && placed.delete(names[taken] as string)) taken++;
      this.waiting.set(priority, names.slice(taken));
      if (taken < names.length) break;
    }
    if (placed.size > 0) throw new Error(`placed out of turn: ${[...placed]}; waiting: ${JSON.stringify([...this.waiting])}`);
  }
}

const inTurn = (names: readonly string[]): string[] => Object.values(Object.groupBy(names, (name) => (name.endsWith('.1') ? 1 : 0))).flat();

function eachRecord(records: Buffer, visit: (name: string) => void): void {
  for (let at = 0; at < records.length; at = recordEnd(records, at))
    visit(`${records.readUInt32LE(at + 4)}.${records.readUInt16LE(at + 12)}`);
}
