/**
 * Runs of a HighThroughputExecutor with everything real, for specs that look at its processes from outside.
 */
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  type ConfigOptions,
  type DataFlowKernel,
  HighThroughputExecutor,
  type HighThroughputOptions,
  LocalProvider,
  type LocalProviderOptions,
} from '../../index.ts';
import { eventually } from './eventually.ts';
import { highThroughput, openKernel, type OpenedKernel } from './kernel.ts';
import { isAlive } from './leftovers.ts';
import { systemPython } from './python.ts';

export interface LogLine {
  readonly executor: string;
  readonly level: string;
  readonly message: string;
  readonly fields?: Readonly<Record<string, unknown>>;
}

export interface RunOptions {
  readonly executor?: HighThroughputOptions;
  readonly provider?: LocalProviderOptions;
  readonly config?: ConfigOptions;
}

/** Heartbeats that make losses quick, and slow enough for a busy machine. */
export const QUICK = { heartbeatPeriod: 0.2, heartbeatThreshold: 1.2 } as const;

export class TestRun implements AsyncDisposable {
  readonly logs: LogLine[];
  readonly kernel: DataFlowKernel;
  readonly dir: string;
  readonly #opened: OpenedKernel;
  readonly #unsubscribe: () => void;

  private constructor(opened: OpenedKernel, logs: LogLine[], unsubscribeLogs: () => void) {
    this.#opened = opened;
    this.kernel = opened.kernel;
    this.dir = opened.dir;
    this.logs = logs;
    this.#unsubscribe = unsubscribeLogs;
  }

  /** Two workers without encryption's cost left out: as shipped, but for what the options say. */
  static async open({ executor = {}, provider = {}, config = {} }: RunOptions = {}): Promise<TestRun> {
    const logs: LogLine[] = [];
    const listen = (line: unknown): void => void logs.push(line as LogLine);
    subscribe('flotilla:log', listen);
    const executors = [
      new HighThroughputExecutor({
        coresPerWorker: 0.5,
        maxWorkersPerNode: 2,
        python: systemPython(),
        provider: new LocalProvider(provider),
        ...executor,
      }),
    ];
    try {
      const opened = await openKernel(highThroughput, { executors, ...config });
      return new TestRun(opened, logs, () => unsubscribe('flotilla:log', listen));
    } catch (error) {
      unsubscribe('flotilla:log', listen);
      throw error;
    }
  }

  path(name: string): string {
    return join(this.dir, name);
  }

  /** `runinfo/NNN/<label>`. */
  folder(label = 'htex'): string {
    return join(this.kernel.runDir, label);
  }

  interchangePid(): number {
    return only('interchange', this.interchangePids());
  }

  /** None for the moment in which a dead one has not been replaced. */
  interchangePids(): number[] {
    return childrenOf(process.pid, 'interchange-entry');
  }

  /** Ids of the managers' processes, of one executor or of all. */
  managerPids(label = ''): number[] {
    return processesWith((commandLine) => commandLine.includes('manager-entry') && commandLine.includes(join(this.kernel.runDir, label)));
  }

  /** Waits until so many managers are there and registered. */
  async managers(count: number): Promise<number[]> {
    await this.logged(/ registered with /, count);
    return eventually(`${count} managers`, () => (this.managerPids().length === count ? this.managerPids() : undefined));
  }

  workerPids(): number[] {
    const environment = `FLOTILLA_RUN_ID=${this.kernel.runId}\0`;
    return processesWith((commandLine, pid) => /process-entry|flotilla_worker/.test(commandLine) && environOf(pid).includes(environment));
  }

  /** Waits for `count` lines of the log that match; returns the last of them. */
  async logged(pattern: RegExp, count = 1, limitMs = 15_000): Promise<LogLine> {
    const matching = (): LogLine[] => this.logs.filter(({ message }) => pattern.test(message));
    const found = await eventually(
      `${count} line(s) like ${pattern} in the log`,
      () => matching().length >= count && matching(),
      limitMs,
    ).catch((error: Error) => {
      throw new Error(`${error.message}; it has\n${this.logText()}`);
    });
    return found.at(-1) as LogLine;
  }

  logText(): string {
    return this.logs.map(({ level, message, fields }) => `  ${level} ${message} ${JSON.stringify(fields ?? {})}`).join('\n');
  }

  /** Lines of a file in the run's folder; none if it is not there. */
  lines(name: string): string[] {
    return linesOf(this.path(name));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    try {
      await this.#opened.dispose();
    } finally {
      this.#unsubscribe();
    }
  }
}

export function linesOf(path: string): string[] {
  try {
    return readFileSync(path, 'utf8')
      .split('\n')
      .filter((line) => line !== '');
  } catch {
    // Nobody has written to it yet.
    return [];
  }
}

/** Living processes whose command line is accepted. */
export function processesWith(accepts: (commandLine: string, pid: number) => boolean): number[] {
  return readdirSync('/proc')
    .map(Number)
    .filter((pid) => pid > 0 && pid !== process.pid && accepts(commandLineOf(pid), pid) && isAlive(pid));
}

export const childrenOf = (parent: number, name: string): number[] =>
  processesWith((commandLine, pid) => commandLine.includes(name) && parentOf(pid) === parent);

export function parentOf(pid: number): number {
  const stat = readProc(pid, 'stat');
  return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]);
}

export const commandLineOf = (pid: number): string => readProc(pid, 'cmdline').replaceAll('\0', ' ');

export const environOf = (pid: number): string => readProc(pid, 'environ');

function readProc(pid: number, file: string): string {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'latin1');
  } catch {
    // It has ended since the folder was listed.
    return '';
  }
}

function only(what: string, pids: readonly number[]): number {
  const [pid] = pids;
  if (pid === undefined || pids.length > 1) throw new Error(`${pids.length} processes instead of one: ${what}`);
  return pid;
}

/** All of them must be gone within the time. */
export const gone = (what: string, pids: readonly number[], limitMs: number): Promise<unknown> =>
  eventually(`the end of ${what}: ${pids.filter(isAlive).join(', ')}`, () => !pids.some(isAlive), limitMs);
