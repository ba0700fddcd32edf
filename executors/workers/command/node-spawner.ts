/**
 * The spawner in Node: the same job as native/ and spawner.pl over the same frames, for terminals and where neither runs. Slower.
 *
 * Owns the one command at hand, those that wait for it and the groups that outlive their commands. Lives in a small process of its own (node-spawner-entry.ts).
 */
import { closeSync, openSync, rmSync, statSync, writeSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { signalGroup } from '../process-tree.ts';
import { closeOutputs, openOutput, reportOutputs, systemError, type OutputFile, type Outputs } from './output-file.ts';
import {
  FailedStage,
  RunFlag,
  SpawnerFrame,
  decodeRun,
  encodeDropped,
  encodeEnded,
  encodeFailed,
  type RunRequest,
} from './spawner-protocol.ts';
import { NoPtyError, startInTerminal, startPlain, type StartedCommand } from './start-command.ts';

const SHUTDOWN_GRACE_MS = 500;
const POLL_MS = 20;

interface Running {
  readonly request: RunRequest;
  readonly outputs: Outputs;
  /** 0: not started yet. */
  group: number;
  /** Signals that came before there was anything to signal. */
  readonly early: number[];
}

/** What went wrong before the command was executed, and at what. */
class StageError extends Error {
  readonly stage: number;
  readonly errno: number;

  constructor(stage: number, detail: string, cause: unknown) {
    super(detail);
    this.stage = stage;
    this.errno = Math.abs((cause as NodeJS.ErrnoException).errno ?? 0);
  }
}

export class NodeSpawner {
  readonly #reply: (frame: Buffer) => void;
  readonly #groupFile: string;
  readonly #groupFd: number;
  readonly #waiting: RunRequest[] = [];
  #running: Running | undefined;
  /** From the start of a command to its reply. */
  #isBusy = false;
  #leftovers: number[] = [];
  #leaving = false;

  constructor(groupFile: string, reply: (frame: Buffer) => void) {
    this.#groupFile = groupFile;
    this.#groupFd = openSync(groupFile, 'w');
    this.#reply = reply;
  }

  receive(type: number, body: Buffer): void {
    if (type === SpawnerFrame.Run) {
      this.#waiting.push(decodeRun(body));
      this.#startWaiting();
    } else if (type === SpawnerFrame.Kill) this.#kill(body.readUInt32LE(0), body[4] ?? 0);
    else if (type === SpawnerFrame.Recall) this.#drop(false);
  }

  #startWaiting(): void {
    const next = this.#isBusy || this.#leaving ? undefined : this.#waiting.shift();
    if (!next) return;
    this.#isBusy = true;
    void this.#run(next).then(() => {
      this.#isBusy = false;
      this.#startWaiting();
    });
  }

  #kill(number: number, signal: number): void {
    if (this.#running?.request.number !== number) return this.#reply(encodeDropped({ wasAtHand: false, count: 0 }));
    this.#signal(this.#running, signal);
    this.#drop(true);
  }

  #drop(wasAtHand: boolean): void {
    this.#reply(encodeDropped({ wasAtHand, count: this.#waiting.splice(0).length }));
  }

  #signal({ group, early }: Running, signal: number): void {
    if (group === 0) early.push(signal);
    else signalByNumber(group, signal);
  }

  /** The supervisor is gone or wants us gone: TERM to all that runs, KILL shortly after. */
  async leave(): Promise<void> {
    if (this.#leaving) return;
    this.#leaving = true;
    const groups = [...this.#leftovers, ...(this.#running?.group ? [this.#running.group] : [])];
    for (const group of groups) signalGroup(group, 'SIGTERM');
    const deadline = performance.now() + SHUTDOWN_GRACE_MS;
    while (performance.now() < deadline && groups.some(isThere)) await delay(POLL_MS);
    for (const group of groups) signalGroup(group, 'SIGKILL');
    if (this.#running) closeOutputs(this.#running.request, this.#running.outputs, false);
    closeSync(this.#groupFd);
    rmSync(this.#groupFile, { force: true });
  }

  async #run(request: RunRequest): Promise<void> {
    const { number } = request;
    const startMs = Date.now();
    const outputs: { stdout?: OutputFile; stderr?: OutputFile } = {};
    try {
      openAll(request, outputs);
      const running: Running = { request, outputs: outputs as Outputs, group: 0, early: [] };
      this.#running = running;
      const started = performance.now();
      const command = await this.#start(running);
      const status = await command.ended.catch((error: unknown) => fail(FailedStage.Stdout, request.stdout, error));
      this.#end(running, { status, startMs, durationUs: (performance.now() - started) * 1000 });
    } catch (error) {
      this.#running = undefined;
      if (this.#leaving) return;
      closeOutputs(request, outputs, false);
      const { stage, errno, message } = error instanceof StageError ? error : new StageError(FailedStage.Exec, String(error), error);
      this.#reply(encodeFailed({ number, stage, errno, startMs, detail: message }));
    }
  }

  async #start(running: Running): Promise<StartedCommand> {
    const { request, outputs } = running;
    const start = request.flags & RunFlag.Pty ? startInTerminal : startPlain;
    const command = await start(request, outputs).catch((error: unknown) =>
      error instanceof NoPtyError ? fail(FailedStage.Pty, error.message, error) : fail(FailedStage.Exec, 'bash', error),
    );
    running.group = command.pid;
    this.#writeGroups();
    for (const signal of running.early) signalByNumber(command.pid, signal);
    return command;
  }

  #end({ request, outputs, group }: Running, exit: { status: number; startMs: number; durationUs: number }): void {
    this.#running = undefined;
    if (signalGroup(group, 'SIGTERM')) void this.#endLeftover(group, request.killGraceMs);
    if (this.#leaving) return;
    const report = reportOutputs(outputs, request.flags);
    closeOutputs(request, outputs, (request.flags & RunFlag.WholeStdout) !== 0 && !report.whole);
    this.#reply(encodeEnded({ number: request.number, ...exit, ...report }));
  }

  async #endLeftover(group: number, graceMs: number): Promise<void> {
    this.#leftovers.push(group);
    this.#writeGroups();
    const deadline = performance.now() + graceMs;
    while (performance.now() < deadline && isThere(group)) await delay(POLL_MS);
    signalGroup(group, 'SIGKILL');
    this.#leftovers = this.#leftovers.filter((other) => other !== group);
    if (!this.#leaving) this.#writeGroups();
  }

  /** For the supervisor that finds us dead: u32 group at hand, u32 count, groups that are ending. */
  #writeGroups(): void {
    writeSync(
      this.#groupFd,
      Buffer.from(Uint32Array.of(this.#running?.group ?? 0, this.#leftovers.length, ...this.#leftovers).buffer),
      0,
      undefined,
      0,
    );
  }
}

function openAll(request: RunRequest, outputs: { stdout?: OutputFile; stderr?: OutputFile }): void {
  const { cwd, stdout, stderr, flags } = request;
  attempt(FailedStage.Cwd, cwd, () => checkDirectory(cwd));
  outputs.stdout = attempt(FailedStage.Stdout, stdout, () =>
    openOutput(stdout, (flags & RunFlag.StdoutAppend) !== 0, (flags & RunFlag.StdoutCaptured) !== 0),
  );
  outputs.stderr =
    stdout === stderr
      ? outputs.stdout
      : attempt(FailedStage.Stderr, stderr, () =>
          openOutput(stderr, (flags & RunFlag.StderrAppend) !== 0, (flags & RunFlag.StderrCaptured) !== 0),
        );
}

function checkDirectory(path: string): void {
  if (!statSync(path).isDirectory()) throw systemError('ENOTDIR', -20);
}

function attempt<T>(stage: number, detail: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    return fail(stage, detail, error);
  }
}

function fail(stage: number, detail: string, error: unknown): never {
  throw new StageError(stage, detail, error);
}

function isThere(group: number): boolean {
  try {
    process.kill(-group, 0);
    return true;
  } catch {
    return false;
  }
}

function signalByNumber(group: number, signal: number): void {
  try {
    process.kill(-group, signal);
  } catch {
    // It ended on its own in the meantime.
  }
}
