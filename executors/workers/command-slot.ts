/**
 * The bash commands of one slot as a Runner: task records in, result records out. CommandRunner does the running.
 */
import { mkdirSync } from 'node:fs';
import { bashFailure, bashResult, BashResultError } from '../../lib/apps/bash-result.ts';
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
import { type CommandOutcome, CommandRunner, CommandRunnerLostError, type CommandSpec, type RunnerExit } from './command/command-runner.ts';
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

export class CommandSlot implements Runner {
  readonly #options: CommandSlotOptions;
  readonly #runner: CommandRunner;
  #killed: 'SIGTERM' | 'SIGKILL' | undefined;

  constructor(options: CommandSlotOptions) {
    this.#options = options;
    const { cwd, env, scratchDir, prefix } = options;
    this.#runner = new CommandRunner({ cwd, env, scratchDir, prefix, onLost: () => undefined });
  }

  get pid(): number | undefined {
    return this.#runner.pid;
  }

  run(batch: Batch): void {
    void this.#runAll(batch.records);
  }

  async #runAll(records: Buffer): Promise<void> {
    for (let at = 0; at < records.length; at = recordEnd(records, at)) {
      if (!(await this.#runOne(readTaskHeader(records, at), records.subarray(at, recordEnd(records, at))))) return;
    }
  }

  /** @returns false when the pool was told that the task is lost: it decides what becomes of the rest. */
  async #runOne(header: TaskHeader, record: Buffer): Promise<boolean> {
    this.#killed = undefined;
    const argsAt = TASK_HEADER_BYTES + header.contextLength;
    const context = header.contextLength > 0 ? (unpack(record.subarray(TASK_HEADER_BYTES, argsAt)) as TaskContext) : {};
    try {
      const spec = this.#specOf(header, context, String(decodeValue(record.subarray(argsAt))));
      const outcome = await this.#runner.run(spec);
      if (this.#killed) {
        // What left the process group has its time too; the exit code of the rubble does not matter.
        await untilGone({ tag: this.#tag(header) }, () => this.#killed === 'SIGKILL');
        return this.#lost({ exitCode: outcome.exitCode, signal: outcome.signal, stderrTail: outcome.stderrTail });
      }
      this.#report(header, spec, outcome);
      return true;
    } catch (error) {
      if (!(error instanceof CommandRunnerLostError)) return this.#failed(header, error);
      killAll({ tag: this.#tag(header) });
      return this.#lost(error.exit);
    }
  }

  /** Its sandbox cannot be made, its result cannot be kept: the disk is full, perhaps. */
  #failed({ taskId, tryNumber, fnId }: TaskHeader, error: unknown): true {
    const { slot, events } = this.#options;
    const result = { taskId, tryNumber, fnId, status: ResultStatus.Failed, durationUs: 0, startMs: Date.now(), worker: slot };
    events.results(encodeResult(result, packWireError(encodeError(error))));
    return true;
  }

  #lost(exit: RunnerExit): false {
    this.#options.events.lost({ ...exit, finished: Buffer.alloc(0) });
    return false;
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

  #report(header: TaskHeader, spec: CommandSpec, outcome: CommandOutcome): void {
    const { taskId, tryNumber, fnId } = header;
    const { slot, storeDir, events } = this.#options;
    const { status, body } = resultOf(spec, outcome, storeDir);
    const { durationUs, startMs } = outcome;
    const usage = durationUs >= USAGE_THRESHOLD_US ? outcome.usage : undefined;
    events.results(encodeResult({ taskId, tryNumber, fnId, status, durationUs, startMs, worker: slot, usage }, body));
  }

  #tagValue({ taskId }: TaskTag): string {
    return `${this.#options.runId}.${taskId}`;
  }

  #tag(task: TaskTag): string {
    return `FLOTILLA_TASK_ID=${this.#tagValue(task)}`;
  }

  kill(signal: 'SIGTERM' | 'SIGKILL', task: TaskTag): void {
    this.#killed = signal;
    this.#runner.kill(signal);
    const tag = this.#tag(task);
    if (signal === 'SIGTERM') terminateAll({ tag });
    else killAll({ tag });
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

function resultOf(spec: CommandSpec, outcome: CommandOutcome, storeDir: string | undefined): { status: ResultStatus; body: Buffer } {
  const failed = (error: WireError): { status: ResultStatus; body: Buffer } => ({
    status: ResultStatus.Failed,
    body: packWireError(error),
  });
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
