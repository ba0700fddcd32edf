/**
 * One job on this machine, from its first process to its last. Owns its processes, its walltime and its status; knows nothing
 * of other jobs or of what it runs.
 *
 *   running ──exits──▶ sweeping ──nothing left──▶ gone
 *      └─cancel, walltime─▶ leaving (TERM, KILL after the grace) ──exits──▶ sweeping
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import { constants } from 'node:os';
import { setTimeout as pause } from 'node:timers/promises';
import { type LongTimeout, setLongTimeout } from '../../lib/long-timeout.ts';
import type { JobStatus } from '../../lib/provider.ts';
import { findProcesses, JOB_TAG, type JobProcesses, killAll, signalEach, signalGroup } from './job-processes.ts';

const KILL_GRACE_MS = 5000;
const LOOK_AGAIN_MS = 25;

export interface LocalJobOptions {
  readonly name: string;
  readonly scriptPath: string;
  readonly stdoutPath: string;
  readonly stderrPath: string;
  readonly workingDirectory: string;
  readonly walltimeMs: number | undefined;
  readonly changed: (job: LocalJob) => void;
}

type End = 'cancelled' | 'timeout';

export class LocalJob {
  readonly id: string;
  readonly #options: LocalJobOptions;
  readonly #child: ChildProcess;
  readonly #processes: JobProcesses;
  readonly #exited: Promise<void>;
  readonly #gone: Promise<void>;
  #status: JobStatus;
  /** Why it was told to leave, if it was. */
  #told: End | undefined;
  #leaving: Promise<void> | undefined;
  #walltimeTimer: LongTimeout | undefined;

  /** @throws what spawning threw: no bash, no such directory, an unwritable file. */
  static async start(options: LocalJobOptions): Promise<LocalJob> {
    const stdout = openSync(options.stdoutPath, 'w');
    const stderr = openSync(options.stderrPath, 'w');
    try {
      const child = spawn('bash', [options.scriptPath], {
        cwd: options.workingDirectory,
        detached: true,
        env: { ...process.env, [JOB_TAG]: options.name },
        stdio: ['ignore', stdout, stderr],
      });
      if (child.pid === undefined) await once(child, 'spawn'); // throws what went wrong
      return new LocalJob(child, options);
    } finally {
      closeSync(stdout);
      closeSync(stderr);
    }
  }

  private constructor(child: ChildProcess, options: LocalJobOptions) {
    this.#options = options;
    this.#child = child;
    const leader = child.pid ?? 0;
    this.id = `local-${leader}`;
    this.#processes = { leader, tag: `${JOB_TAG}=${options.name}` };
    this.#status = { state: 'running', ...this.#paths() };
    this.#exited = new Promise((resolve) => child.once('exit', (code, signal) => resolve(this.#onExit(code, signal))));
    this.#gone = this.#exited.then(() => this.#sweep());
    this.#startWalltime();
    child.unref();
  }

  get status(): JobStatus {
    return this.#status;
  }

  /** Resolves when no process of it is left. Idempotent. */
  async cancel(): Promise<void> {
    await this.#leave('cancelled');
  }

  killNow(): void {
    this.#told ??= 'cancelled';
    killAll(this.#processes);
  }

  async #leave(why: End): Promise<void> {
    this.#leaving ??= this.#terminate(why);
    await this.#leaving;
  }

  async #terminate(why: End): Promise<void> {
    if (this.#status.state === 'running') {
      this.#told = why;
      this.#child.ref();
      signalGroup(this.#processes, 'SIGTERM');
      const grace = new AbortController();
      const killLater = pause(KILL_GRACE_MS, undefined, { signal: grace.signal }).then(
        () => killAll(this.#processes),
        () => undefined, // Aborted: it left in time.
      );
      await this.#exited;
      grace.abort();
      await killLater;
    }
    await this.#gone;
  }

  #onExit(exitCode: number | null, signal: NodeJS.Signals | null): void {
    this.#walltimeTimer?.clear();
    this.#status = { ...describeExit(exitCode, signal, this.#told, this.#options.walltimeMs), ...this.#paths() };
    this.#options.changed(this);
  }

  /** What the job started may outlive its script: asked to leave, then made to. */
  async #sweep(): Promise<void> {
    const askedAt = performance.now();
    let left = findProcesses(this.#processes);
    signalEach(left, 'SIGTERM');
    while (left.length > 0) {
      const waitedMs = performance.now() - askedAt;
      if (waitedMs > 2 * KILL_GRACE_MS) return; // Stuck in the kernel: nothing that we could do would end it.
      if (waitedMs > KILL_GRACE_MS) killAll(this.#processes);
      await pause(LOOK_AGAIN_MS);
      left = findProcesses(this.#processes);
    }
  }

  #startWalltime(): void {
    const { walltimeMs } = this.#options;
    if (walltimeMs === undefined) return;
    this.#walltimeTimer = setLongTimeout(() => void this.#leave('timeout'), walltimeMs);
    this.#walltimeTimer.unref();
  }

  #paths(): { stdoutPath: string; stderrPath: string } {
    return { stdoutPath: this.#options.stdoutPath, stderrPath: this.#options.stderrPath };
  }
}

function describeExit(exitCode: number | null, signal: string | null, told: End | undefined, walltimeMs: number | undefined): JobStatus {
  const how = signal === null ? exitWords(exitCode ?? 0) : `killed by ${signal}`;
  const end = { ...(exitCode !== null && { exitCode }), ...(signal !== null && { signal }) };
  if (told === 'timeout') return { state: 'timeout', reason: `its walltime of ${(walltimeMs ?? 0) / 1000} s was over (${how})`, ...end };
  if (told === 'cancelled') return { state: 'cancelled', reason: `cancelled (${how})`, ...end };
  return { state: exitCode === 0 ? 'completed' : 'failed', reason: how, ...end };
}

/** A shell reports a program that died by signal n as exit code 128 + n. */
function exitWords(exitCode: number): string {
  const signal = Object.entries(constants.signals).find(([, number]) => number === exitCode - 128)?.[0];
  return signal === undefined ? `exit code ${exitCode}` : `exit code ${exitCode}: ${signal}`;
}
