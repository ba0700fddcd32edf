/**
 * A job's processes, as pbs_mom runs them: a shell that reads the script's name from its stdin, in a session of its own, in the
 * user's home, with an environment that is not the submitter's. What it prints lies in a spool until it has ended.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, copyFileSync, mkdirSync, openSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { Job } from './job.ts';
import { nodeFile } from './placement.ts';

export interface ExecutionOptions {
  /** Spool, node files, job scripts. */
  readonly dir: string;
  readonly home: string;
  /** Between TERM and KILL; ms. */
  readonly killDelayMs: number;
}

export interface Ending {
  /** As the job's own shell ended: 0–255, or 256 + the number of its signal. */
  readonly exitStatus: number;
}

export class Execution {
  readonly pid: number;
  /** Resolves when none of its processes is left. */
  readonly ended: Promise<Ending>;
  readonly #job: Job;
  readonly #options: ExecutionOptions;
  readonly #tag: string;
  #isGone = false;

  constructor(job: Job, options: ExecutionOptions) {
    this.#job = job;
    this.#options = options;
    const child = startShell(job, options);
    this.pid = child.pid ?? 0;
    this.#tag = `PBS_NODEFILE=${nodeFilePath(job, options.dir)}`;
    this.ended = this.#untilGone(child);
  }

  /** TERM, and KILL after the delay to what is left. */
  async terminate(): Promise<void> {
    this.#signal('SIGTERM');
    const deadline = Date.now() + this.#options.killDelayMs;
    while (!this.#isGone && this.#processes().length > 0 && Date.now() < deadline) await pause(20);
    if (!this.#isGone) this.kill();
  }

  /** Also what a power cut does. */
  kill(): void {
    for (let look = 0; look < 3; look++) this.#signal('SIGKILL');
  }

  /** What the job printed goes where it asked for; a lost node's does not. */
  stageOut(): void {
    const { outputPath, errorPath, joinPath } = this.#job;
    const [stdout, stderr] = spoolPaths(this.#job, this.#options.dir);
    if (joinPath !== 'eo') deliver(stdout, outputPath, `${this.#job.id}.OU`);
    if (joinPath !== 'oe') deliver(stderr, errorPath, `${this.#job.id}.ER`);
  }

  /** What mom itself has to say, in the job's stderr. */
  say(line: string): void {
    writeFileSync(spoolPaths(this.#job, this.#options.dir)[1], `${line}\n`, { flag: 'a' });
  }

  async #untilGone(child: ChildProcess): Promise<Ending> {
    const ending = await new Promise<Ending>((resolve) =>
      child.once('exit', (code, signal) => resolve({ exitStatus: code ?? 256 + signalNumber(signal) })),
    );
    // As a site's epilogue does it: nothing of a job outlives it, whatever session it has gone to.
    if (this.#processes().length > 0) await this.terminate();
    this.#isGone = true;
    return ending;
  }

  #signal(signal: NodeJS.Signals): void {
    for (const pid of this.#processes()) send(pid, signal);
  }

  #processes(): number[] {
    return readdirSync('/proc')
      .map(Number)
      .filter((pid) => pid > 0 && pid !== process.pid && this.#isOurs(pid));
  }

  #isOurs(pid: number): boolean {
    const stat = readProc(pid, 'stat');
    const [state, , , session] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    if (state === undefined || state === '' || state === 'Z' || state === 'X') return false;
    return Number(session) === this.pid || readProc(pid, 'environ').split('\0').includes(this.#tag);
  }
}

function startShell(job: Job, { dir, home }: ExecutionOptions): ChildProcess {
  const script = join(dir, 'jobs', `${job.id}.SC`);
  writeFileSync(script, job.script, { mode: 0o700 });
  writeFileSync(nodeFilePath(job, dir), nodeFile(job.placed));
  mkdirSync(temporaryFolder(job, dir), { recursive: true });
  const [stdoutPath, stderrPath] = spoolPaths(job, dir);
  const stdout = openSync(stdoutPath, 'a');
  const stderr = job.joinPath === 'oe' ? stdout : openSync(stderrPath, 'a');
  const shell = job.shell ?? '/bin/bash';
  const child = spawn(shell, [], {
    argv0: `-${basename(shell)}`,
    cwd: home,
    detached: true,
    env: environmentOf(job, dir, home),
    stdio: ['pipe', job.joinPath === 'eo' ? stderr : stdout, stderr],
  });
  child.unref();
  child.stdin?.on('error', () => undefined); // It ended before it had read.
  child.stdin?.end(`${[script, ...job.scriptArguments].join(' ')}\n`);
  for (const descriptor of new Set([stdout, stderr])) closeSync(descriptor);
  return child;
}

/** PBS Professional 2022.1 Reference Guide, "Environment Variables". */
function environmentOf(job: Job, dir: string, home: string): Record<string, string> {
  return {
    ...Object.fromEntries(job.variables),
    PATH: '/usr/local/bin:/usr/bin:/bin',
    HOME: home,
    USER: job.user,
    LOGNAME: job.user,
    SHELL: '/bin/bash',
    LANG: 'C.UTF-8',
    ENVIRONMENT: 'BATCH',
    NCPUS: String(job.placed[0]?.chunk.ncpus ?? 1),
    OMP_NUM_THREADS: String(job.placed[0]?.chunk.ncpus ?? 1),
    PBS_ENVIRONMENT: 'PBS_BATCH',
    PBS_JOBCOOKIE: `cookie-${job.seq}`,
    PBS_JOBDIR: home,
    PBS_JOBID: job.id,
    PBS_JOBNAME: job.name,
    PBS_MOMPORT: '15003',
    PBS_NODEFILE: nodeFilePath(job, dir),
    PBS_NODENUM: '0',
    PBS_QUEUE: job.queue,
    PBS_TASKNUM: '1',
    TMPDIR: temporaryFolder(job, dir),
  };
}

const nodeFilePath = (job: Job, dir: string): string => join(dir, 'aux', job.id);
const temporaryFolder = (job: Job, dir: string): string => join(dir, 'tmp', `pbs.${job.id}`);
const spoolPaths = (job: Job, dir: string): [string, string] => [join(dir, 'spool', `${job.id}.OU`), join(dir, 'spool', `${job.id}.ER`)];

export function removeTraces(job: Job, dir: string): void {
  for (const path of [nodeFilePath(job, dir), temporaryFolder(job, dir), ...spoolPaths(job, dir), join(dir, 'jobs', `${job.id}.SC`)]) {
    rmSync(path, { recursive: true, force: true });
  }
}

/** A folder gets a file that is named after the job. What cannot be delivered is dropped here; PBS keeps it in its "undelivered". */
function deliver(from: string, to: string, name: string): void {
  try {
    const isFolder = statSync(to, { throwIfNoEntry: false })?.isDirectory() === true;
    copyFileSync(from, isFolder ? join(to, name) : to);
  } catch {
    // Undeliverable.
  }
}

const NUMBERS: Readonly<Record<string, number>> = { SIGHUP: 1, SIGINT: 2, SIGKILL: 9, SIGSEGV: 11, SIGTERM: 15 };
const signalNumber = (signal: string | null): number => NUMBERS[signal ?? ''] ?? 0;

function send(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // It has ended already.
  }
}

function readProc(pid: number, file: string): string {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'latin1');
  } catch {
    return ''; // It has ended since the folder was listed.
  }
}
