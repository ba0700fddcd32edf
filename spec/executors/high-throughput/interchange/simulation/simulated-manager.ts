/**
 * A manager in virtual time: the real session of manager-session.ts over pretended workers.
 */
import type { CoreEvent, Effect, Try } from '../../../../../executors/high-throughput/interchange/core-events.ts';
import {
  createSession,
  type Session,
  type SessionEffect,
  type SessionEvent,
  stepSession,
} from '../../../../../executors/high-throughput/manager-session.ts';
import { encodeResult, recordEnd, ResultStatus } from '../../../../../lib/wire/records.ts';
import type { NodeCapacity } from '../../../../../executors/high-throughput/resources/capacity.ts';
import type { Grant, SlotLease, TaskGrant } from '../../../../../executors/high-throughput/resources/grant.ts';
import type { Occupancy } from './occupancy.ts';
import type { Random } from './random.ts';
import type { Timeline } from './timeline.ts';

export const PERIOD_MS = 100;
export const THRESHOLD_MS = 500;

interface HeldTask {
  /** Where it runs, if it is one that asks for nothing. */
  readonly slot?: number;
  readonly grant?: Grant;
  readonly taskId: number;
  readonly tryNumber: number;
  readonly fnId: number;
}

export interface ManagerHost {
  readonly timeline: Timeline;
  readonly random: Random;
  toCore(event: CoreEvent): void;
  delivered(name: string, manager: string): void;
  busyMs(fnId: number): number;
  /** Absent: no task has a grant. */
  readonly occupancy?: Occupancy;
  /** The try runs on several nodes, led by that manager. */
  gangBegins?(name: string, leader: string, grant: Grant): void;
}

export class SimulatedManager {
  readonly id: string;
  readonly blockId: string;
  readonly slots: number;
  readonly capacity: NodeCapacity | undefined;
  readonly leased: Set<number>;
  #toReclaim = 0;
  alive = true;
  frozen = false;
  /** fnIds that were defined here. */
  readonly knows = new Set<number>();
  readonly #host: ManagerHost;
  readonly #session: Session;
  #waiting: HeldTask[] = [];
  readonly #running = new Map<string, HeldTask>();
  #backlog: (() => void)[] = [];

  /** @param node its slots, or what it has. */
  constructor(id: string, blockId: string, node: number | NodeCapacity, host: ManagerHost) {
    this.id = id;
    this.blockId = blockId;
    this.capacity = typeof node === 'number' ? undefined : node;
    this.slots = typeof node === 'number' ? node : node.slots.length;
    this.leased = new Set(Array.from({ length: this.slots }, (_, slot) => slot));
    if (this.capacity !== undefined) host.occupancy?.addNode(id, this.capacity);
    for (const slot of this.leased) this.#occupy(slot, host);
    this.#host = host;
    this.#session = createSession({ heartbeatPeriodMs: PERIOD_MS, heartbeatThresholdMs: THRESHOLD_MS, describe: () => this.#describe() });
    this.#tell({ kind: 'start', at: host.timeline.now });
    this.#tickSoon();
  }

  /** Delivers what the core has sent. */
  receive(effect: Effect): void {
    this.#whenThawed(() => {
      const event = toSessionEvent(effect, this.#host.timeline.now);
      if (event !== undefined) this.#tell(event);
    });
  }

  kill(): void {
    this.alive = false;
    // What its tasks have on other nodes goes on.
    this.#host.occupancy?.removeNode(this.id);
  }

  #occupy(slot: number, { occupancy }: ManagerHost): void {
    const claim = this.capacity?.slots[slot];
    if (claim !== undefined) occupancy?.begin(this.id, `slot ${slot}`, claim);
  }

  thaw(): void {
    this.frozen = false;
    const backlog = this.#backlog;
    this.#backlog = [];
    for (const action of backlog) action();
  }

  #describe() {
    const held: Try[] = [...this.#waiting, ...this.#running.values()].map((task) => [task.taskId, task.tryNumber]);
    const grants = [...this.#running.values()].flatMap(({ taskId, tryNumber, grant }) => (grant ? [{ taskId, tryNumber, grant }] : []));
    const resources = this.capacity && { capacity: this.capacity, leased: [...this.leased], grants };
    return { protocol: 1, version: '1', blockId: this.blockId, host: `host-${this.id}`, slots: this.slots, held, ...resources, info: {} };
  }

  #whenThawed(action: () => void): void {
    if (!this.alive) return;
    if (this.frozen) this.#backlog.push(action);
    else action();
  }

  #tickSoon(): void {
    if (!this.alive) return;
    this.#host.timeline.after(PERIOD_MS / 2, () => {
      if (!this.frozen) this.#tell({ kind: 'tick', at: this.#host.timeline.now });
      this.#tickSoon();
    });
  }

  #tell(event: SessionEvent): void {
    if (!this.alive) return;
    for (const effect of stepSession(this.#session, event)) this.#perform(effect);
  }

  #perform(effect: SessionEffect): void {
    const at = this.#host.timeline.now;
    switch (effect.kind) {
      case 'sendRegister':
        return this.#host.toCore({ kind: 'registered', manager: this.id, registration: effect.registration, at });
      case 'sendResults':
        return this.#host.toCore({ kind: 'resultsArrived', manager: this.id, sequence: effect.sequence, records: effect.parts, at });
      case 'sendHeartbeat':
        return this.#host.toCore({ kind: 'heartbeat', manager: this.id, sequence: effect.sequence, at });
      case 'deliverTasks':
        for (const part of effect.parts) this.#take(part);
        return this.#startWork();
      case 'deliverGranted':
        return this.#startGranted(effect.grants, effect.records);
      case 'deliverLease':
        return this.#lease(effect.lease);
      case 'deliverDefine':
        this.knows.add(effect.fnId);
        return;
      case 'deliverCancel':
        return this.#cancel(effect.pairs);
      case 'deliverClear':
        return this.#clear(effect.pairs);
      case 'deliverRecall':
        return this.#giveBack(effect.count);
      case 'shutdown':
      case 'lost':
      case 'refused':
        return this.kill();
      default:
        return;
    }
  }

  #take(records: Buffer): void {
    this.#waiting.push(...this.#read(records));
  }

  #read(records: Buffer): HeldTask[] {
    const tasks: HeldTask[] = [];
    for (let at = 0; at < records.length; at = recordEnd(records, at)) {
      const fnId = records.readUInt32LE(at + 8);
      if (!this.knows.has(fnId)) throw new Error(`${this.id} got a task of function ${fnId}, which nobody defined there`);
      const task = { taskId: records.readUInt32LE(at + 4), tryNumber: records.readUInt16LE(at + 12), fnId };
      this.#host.delivered(nameOf(task), this.id);
      tasks.push(task);
    }
    return tasks;
  }

  #startWork(): void {
    for (const slot of this.leased) {
      if ([...this.#running.values()].some((task) => task.slot === slot)) continue;
      const task = this.#waiting.shift();
      if (task === undefined) return;
      this.#run({ ...task, slot });
    }
  }

  #startGranted(grants: readonly TaskGrant[], records: Buffer): void {
    this.#read(records).forEach((task, i) => {
      const { taskId, tryNumber, grant } = grants[i] as TaskGrant;
      if (taskId !== task.taskId || tryNumber !== task.tryNumber)
        throw new Error(`the grant of ${taskId}.${tryNumber} is with another task`);
      this.#host.occupancy?.begin(this.id, nameOf(task), grant);
      if (grant.nodes !== undefined) this.#host.gangBegins?.(nameOf(task), this.id, grant);
      this.#run({ ...task, grant });
    });
  }

  #run(task: HeldTask): void {
    this.#running.set(nameOf(task), task);
    const busyMs = this.#host.busyMs(task.fnId);
    this.#host.timeline.after(busyMs, () => this.#whenThawed(() => this.#stop(task, ResultStatus.Ok, busyMs * 1000)));
  }

  #stop(task: HeldTask, status: ResultStatus, durationUs: number): void {
    if (!this.#running.delete(nameOf(task))) return;
    // Who starts the rest returns in order when that has ended; who is killed leaves it where it is.
    if (status === ResultStatus.Ok) this.#host.occupancy?.end(nameOf(task));
    else this.#host.occupancy?.endAt(this.id, nameOf(task));
    this.#finish(task, status, durationUs);
  }

  #lease({ add, reclaim }: SlotLease): void {
    this.#toReclaim = reclaim;
    for (const slot of add) {
      if (this.leased.has(slot)) throw new Error(`slot ${slot} of ${this.id} is leased twice`);
      this.leased.add(slot);
      this.#occupy(slot, this.#host);
    }
    this.#startWork();
    this.#releaseIdle();
  }

  /** Where none is left, what waits goes back. */
  #releaseIdle(): void {
    for (const slot of [...this.leased]) {
      if (this.#toReclaim === 0) break;
      if ([...this.#running.values()].some((task) => task.slot === slot)) continue;
      this.#toReclaim--;
      this.leased.delete(slot);
      this.#host.occupancy?.endAt(this.id, `slot ${slot}`);
      const ids = { taskId: 0, tryNumber: 0, fnId: 0 };
      const record = encodeResult({ ...ids, status: ResultStatus.SlotReleased, durationUs: 0, startMs: 0, worker: slot });
      this.#tell({ kind: 'resultsReady', parts: [record] });
    }
    if (this.leased.size === 0) this.#giveBack(this.#waiting.length);
  }

  #cancel(pairs: Buffer): void {
    for (let at = 0; at < pairs.length; at += 8) {
      const isIt = (task: HeldTask): boolean => task.taskId === pairs.readUInt32LE(at) && task.tryNumber === pairs.readUInt32LE(at + 4);
      const task = [...this.#waiting, ...this.#running.values()].find(isIt);
      if (task === undefined) continue;
      if (this.#running.has(nameOf(task))) this.#end(task);
      else {
        this.#waiting = this.#waiting.filter((other) => other !== task);
        this.#finish(task, ResultStatus.Cancelled, 0);
      }
    }
  }

  /** Ends what others have left here. */
  #clear(pairs: Buffer): void {
    for (let at = 0; at < pairs.length; at += 8) {
      const task = { taskId: pairs.readUInt32LE(at), tryNumber: pairs.readUInt32LE(at + 4), fnId: 0 };
      const ended = (): void => {
        this.#host.occupancy?.endAt(this.id, nameOf(task));
        this.#finish(task, ResultStatus.Cancelled, 0);
      };
      this.#host.timeline.after(this.#host.random.below(50), () => this.#whenThawed(ended));
    }
  }

  /** Whether it runs a try that it has begun. */
  runs(name: string): boolean {
    return this.alive && this.#running.has(name);
  }

  /** What has a grant takes a while to end. */
  #end(task: HeldTask): void {
    if (task.grant === undefined) return this.#stop(task, ResultStatus.Cancelled, 0);
    this.#host.timeline.after(this.#host.random.below(50), () => this.#whenThawed(() => this.#stop(task, ResultStatus.Cancelled, 0)));
  }

  #giveBack(count: number): void {
    for (const task of this.#waiting.splice(0, count)) this.#finish(task, ResultStatus.Unstarted, 0);
  }

  #finish({ taskId, tryNumber, fnId }: HeldTask, status: ResultStatus, durationUs: number): void {
    const record = encodeResult({ taskId, tryNumber, fnId, status, durationUs, startMs: this.#host.timeline.now, worker: 0 });
    this.#tell({ kind: 'resultsReady', parts: [record] });
    if (this.#toReclaim > 0) this.#releaseIdle();
    this.#startWork();
  }
}

const nameOf = ({ taskId, tryNumber }: HeldTask): string => `${taskId}.${tryNumber}`;

function toSessionEvent(effect: Effect, at: number): SessionEvent | undefined {
  switch (effect.kind) {
    case 'sendTasks':
      return { ...effect, kind: 'tasks', at };
    case 'sendGranted':
      return { ...effect, kind: 'granted', records: Buffer.concat(effect.parts), at };
    case 'sendLease':
      return { ...effect, kind: 'lease', at };
    case 'sendDefine':
      return { ...effect, kind: 'define', at };
    case 'sendCancel':
      return { ...effect, kind: 'cancel', at };
    case 'sendClear':
      return { ...effect, kind: 'clear', at };
    case 'sendRecall':
      return { ...effect, kind: 'recall', at };
    case 'sendDrain':
      return { ...effect, kind: 'drain', at };
    case 'sendHeartbeat':
      return { ...effect, kind: 'heartbeat', at };
    case 'sendRegistered':
      return { ...effect, kind: 'registered', at };
    case 'sendRefused':
      return { ...effect, kind: 'refused', at };
    case 'sendWhoAreYou':
      return { kind: 'whoAreYou', at };
    case 'sendShutdown':
      return { ...effect, kind: 'shutdown', at };
    default:
      return undefined;
  }
}
