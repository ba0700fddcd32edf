/** A pool of slots over workers that do what a spec says, when it says so. */
import { SlotPool, type SlotPoolOptions } from '../../../executors/workers/slot-pool.ts';
import type { Batch, Runner, RunnerEvents, TaskTag, WorkerExit } from '../../../executors/workers/runner.ts';
import { unpackWireError } from '../../../lib/errors/wire.ts';
import { ResultStatus } from '../../../lib/wire/records.ts';
import { resultRecord, resultsOf, statusName, taskIdsOf, taskRecords, type TaskToMake } from '../../support/task-records.ts';

const DIED: WorkerExit = { exitCode: 3, signal: null, stderrTail: 'last words\n', finished: Buffer.alloc(0) };

/** A worker that does what the spec says, when it says so, and writes down what was asked of it. */
export class ScriptedRunner implements Runner {
  readonly slot: number;
  readonly asked: string[] = [];
  batch: Batch | undefined;
  journal: Buffer = Buffer.alloc(0);
  /** How many tasks of its batch it keeps when the rest is taken back; undefined: that cannot be said. */
  kept: number | undefined;
  endsOnlyTask = false;
  readonly #events: RunnerEvents;

  constructor(slot: number, events: RunnerEvents) {
    this.slot = slot;
    this.#events = events;
  }

  run(batch: Batch): void {
    if (this.batch) throw new Error(`slot ${this.slot} got a batch while it had one`);
    this.batch = batch;
    this.journal = Buffer.alloc(0);
    this.kept = undefined;
    this.asked.push(`run ${taskIdsOf(batch.records).join(' ')}`);
  }

  finished(): Buffer {
    return this.journal;
  }

  takeBack(): number | undefined {
    const { kept } = this;
    if (kept !== undefined) this.asked.push(`take back all but ${kept}`);
    return kept;
  }

  kill(signal: string, { taskId }: TaskTag): void {
    this.asked.push(`${signal} ${taskId}`);
  }

  async close(): Promise<void> {
    this.asked.push('close');
  }

  killNow(): void {
    this.asked.push('killNow');
  }

  /** Results for these of its tasks; all that it has kept: the batch is done. */
  finish(...taskIds: number[]): void {
    const all = taskIdsOf(this.batch?.records ?? Buffer.alloc(0));
    const last = all.slice(0, this.kept).at(-1);
    if (last !== undefined && taskIds.includes(last)) this.batch = undefined;
    this.#events.results(Buffer.concat(taskIds.map((id) => resultRecord(id))));
  }

  finishAll(): void {
    this.finish(...taskIdsOf(this.batch?.records ?? Buffer.alloc(0)));
  }

  /** It has looked at the limit, and goes no further. */
  endEarly(): void {
    this.batch = undefined;
    this.#events.endedEarly();
  }

  die(exit: Partial<WorkerExit> = {}): void {
    this.batch = undefined;
    this.#events.lost({ ...DIED, ...exit });
  }
}

let opened: SlotPool[] = [];

/** Ends what was opened since. */
export function closeStages(): void {
  for (const pool of opened) pool.killNow();
  opened = [];
}

export class Stage {
  readonly pool: SlotPool;
  readonly runners: ScriptedRunner[] = [];
  /** "7 ok" for each result. */
  readonly results: string[] = [];
  readonly errors = new Map<number, ReturnType<typeof unpackWireError>>();

  constructor(
    slots: number,
    runnerKey: (fnId: number) => string | undefined = () => 'js',
    options: Pick<SlotPoolOptions, 'firstSlot' | 'leased' | 'endsWorkers'> = {},
  ) {
    this.pool = new SlotPool({
      ...options,
      slots,
      host: 'here',
      runnerKey,
      createRunner: (_key, slot, events) => {
        const runner = new ScriptedRunner(slot, events);
        this.runners.push(runner);
        return runner;
      },
      results: (records) => {
        for (const { taskId, status, worker, body } of resultsOf(records)) {
          this.results.push(status === ResultStatus.SlotReleased ? `slot ${worker} released` : `${taskId} ${statusName(status)}`);
          if (status !== ResultStatus.Ok && body.length > 0) this.errors.set(taskId, unpackWireError(body));
        }
      },
    });
    opened.push(this.pool);
  }

  async submit(tasks: readonly TaskToMake[], priority = 0): Promise<void> {
    this.pool.submit(taskRecords(...tasks), priority);
    await Promise.resolve();
  }

  /** So that the function is known to be short, and batches grow. */
  async warm(): Promise<void> {
    await this.submit(Array.from({ length: 15 }, (_, i) => ({ taskId: 1000 + i })));
    while (this.only.batch) this.only.finishAll();
    this.only.asked.length = 0;
    this.results.length = 0;
  }

  get only(): ScriptedRunner {
    const [runner] = this.runners;
    if (!runner) throw new Error('no runner was made');
    return runner;
  }
}

export const tasks = (...ids: number[]): TaskToMake[] => ids.map((taskId) => ({ taskId }));
