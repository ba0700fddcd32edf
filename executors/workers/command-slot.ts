/**
 * The bash commands of one slot as a Runner: task records in, result records out. CommandRunner does the running: it is handed the whole
 * batch at once, and what ends within a few milliseconds comes back together.
 */
import { mkdirSync } from 'node:fs';
import { bashFailure, bashResult, BashResultError } from '../../lib/apps/bash-result.ts';
import { resolveMpiLaunch } from '../../lib/apps/mpi-launch.ts';
import { encodeError, packWireError } from '../../lib/errors/index.ts';
import type { WireError } from '../../lib/errors/wire-error.ts';
import type { TaskContext } from '../../lib/task-spec.ts';
import {
  encodeResult,
  readTaskHeader,
  recordEnd,
  ResultStatus,
  TASK_HEADER_BYTES,
  type TaskHeader,
  USAGE_THRESHOLD_US,
} from '../../lib/wire/records.ts';
import { decodeValue, encodeValue, unpack } from '../../lib/wire/value-codec.ts';
import {
  type CommandOutcome,
  CommandRunner,
  CommandRunnerLostError,
  type CommandSpec,
  type RunnerExit,
  UNSTARTED,
} from './command/command-runner.ts';
import { killAll, terminateAll, untilGone, warnAll } from './process-tree.ts';
import type { Batch, Runner, RunnerEvents, TaskTag } from './runner.ts';
import { INLINE_LIMIT, storeIfLarge } from './js/stored-values.ts';

export interface CommandSlotOptions {
  readonly slot: number;
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
  readonly scratchDir: string;
  readonly prefix: readonly string[];
  readonly runId: string;
  readonly storeDir: string | undefined;
  readonly events: RunnerEvents;
}

/** One task of the batch, and how far it is. */
interface Entry {
  readonly header: TaskHeader;
  /** Its command's number; undefined: there is none. */
  number: number | undefined;
  result: Buffer | undefined;
  /** It was ended, or its helper was lost. */
  lost: RunnerExit | undefined;
  isUnstarted: boolean;
  /** It was told to end while it ran. */
  ending: 'SIGTERM' | 'SIGKILL' | undefined;
}

/** The batch at hand. Results are delivered in the order of its tasks. */
interface Work {
  readonly entries: Entry[];
  delivered: number;
  isDeliveryPlanned: boolean;
  recall: 'none' | 'asked' | 'answered' | 'told';
}

const newWork = (): Work => ({ entries: [], delivered: 0, isDeliveryPlanned: false, recall: 'none' });

export class CommandSlot implements Runner {
  readonly #options: CommandSlotOptions;
  readonly #runner: CommandRunner;
  #work = newWork();

  constructor(options: CommandSlotOptions) {
    this.#options = options;
    const { cwd, env, scratchDir, prefix } = options;
    this.#runner = new CommandRunner({ cwd, env, scratchDir, prefix, onLost: () => undefined });
  }

  readonly endsOnlyTask = true;

  get pid(): number | undefined {
    return this.#runner.pid;
  }

  run({ records }: Batch): void {
    const work = newWork();
    this.#work = work;
    for (let at = 0; at < records.length; at = recordEnd(records, at)) {
      const header = readTaskHeader(records, at);
      const entry: Entry = { header, number: undefined, result: undefined, lost: undefined, isUnstarted: false, ending: undefined };
      work.entries.push(entry);
      this.#start(work, entry, records.subarray(at, recordEnd(records, at)));
    }
  }

  #start(work: Work, entry: Entry, record: Buffer): void {
    const { header } = entry;
    const argsAt = TASK_HEADER_BYTES + header.contextLength;
    try {
      const context = header.contextLength > 0 ? (unpack(record.subarray(TASK_HEADER_BYTES, argsAt)) as TaskContext) : {};
      const command = resolveMpiLaunch(String(decodeValue(record.subarray(argsAt))), this.#options.env);
      const spec = this.#specOf(header, context, command);
      const { number, outcome } = this.#runner.start(spec);
      entry.number = number;
      outcome.then(
        (ended) => this.#onOutcome(work, entry, spec, ended),
        (error: unknown) => this.#onError(work, entry, error),
      );
    } catch (error) {
      this.#onError(work, entry, error);
    }
  }

  #onOutcome(work: Work, entry: Entry, spec: CommandSpec, outcome: CommandOutcome | typeof UNSTARTED): void {
    if (outcome === UNSTARTED) entry.isUnstarted = true;
    else if (entry.ending) return void this.#onEnded(work, entry, outcome);
    else {
      try {
        entry.result = this.#resultOf(entry.header, spec, outcome);
      } catch (error) {
        entry.result = this.#failureOf(entry.header, error);
      }
    }
    this.#planDelivery(work);
  }

  /** What left the process group has its time too; the exit code of the rubble does not matter. */
  async #onEnded(work: Work, entry: Entry, { exitCode, signal, stderrTail }: CommandOutcome): Promise<void> {
    await untilGone({ tag: this.#tag(entry.header) }, () => entry.ending === 'SIGKILL');
    entry.lost = { exitCode, signal, stderrTail };
    this.#planDelivery(work);
  }

  #onError(work: Work, entry: Entry, error: unknown): void {
    if (error instanceof CommandRunnerLostError) {
      killAll({ tag: this.#tag(entry.header) });
      entry.lost = error.exit;
    } else entry.result = this.#failureOf(entry.header, error);
    this.#planDelivery(work);
  }

  /** What ends in one turn is delivered together. */
  #planDelivery(work: Work): void {
    if (work.isDeliveryPlanned) return;
    work.isDeliveryPlanned = true;
    queueMicrotask(() => {
      work.isDeliveryPlanned = false;
      if (work === this.#work) this.#deliver(work);
    });
  }

  #deliver(work: Work): void {
    const { entries } = work;
    const results: Buffer[] = [];
    for (let result = entries[work.delivered]?.result; result; result = entries[work.delivered]?.result) {
      results.push(result);
      work.delivered++;
    }
    const { events } = this.#options;
    if (results.length > 0) events.results(results.length === 1 ? (results[0] as Buffer) : Buffer.concat(results));
    // Whoever heard of the last of them may have handed out another batch.
    const next = work === this.#work ? entries[work.delivered] : undefined;
    if (!next?.lost && !(next?.isUnstarted && work.recall !== 'told')) return;
    this.#work = newWork();
    if (next.lost) events.lost({ ...next.lost, finished: NOTHING });
    else events.endedEarly();
  }

  takeBack(): number | undefined {
    const work = this.#work;
    if (work.recall === 'none') {
      work.recall = 'asked';
      this.#runner.recall(() => {
        work.recall = 'answered';
      });
    }
    if (work.recall !== 'answered') return undefined;
    work.recall = 'told';
    const unstarted = work.entries.findIndex(({ isUnstarted }) => isUnstarted);
    return unstarted === -1 ? work.entries.length : unstarted;
  }

  /** Its sandbox cannot be made, its result cannot be kept: the disk is full, perhaps. */
  #failureOf({ taskId, tryNumber, fnId }: TaskHeader, error: unknown): Buffer {
    const result = { taskId, tryNumber, fnId, status: ResultStatus.Failed, durationUs: 0, startMs: Date.now(), worker: this.#options.slot };
    return encodeResult(result, packWireError(encodeError(error)));
  }

  #specOf(header: TaskHeader, context: TaskContext, command: string): CommandSpec {
    if (context.sandbox !== undefined) mkdirSync(context.sandbox, { recursive: true });
    const cwd = context.sandbox ?? context.cwd;
    return {
      command,
      returns: context.returns ?? 'exitCode',
      env: { ...context.env, FLOTILLA_TASK_ID: this.#tagValue(header), FLOTILLA_TRY: String(header.tryNumber) },
      ...(cwd === undefined ? {} : { cwd }),
      ...(context.stdout ? { stdout: context.stdout } : {}),
      ...(context.stderr ? { stderr: context.stderr } : {}),
      ...(context.outputs ? { outputs: context.outputs } : {}),
      ...(context.pty ? { pty: true } : {}),
      ...(context.killGraceMs === undefined ? {} : { killGraceMs: context.killGraceMs }),
    };
  }

  #resultOf({ taskId, tryNumber, fnId }: TaskHeader, spec: CommandSpec, outcome: CommandOutcome): Buffer {
    const { slot, storeDir } = this.#options;
    const { status, body } = resultOf(spec, outcome, storeDir);
    const { durationUs, startMs } = outcome;
    const usage = durationUs >= USAGE_THRESHOLD_US ? outcome.usage : undefined;
    return encodeResult({ taskId, tryNumber, fnId, status, durationUs, startMs, worker: slot, usage }, body);
  }

  #tagValue({ taskId }: TaskTag): string {
    return `${this.#options.runId}.${taskId}`;
  }

  #tag(task: TaskTag): string {
    return `FLOTILLA_TASK_ID=${this.#tagValue(task)}`;
  }

  /** One that is no longer at hand has ended: its result is on its way, and nothing is done. */
  kill(signal: 'SIGTERM' | 'SIGKILL', task: TaskTag): void {
    const entry = this.#work.entries.find(({ header }) => header.taskId === task.taskId);
    const signalTagged = (): void => (signal === 'SIGTERM' ? terminateAll : killAll)({ tag: this.#tag(task) });
    if (!entry || entry.ending) signalTagged();
    if (entry?.number === undefined) return;
    if (entry.ending) entry.ending = signal;
    this.#runner.kill(signal, entry.number, (wasAtHand) => {
      if (!wasAtHand) return;
      entry.ending = signal;
      signalTagged();
    });
  }

  warn(task: TaskTag): void {
    warnAll({ tag: this.#tag(task) });
  }

  async close(): Promise<void> {
    await this.#runner.close();
  }

  killNow(): void {
    this.#runner.killNow();
  }
}

const NOTHING = Buffer.alloc(0);

function resultOf(spec: CommandSpec, outcome: CommandOutcome, storeDir: string | undefined): { status: ResultStatus; body: Buffer } {
  const failed = (error: WireError): { status: ResultStatus; body: Buffer } => ({
    status: ResultStatus.Failed,
    body: packWireError(error),
  });
  if (outcome.failure?.kind === 'worker-lost') return { status: ResultStatus.Lost, body: packWireError(outcome.failure) };
  if (outcome.failure) return failed(outcome.failure);
  if (outcome.exitCode !== 0) return failed(bashFailure(spec, outcome));
  try {
    const value = bashResult(spec.returns, outcome.stdout);
    return { status: ResultStatus.Ok, body: storeIfLarge(encodeValue(value), storeDir, INLINE_LIMIT) };
  } catch (error) {
    if (error instanceof BashResultError) return failed(error.wireError);
    throw error;
  }
}
