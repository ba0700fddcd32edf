/**
 * One job on this machine, from its first process to its last. Owns its processes, its walltime and its status; knows nothing
 * of other jobs or of what it runs.
 *
 *   running ──exits──▶ sweeping ──nothing left──▶ gone
 *      └─cancel, walltime─▶ leaving (TERM, KILL after the grace) ──exits──▶ sweeping
 *
 * It may have been started by a driver before this one.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, statSync } from 'node:fs';
import { constants } from 'node:os';
import { setTimeout as pause } from 'node:timers/promises';
import { type LongTimeout, setLongTimeout } from '../../lib/long-timeout.ts';
import { ageOf } from '../../lib/process-identity.ts';
import type { JobStatus } from '../../lib/provider.ts';
import { type FirstProcess, found, ofChild } from './first-process.ts';
import { carriesTag, findProcesses, findTagged, JOB_TAG, type JobProcesses, killAll, signalEach, signalGroup } from './job-processes.ts';

const ID_PREFIX = 'local-';
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
  readonly #first: FirstProcess;
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
      return new LocalJob(ofChild(child), options);
    } finally {
      closeSync(stdout);
      closeSync(stderr);
    }
  }

  /** One that an earlier driver started. @returns undefined if it is not there any more. */
  static adopt(id: string, options: LocalJobOptions): LocalJob | undefined {
    const leader = Number(id.replace(ID_PREFIX, ''));
    const tag = `${JOB_TAG}=${options.name}`;
    if (!carriesTag(leader, tag)) {
      // Its number may be another process's by now: what it has started goes by its tag alone, as behind any first process.
      signalEach(findTagged(tag), 'SIGTERM');
      return undefined;
    }
    return new LocalJob(found(leader), options, runtimeOf(leader, options.stdoutPath));
  }

  /** @param ranMs how long it has run. */
  private constructor(first: FirstProcess, options: LocalJobOptions, ranMs = 0) {
    this.#options = options;
    this.#first = first;
    this.id = `${ID_PREFIX}${first.pid}`;
    this.#processes = { leader: first.pid, tag: `${JOB_TAG}=${options.name}` };
    this.#status = { state: 'running', ...this.#paths() };
    this.#exited = first.exited.then(({ exitCode, signal }) => this.#onExit(exitCode, signal));
    this.#gone = this.#exited.then(() => this.#sweep());
    this.#startWalltime(ranMs);
  }

  /** No process of it is left. */
  get gone(): Promise<void> {
    return this.#gone;
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
      this.#first.ref();
      signalGroup(this.#processes, 'SIGTERM');
      // What is stopped could not hear it, nor what is told by what hears it: launchers give managers groups of their own.
      signalEach(findProcesses(this.#processes), 'SIGCONT');
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

  #startWalltime(ranMs: number): void {
    const { walltimeMs } = this.#options;
    if (walltimeMs === undefined) return;
    this.#walltimeTimer = setLongTimeout(() => void this.#leave('timeout'), Math.max(0, walltimeMs - ranMs));
    this.#walltimeTimer.unref();
  }

  #paths(): { stdoutPath: string; stderrPath: string } {
    return { stdoutPath: this.#options.stdoutPath, stderrPath: this.#options.stderrPath };
  }
}

function describeExit(exitCode: number | null, signal: string | null, told: End | undefined, walltimeMs: number | undefined): JobStatus {
  const how = describeHow(exitCode, signal);
  const end = { ...(exitCode !== null && { exitCode }), ...(signal !== null && { signal }) };
  if (told === 'timeout') return { state: 'timeout', reason: `its walltime of ${(walltimeMs ?? 0) / 1000} s was over (${how})`, ...end };
  if (told === 'cancelled') return { state: 'cancelled', reason: `cancelled (${how})`, ...end };
  return { state: exitCode === 0 || (exitCode === null && signal === null) ? 'completed' : 'failed', reason: how, ...end };
}

function describeHow(exitCode: number | null, signal: string | null): string {
  if (signal !== null) return `killed by ${signal}`;
  return exitCode === null ? 'ended; an earlier driver started it, so its exit code is not known' : exitWords(exitCode);
}

/** As the kernel counts it, whatever the wall clock was set to meanwhile; without /proc, since the file that takes its output was made. */
function runtimeOf(leader: number, stdoutPath: string): number {
  const age = ageOf(leader);
  if (age !== undefined) return age;
  const stats = statSync(stdoutPath, { throwIfNoEntry: false });
  return stats ? Math.max(0, Date.now() - stats.birthtimeMs) : 0;
}

/** A shell reports a program that died by signal n as exit code 128 + n. */
function exitWords(exitCode: number): string {
  const signal = Object.entries(constants.signals).find(([, number]) => number === exitCode - 128)?.[0];
  return signal === undefined ? `exit code ${exitCode}` : `exit code ${exitCode}: ${signal}`;
}
