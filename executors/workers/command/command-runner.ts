/**
 * Runs the bash commands of one slot, one after another, through a helper process that forks them (this process may have a large heap).
 *
 * Owns which helper runs what and where captured output lies. It must not know of tasks, slots or walltimes.
 * The helper is the one in C (native/), in Perl (spawner.pl) where that does not run, else in Node, which also serves where a terminal is
 * wanted. Each starts when it is first needed. See docs/decisions/022-a-helper-in-c.md.
 */
import { mkdirSync, rmSync } from 'node:fs';
import { SHORTAGE_DELAYS_MS } from '../start-worker.ts';
import { CommandRunnerLostError, commandError, describeFailed } from './command-failure.ts';
import { type PendingCommand, PendingCommands } from './pending-commands.ts';
import { type CommandOutcome, type CommandSpec, type RunnerExit, UNSTARTED } from './command-spec.ts';
import {
  decodeDropped,
  decodeEnded,
  decodeFailed,
  encodeKill,
  encodeRecall,
  encodeRun,
  RunFlag,
  SpawnerFrame,
} from './spawner-protocol.ts';
import { SpawnerProcess, type SpawnerExit } from './spawner-process.ts';
import { hasSpawner, SPAWNER_KINDS, type SpawnerKind, spawnerArgv, withhold } from './spawner-argv.ts';
import { planRun } from './run-plan.ts';
import { settleOutcome } from './settle-outcome.ts';
import { signalNumber } from './wait-status.ts';

export { type CommandOutcome, type CommandSpec, type RunnerExit, UNSTARTED } from './command-spec.ts';
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
  /** A helper that is asked to end or to give back commands and says nothing for so long is stopped or stuck: it is killed. Default 8 s. */
  readonly answerTimeoutMs?: number;
  /** The helper died by itself, whether or not a command ran. The next command starts another. */
  onLost(exit: RunnerExit): void;
}

export interface StartedCommand {
  /** Names it to {@link CommandRunner.kill}. */
  readonly number: number;
  /** UNSTARTED: it was taken back, or a command before it was ended or lost. Rejects as {@link CommandRunner.run} does. */
  readonly outcome: Promise<CommandOutcome | typeof UNSTARTED>;
}

/** A Kill or a Recall. */
interface Question {
  readonly isRecall: boolean;
  told(wasAtHand: boolean): void;
}

const CLOSE_TIMEOUT_MS = 2000;
/** More than a helper waits for a process that the machine has not to give. */
const ANSWER_TIMEOUT_MS = 8000;
/** It was asked before, and its command is to be ended by force. */
const FORCED_ANSWER_MS = 1000;

let runnerCount = 0;

export class CommandRunner {
  readonly #options: CommandRunnerOptions;
  readonly #env: Record<string, string | undefined>;
  readonly #scratchPrefix: string;
  readonly #spawners = new Map<SpawnerKind, SpawnerProcess>();
  readonly #pending = new PendingCommands();
  /** Who waits for the helper to say what it has dropped, in the order of their questions. */
  readonly #questions: Question[] = [];
  #usual: SpawnerKind;
  #commands = 0;
  #closed = false;
  /** Starts of a helper in a row that failed because the machine was short of something. */
  #shortages = 0;
  #startingAgain: NodeJS.Timeout | undefined;
  #answerDue: NodeJS.Timeout | undefined;

  constructor(options: CommandRunnerOptions) {
    this.#options = options;
    this.#env = { ...process.env, ...options.env };
    this.#scratchPrefix = `${options.scratchDir}/c${process.pid}-${++runnerCount}`;
    this.#usual = bestFrom(options.spawner ?? 'native');
  }

  /** Of the helper; undefined while there is none. */
  get pid(): number | undefined {
    return (this.#atWork ?? this.#spawners.get(this.#usual) ?? this.#spawners.values().next().value)?.pid;
  }

  get #atWork(): SpawnerProcess | undefined {
    const { sentKind } = this.#pending;
    return sentKind && this.#spawners.get(sentKind);
  }

  /**
   * Runs one command to its end, behind those that were asked for before.
   *
   * @returns whatever the command did, also when it could not be started (`failure`).
   * @throws CommandRunnerLostError when the helper dies under it or the runner is closed.
   */
  async run(spec: CommandSpec): Promise<CommandOutcome> {
    const outcome = await this.start(spec).outcome;
    if (outcome === UNSTARTED) throw closedError();
    return outcome;
  }

  start(spec: CommandSpec): StartedCommand {
    const number = ++this.#commands;
    const plan = planRun(spec, number, { ...this.#options, env: this.#env, scratch: `${this.#scratchPrefix}-${number}` });
    if ('refused' in plan) return { number, outcome: Promise.resolve(notStarted(commandError(spec, plan.refused))) };
    if (this.#closed) return { number, outcome: Promise.reject(closedError()) };
    const { promise, resolve, reject } = Promise.withResolvers<CommandOutcome | typeof UNSTARTED>();
    this.#pending.add({ number, spec, plan, resolve, reject, kind: spec.pty ? 'node' : this.#usual });
    this.#sendNext();
    return { number, outcome: promise };
  }

  /**
   * Signals the process group of a command, by default the first that has not ended.
   * @param told whether it was at hand: then none of those behind it is started. If not, it has ended, and nothing was done.
   */
  kill(signal: 'SIGTERM' | 'SIGKILL', number = this.#pending.first?.number, told: (wasAtHand: boolean) => void = () => undefined): void {
    if (this.#startingAgain) this.#stopWaiting(new CommandRunnerLostError({ exitCode: null, signal, stderrTail: '' }));
    if (number !== undefined && this.#pending.isSent(number))
      this.#ask(encodeKill(number, signalNumber(signal)), { isRecall: false, told });
    else told(false);
    if (signal === 'SIGKILL') this.#awaitAnswer(FORCED_ANSWER_MS);
  }

  /** Takes back what has not been started. @param told when it is known what that is: the others' outcome will be UNSTARTED. */
  recall(told: () => void): void {
    this.#ask(encodeRecall(), { isRecall: true, told });
  }

  #ask(frame: Buffer, question: Question): void {
    const spawner = this.#atWork;
    if (!spawner) return question.told(false);
    this.#questions.push(question);
    spawner.send(frame);
    this.#awaitAnswer();
  }

  /** What is killed is lost, and so are those commands: whoever ends a command does not wait for a helper that is stopped. */
  #awaitAnswer(mostMs = ANSWER_TIMEOUT_MS): void {
    clearTimeout(this.#answerDue);
    if (this.#questions.length === 0) return;
    this.#answerDue = setTimeout(() => this.#atWork?.killNow(), this.#options.answerTimeoutMs ?? mostMs);
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
    clearTimeout(this.#answerDue);
    for (const spawner of this.#spawners.values()) spawner.killNow();
    this.#removeCaptured();
  }

  /** What one helper is to do waits for what another does. */
  #sendNext(): void {
    if (this.#startingAgain) return;
    for (let next = this.#pending.toSend(); next; next = this.#pending.toSend()) {
      try {
        this.#send(next);
      } catch (error) {
        this.#pending.endAll(cannotStart(error));
      }
    }
  }

  #send(command: PendingCommand): void {
    const spawner = this.#spawners.get(command.kind) ?? this.#startSpawner(command.kind);
    spawner.setBusy(true);
    spawner.send(encodeRun(command.plan.request));
  }

  #startSpawner(kind: SpawnerKind): SpawnerProcess {
    mkdirSync(this.#options.scratchDir, { recursive: true });
    const stateFile = `${this.#scratchPrefix}-${kind}.state`;
    const spawner: SpawnerProcess = new SpawnerProcess({
      argv: [...this.#options.prefix, ...spawnerArgv(kind, stateFile)],
      env: withhold(this.#env),
      stateFile,
      onFrame: (type, body) => this.#receive(spawner, type, body),
      onExit: (exit) => this.#lose(kind, spawner, exit),
    });
    this.#spawners.set(kind, spawner);
    return spawner;
  }

  #receive(spawner: SpawnerProcess, type: number, body: Buffer): void {
    if (type === SpawnerFrame.Dropped) return this.#onDropped(body);
    const command = this.#pending.end(body.readUInt32LE(0));
    // Heard before the helper died, and found again in what it has left.
    if (!command) return;
    this.#shortages = 0;
    if (!this.#pending.sentKind) spawner.setBusy(false);
    command.resolve(outcomeOf(command, type, body));
    this.#sendNext();
  }

  #onDropped(body: Buffer): void {
    const { wasAtHand, count } = decodeDropped(body);
    const question = this.#questions.shift();
    if (question?.isRecall || wasAtHand) this.#pending.drop(count);
    this.#awaitAnswer();
    question?.told(wasAtHand);
  }

  #lose(kind: SpawnerKind, spawner: SpawnerProcess, exit: SpawnerExit): void {
    if (this.#spawners.get(kind) === spawner) this.#spawners.delete(kind);
    const isAtWork = this.#pending.sentKind === kind;
    if (isAtWork) for (const { told } of this.#questions.splice(0)) told(false);
    if (isAtWork) this.#awaitAnswer();
    if (isAtWork && exit.shortage !== undefined && this.#startLater()) return;
    // What the machine is short of, the next kind would be short of too.
    const doesNotWork = exit.neverStarted && exit.shortage === undefined;
    if (isAtWork && kind !== 'node' && doesNotWork && !this.#closed) return this.#useNext(kind);
    if (isAtWork) {
      this.#removeCaptured();
      this.#pending.endAll(this.#closed ? closedError(exit) : new CommandRunnerLostError(exit));
    }
    if (!this.#closed) this.#options.onLost(exit);
  }

  /** This kind does not work here. */
  #useNext(kind: SpawnerKind): void {
    this.#usual = bestFrom(SPAWNER_KINDS[SPAWNER_KINDS.indexOf(kind) + 1]);
    this.#pending.unsend(this.#usual);
    this.#sendNext();
  }

  /** What is missing may be there again soon. @returns false if it was waited for long enough. */
  #startLater(): boolean {
    const delayMs = SHORTAGE_DELAYS_MS[this.#shortages++];
    if (delayMs === undefined || this.#closed) return false;
    this.#pending.unsend();
    this.#startingAgain = setTimeout(() => {
      this.#startingAgain = undefined;
      this.#sendNext();
    }, delayMs);
    return true;
  }

  #stopWaiting(error: CommandRunnerLostError): void {
    if (!this.#startingAgain) return;
    clearTimeout(this.#startingAgain);
    this.#startingAgain = undefined;
    this.#pending.endAll(error);
  }

  #removeCaptured(): void {
    for (const { plan } of this.#pending.all()) {
      const { flags, stdout, stderr } = plan.request;
      if (flags & RunFlag.StdoutCaptured) rmSync(stdout, { force: true });
      if (flags & RunFlag.StderrCaptured) rmSync(stderr, { force: true });
    }
  }
}

/** The first from this one on that there may be here. */
const bestFrom = (kind: SpawnerKind | undefined): SpawnerKind =>
  SPAWNER_KINDS.slice(SPAWNER_KINDS.indexOf(kind ?? 'node')).find(hasSpawner) ?? 'node';

function outcomeOf({ plan, spec }: PendingCommand, type: number, body: Buffer): CommandOutcome | Promise<CommandOutcome> {
  if (type === SpawnerFrame.Ended) return settleOutcome(decodeEnded(body), plan, spec);
  const failed = decodeFailed(body);
  return { ...notStarted(describeFailed(failed, spec)), startMs: failed.startMs };
}

const closedError = (exit: RunnerExit = { exitCode: null, signal: null, stderrTail: '' }): CommandRunnerLostError =>
  new CommandRunnerLostError(exit, 'the runner of commands was closed before the command had ended; the command was ended with it');

function cannotStart(error: unknown): CommandRunnerLostError {
  const stderrTail = error instanceof Error ? error.message : String(error);
  const exit = { exitCode: null, signal: null, stderrTail };
  return new CommandRunnerLostError(exit, `the helper that runs commands cannot be started: ${stderrTail}`);
}

function notStarted(failure: CommandOutcome['failure'] & {}): CommandOutcome {
  const empty = { exitCode: null, signal: null, durationUs: 0, stdout: Buffer.alloc(0), stdoutTail: '', stderrTail: '' };
  return { ...empty, startMs: Date.now(), failure };
}
