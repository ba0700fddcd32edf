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
import type { Random } from './random.ts';
import type { Timeline } from './timeline.ts';

export const PERIOD_MS = 100;
export const THRESHOLD_MS = 500;

interface HeldTask {
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
}

export class SimulatedManager {
  readonly id: string;
  readonly blockId: string;
  readonly slots: number;
  alive = true;
  frozen = false;
  /** fnIds that were defined here. */
  readonly knows = new Set<number>();
  readonly #host: ManagerHost;
  readonly #session: Session;
  #waiting: HeldTask[] = [];
  readonly #running = new Map<string, HeldTask>();
  #backlog: (() => void)[] = [];

  constructor(id: string, blockId: string, slots: number, host: ManagerHost) {
    this.id = id;
    this.blockId = blockId;
    this.slots = slots;
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
  }

  thaw(): void {
    this.frozen = false;
    const backlog = this.#backlog;
    this.#backlog = [];
    for (const action of backlog) action();
  }

  #describe() {
    const held: Try[] = [...this.#waiting, ...this.#running.values()].map((task) => [task.taskId, task.tryNumber]);
    return { protocol: 1, version: '1', blockId: this.blockId, host: `host-${this.id}`, slots: this.slots, held, info: {} };
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
      case 'deliverDefine':
        this.knows.add(effect.fnId);
        return;
      case 'deliverCancel':
        return this.#cancel(effect.pairs);
      case 'deliverRecall':
        return this.#giveBack(effect.count);
      case 'shutdown':
      case 'lost':
      case 'refused':
        this.alive = false;
        return;
      default:
        return;
    }
  }

  #take(records: Buffer): void {
    for (let at = 0; at < records.length; at = recordEnd(records, at)) {
      const fnId = records.readUInt32LE(at + 8);
      if (!this.knows.has(fnId)) throw new Error(`${this.id} got a task of function ${fnId}, which nobody defined there`);
      const task = { taskId: records.readUInt32LE(at + 4), tryNumber: records.readUInt16LE(at + 12), fnId };
      this.#host.delivered(`${task.taskId}.${task.tryNumber}`, this.id);
      this.#waiting.push(task);
    }
  }

  #startWork(): void {
    while (this.#running.size < this.slots) {
      const task = this.#waiting.shift();
      if (task === undefined) return;
      const key = `${task.taskId}.${task.tryNumber}`;
      this.#running.set(key, task);
      const busyMs = this.#host.busyMs(task.fnId);
      this.#host.timeline.after(busyMs, () =>
        this.#whenThawed(() => {
          if (this.#running.delete(key)) this.#finish(task, ResultStatus.Ok, busyMs * 1000);
        }),
      );
    }
  }

  #cancel(pairs: Buffer): void {
    for (let at = 0; at < pairs.length; at += 8) {
      const isIt = (task: HeldTask): boolean => task.taskId === pairs.readUInt32LE(at) && task.tryNumber === pairs.readUInt32LE(at + 4);
      const task = [...this.#waiting, ...this.#running.values()].find(isIt);
      if (task === undefined) continue;
      this.#waiting = this.#waiting.filter((other) => other !== task);
      this.#running.delete(`${task.taskId}.${task.tryNumber}`);
      this.#finish(task, ResultStatus.Cancelled, 0);
    }
  }

  #giveBack(count: number): void {
    for (const task of this.#waiting.splice(0, count)) this.#finish(task, ResultStatus.Unstarted, 0);
  }

  #finish({ taskId, tryNumber, fnId }: HeldTask, status: ResultStatus, durationUs: number): void {
    const record = encodeResult({ taskId, tryNumber, fnId, status, durationUs, startMs: this.#host.timeline.now, worker: 0 });
    this.#tell({ kind: 'resultsReady', parts: [record] });
    this.#startWork();
  }
}

function toSessionEvent(effect: Effect, at: number): SessionEvent | undefined {
  switch (effect.kind) {
    case 'sendTasks':
      return { ...effect, kind: 'tasks', at };
    case 'sendDefine':
      return { ...effect, kind: 'define', at };
    case 'sendCancel':
      return { ...effect, kind: 'cancel', at };
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
