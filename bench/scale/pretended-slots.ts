/**
 * The workers of a manager, pretended: each task keeps a slot for as long as its argument says, and ends well. One that says 0 ends at once.
 *
 * Knows task records and slots; must not know how results travel. All managers of a process share one timer.
 */
import { RecordBuffer } from '../../lib/wire/record-buffer.ts';
import { readTaskHeader, recordEnd, ResultStatus, TASK_HEADER_BYTES, type TaskHeader } from '../../lib/wire/records.ts';
import { decodeValue, encodeValue } from '../../lib/wire/value-codec.ts';

const TICK_MS = 5;
const NOTHING = encodeValue(undefined);

interface Waiting {
  readonly header: TaskHeader;
  readonly durationMs: number;
}

interface Running extends Waiting {
  readonly slots: PretendedSlots;
  readonly slot: number;
}

export class PretendedTime {
  #tick = 0;
  readonly #due = new Map<number, Running[]>();
  readonly #startMs = performance.now();
  readonly #timer = setInterval(() => this.#advance(), TICK_MS);

  endLater(running: Running): void {
    const tick = this.#tick + Math.max(1, Math.round(running.durationMs / TICK_MS));
    const others = this.#due.get(tick);
    if (others) others.push(running);
    else this.#due.set(tick, [running]);
  }

  /** Also over ticks that this process was too busy to have. */
  #advance(): void {
    const now = Math.floor((performance.now() - this.#startMs) / TICK_MS);
    while (this.#tick < now) {
      const due = this.#due.get(++this.#tick);
      this.#due.delete(this.#tick);
      for (const running of due ?? []) running.slots.end(running);
    }
  }

  stop(): void {
    clearInterval(this.#timer);
  }
}

export class PretendedSlots {
  readonly #time: PretendedTime;
  readonly #results: (records: Buffer) => void;
  readonly #started: (slot: number) => void;
  readonly #free: number[];
  /** Slots that have had a task. */
  readonly #used = new Set<number>();
  readonly #waiting: Waiting[] = [];
  readonly #held = new Map<number, number>();
  readonly #buffer = new RecordBuffer(0);
  #flushing = false;

  /** @param started told of a slot's first task. */
  constructor(count: number, time: PretendedTime, on: { results(records: Buffer): void; started(slot: number): void }) {
    this.#time = time;
    this.#results = on.results;
    this.#started = on.started;
    this.#free = Array.from({ length: count }, (_, i) => count - 1 - i);
  }

  /** Tasks and tries that have come and not ended. */
  get held(): readonly (readonly [number, number])[] {
    return [...this.#held];
  }

  submit(records: Buffer): void {
    for (let at = 0; at < records.length; at = recordEnd(records, at)) {
      const header = readTaskHeader(records, at);
      const args = decodeValue(records.subarray(at + TASK_HEADER_BYTES + header.contextLength, recordEnd(records, at))) as [number?];
      this.#held.set(header.taskId, header.tryNumber);
      this.#waiting.push({ header, durationMs: args[0] ?? 0 });
    }
    this.#fill();
  }

  #fill(): void {
    let next = 0;
    for (; next < this.#waiting.length && this.#free.length > 0; next++) {
      const { header, durationMs } = this.#waiting[next] as Waiting;
      const slot = this.#free.pop() as number;
      this.#noteUse(slot);
      const running = { slots: this, header, durationMs, slot };
      if (durationMs > 0) this.#time.endLater(running);
      else this.#finish(running);
    }
    this.#waiting.splice(0, next);
  }

  #noteUse(slot: number): void {
    if (this.#used.has(slot)) return;
    this.#used.add(slot);
    this.#started(slot);
  }

  end(running: Running): void {
    this.#finish(running);
    this.#fill();
  }

  #finish({ header: { taskId, tryNumber, fnId }, durationMs, slot }: Running): void {
    this.#free.push(slot);
    this.#held.delete(taskId);
    const durationUs = Math.max(1, durationMs * 1000);
    const startMs = Date.now() - durationMs;
    this.#buffer.appendResult({ taskId, tryNumber, fnId, status: ResultStatus.Ok, durationUs, startMs, worker: slot }, NOTHING);
    if (this.#flushing) return;
    this.#flushing = true;
    queueMicrotask(() => {
      this.#flushing = false;
      this.#results(this.#buffer.take());
    });
  }
}
