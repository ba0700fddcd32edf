/**
 * Runs the bash commands of one slot, one at a time, through a helper process that forks them (this process may have a large heap).
 *
 * Owns which helper runs what and where captured output lies. It must not know of tasks, slots or walltimes.
 * The helper is the one in C (native/), in Perl (spawner.pl) where that does not run, else in Node, which also serves where a terminal is
 * wanted. Each starts when it is first needed. See docs/decisions/022.
 */
import { mkdirSync, rmSync } from 'node:fs';
import type { CommandOutcome, CommandSpec, RunnerExit } from './command-spec.ts';
import { SHORTAGE_DELAYS_MS } from '../start-worker.ts';
import { CommandRunnerLostError, commandError, describeFailed } from './command-failure.ts';
import { RunFlag, SpawnerFrame, decodeEnded, decodeFailed, encodeKill, encodeRun } from './spawner-protocol.ts';
import { SpawnerProcess, type SpawnerExit } from './spawner-process.ts';
import { hasSpawner, SPAWNER_KINDS, type SpawnerKind, spawnerArgv, withhold } from './spawner-argv.ts';
import { planRun, type RunPlan } from './run-plan.ts';
import { settleOutcome } from './settle-outcome.ts';
import { signalNumber } from './wait-status.ts';

export type { CommandOutcome, CommandSpec, RunnerExit } from './command-spec.ts';
export { CommandRunnerLostError } from './command-failure.ts';

export interface CommandRunnerOptions {
  /** Absolute. */
  readonly cwd: string;
  /** Added to this process's environment, for every command. */
  readonly env: Readonly<Record<string, string>>;
  /** For captured output; made if missing. Short, and in memory if possible. */
  readonly scratchDir: string;
  /** Put before the helper's own arguments: `['taskset', '-c', '0-3']`. */
  readonly prefix: readonly string[];
  /** Whether commands without shell syntax are executed without bash; default true. */
  readonly direct?: boolean;
  /** The best that may be used. Default: 'native'. */
  readonly spawner?: SpawnerKind;
  /** The helper died by itself, whether or not a command ran. The next `run` starts another. */
  onLost(exit: RunnerExit): void;
}

const CLOSE_TIMEOUT_MS = 2000;

/** The command at hand. */
interface Pending {
  readonly spec: CommandSpec;
  readonly plan: RunPlan;
  kind: SpawnerKind;
  resolve(outcome: CommandOutcome | Promise<CommandOutcome>): void;
  reject(error: Error): void;
}

let runnerCount = 0;

export class CommandRunner {
  readonly #options: CommandRunnerOptions;
  readonly #env: Record<string, string | undefined>;
  readonly #scratchPrefix: string;
  readonly #spawners = new Map<SpawnerKind, SpawnerProcess>();
  #usual: SpawnerKind;
  #runs = 0;
  #pending: Pending | undefined;
  #closed = false;
  /** Starts of a helper in a row that failed because the machine was short of something. */
  #shortages = 0;
  #startingAgain: NodeJS.Timeout | undefined;

  constructor(options: CommandRunnerOptions) {
    this.#options = options;
    this.#env = { ...process.env, ...options.env };
    this.#scratchPrefix = `${options.scratchDir}/c${process.pid}-${++runnerCount}`;
    this.#usual = bestFrom(options.spawner ?? 'native');
  }

  /** Of the helper; undefined while there is none. */
  get pid(): number | undefined {
    return (this.#spawners.get(this.#pending?.kind ?? this.#usual) ?? this.#spawners.values().next().value)?.pid;
  }

  /**
   * Runs one command to its end.
   *
   * @returns whatever the command did, also when it could not be started (`failure`).
   * @throws CommandRunnerLostError when the helper dies under it or the runner is closed.
   */
  run(spec: CommandSpec): Promise<CommandOutcome> {
    if (this.#pending) throw new Error(`this runner is still running \`${this.#pending.spec.command}\`; it takes one command at a time`);
    if (this.#closed) return Promise.reject(closedError());
    const plan = planRun(spec, { ...this.#options, env: this.#env, scratch: `${this.#scratchPrefix}-${++this.#runs}` });
    if ('refused' in plan) return Promise.resolve(notStarted(commandError(spec, plan.refused)));
    return new Promise((resolve, reject) => {
      this.#pending = { spec, plan, resolve, reject, kind: spec.pty ? 'node' : this.#usual };
      this.#start(this.#pending);
    });
  }

  /** Signals the process group of the command at hand; nothing happens when there is none. */
  kill(signal: 'SIGTERM' | 'SIGKILL'): void {
    if (this.#startingAgain) this.#stopWaiting(new CommandRunnerLostError({ exitCode: null, signal, stderrTail: '' }));
    else if (this.#pending) this.#spawners.get(this.#pending.kind)?.send(encodeKill(signalNumber(signal)));
  }

  /** Ends the command at hand (TERM, then KILL shortly after) and the helpers. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#stopWaiting(closedError());
    await Promise.all([...this.#spawners.values()].map((spawner) => spawner.close(CLOSE_TIMEOUT_MS)));
  }

  /** SIGKILL to the command at hand and the helpers. Synchronous. */
  killNow(): void {
    this.#closed = true;
    clearTimeout(this.#startingAgain);
    for (const spawner of this.#spawners.values()) spawner.killNow();
    this.#removeCaptured();
  }

  #start(pending: Pending): void {
    try {
      const spawner = this.#spawners.get(pending.kind) ?? this.#startSpawner(pending.kind);
      spawner.setBusy(true);
      spawner.send(encodeRun(pending.plan.request));
    } catch (error) {
      this.#pending = undefined;
      const stderrTail = error instanceof Error ? error.message : String(error);
      pending.reject(
        new CommandRunnerLostError(
          { exitCode: null, signal: null, stderrTail },
          `the helper that runs commands cannot be started: ${stderrTail}`,
        ),
      );
    }
  }

  #startSpawner(kind: SpawnerKind): SpawnerProcess {
    mkdirSync(this.#options.scratchDir, { recursive: true });
    const groupFile = `${this.#scratchPrefix}-${kind}.groups`;
    const spawner: SpawnerProcess = new SpawnerProcess({
      argv: [...this.#options.prefix, ...spawnerArgv(kind, groupFile)],
      env: withhold(this.#env),
      groupFile,
      onFrame: (type, body) => this.#receive(spawner, type, body),
      onExit: (exit) => this.#lose(kind, spawner, exit),
    });
    this.#spawners.set(kind, spawner);
    return spawner;
  }

  #receive(spawner: SpawnerProcess, type: number, body: Buffer): void {
    const pending = this.#pending;
    if (!pending) return;
    this.#pending = undefined;
    this.#shortages = 0;
    spawner.setBusy(false);
    if (type === SpawnerFrame.Ended) return pending.resolve(settleOutcome(decodeEnded(body), pending.plan, pending.spec));
    const failed = decodeFailed(body);
    pending.resolve({ ...notStarted(describeFailed(failed, pending.spec)), startMs: failed.startMs });
  }

  #lose(kind: SpawnerKind, spawner: SpawnerProcess, exit: SpawnerExit): void {
    if (this.#spawners.get(kind) === spawner) this.#spawners.delete(kind);
    const pending = this.#pending?.kind === kind ? this.#pending : undefined;
    if (pending && exit.shortage !== undefined && this.#startLater(pending)) return;
    if (pending && kind !== 'node' && exit.neverStarted && !this.#closed) {
      this.#usual = bestFrom(SPAWNER_KINDS[SPAWNER_KINDS.indexOf(kind) + 1]);
      pending.kind = this.#usual;
      return this.#start(pending);
    }
    this.#removeCaptured();
    if (pending) this.#pending = undefined;
    pending?.reject(this.#closed ? closedError(exit) : new CommandRunnerLostError(exit));
    if (!this.#closed) this.#options.onLost(exit);
  }

  /** What is missing may be there again soon. @returns false if it was waited for long enough. */
  #startLater(pending: Pending): boolean {
    const delayMs = SHORTAGE_DELAYS_MS[this.#shortages++];
    if (delayMs === undefined || this.#closed) return false;
    this.#startingAgain = setTimeout(() => {
      this.#startingAgain = undefined;
      this.#start(pending);
    }, delayMs);
    return true;
  }

  #stopWaiting(error: CommandRunnerLostError): void {
    if (!this.#startingAgain) return;
    clearTimeout(this.#startingAgain);
    this.#startingAgain = undefined;
    this.#pending?.reject(error);
    this.#pending = undefined;
  }

  #removeCaptured(): void {
    const plan = this.#pending?.plan;
    if (!plan) return;
    const { flags, stdout, stderr } = plan.request;
    if (flags & RunFlag.StdoutCaptured) rmSync(stdout, { force: true });
    if (flags & RunFlag.StderrCaptured) rmSync(stderr, { force: true });
  }
}

/** The first from this one on that there may be here. */
const bestFrom = (kind: SpawnerKind | undefined): SpawnerKind =>
  SPAWNER_KINDS.slice(SPAWNER_KINDS.indexOf(kind ?? 'node')).find(hasSpawner) ?? 'node';

const closedError = (exit: RunnerExit = { exitCode: null, signal: null, stderrTail: '' }): CommandRunnerLostError =>
  new CommandRunnerLostError(exit, 'the runner of commands was closed before the command had ended; the command was ended with it');

function notStarted(failure: CommandOutcome['failure'] & {}): CommandOutcome {
  const empty = { exitCode: null, signal: null, durationUs: 0, stdout: Buffer.alloc(0), stdoutTail: '', stderrTail: '' };
  return { ...empty, startMs: Date.now(), failure };
}
