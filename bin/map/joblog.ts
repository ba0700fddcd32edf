/**
 * The job log: a line for each job that has ended, in GNU Parallel's columns, so that either program takes up the other's.
 */
import { appendFileSync, closeSync, existsSync, openSync, readFileSync, writeFileSync, writeSync } from 'node:fs';
import { UsageError } from '../usage-error.ts';
import { hasFailed, type JobEnd } from './halt.ts';

const HEAD = 'Seq\tHost\tStarttime\tJobRuntime\tSend\tReceive\tExitval\tSignal\tCommand\n';

export interface JoblogEntry extends JobEnd {
  readonly seq: number;
  /** ':' is this machine. */
  readonly host: string;
  readonly startMs: number;
  readonly runtimeMs: number;
  /** Bytes of its stdout. */
  readonly received: number;
  readonly command: string;
}

/** Newlines of a command would end the line: they are NUL bytes in the log, which no command has. */
export function formatEntry({ seq, host, startMs, runtimeMs, received, exitCode, signal, command }: JoblogEntry): string {
  const times = [(startMs / 1000).toFixed(3), (runtimeMs / 1000).toFixed(3).padStart(10)];
  return `${[seq, host, ...times, 0, received, exitCode, signal, command.replaceAll('\n', '\0')].join('\t')}\n`;
}

/** What is known of a job from a log: its last line counts. */
export interface LoggedJob {
  readonly command: string;
  readonly failed: boolean;
}

/** Jobs by number. A line that was cut short, because its writer was killed, is no job. */
export function parseJoblog(text: string, path: string): Map<number, LoggedJob> {
  const jobs = new Map<number, LoggedJob>();
  if (text === '') return jobs;
  const lines = text.slice(0, text.lastIndexOf('\n')).split('\n');
  if (`${lines.shift() ?? ''}\n` !== HEAD)
    throw new UsageError(`${path} is no job log: its first line is not ${HEAD.trim().replaceAll('\t', ' ')}`);
  for (const [index, line] of lines.entries()) {
    const [seq, , , , , , exitCode, signal, ...command] = line.split('\t');
    const number = Number(seq);
    if (!Number.isInteger(number) || number < 1 || command.length === 0) {
      throw new UsageError(`${path}:${index + 2}: is no line of a job log: ${line.slice(0, 80)}; mend or remove it`);
    }
    const failed = hasFailed({ exitCode: Number(exitCode), signal: Number(signal) });
    jobs.set(number, { command: command.join('\t').replaceAll('\0', '\n'), failed });
  }
  return jobs;
}

/** @throws UsageError if there is no such file, unless `mayBeMissing`. */
export function readJoblog(path: string, mayBeMissing: boolean): Map<number, LoggedJob> {
  if (!existsSync(path)) {
    if (mayBeMissing) return new Map();
    throw new UsageError(`there is no job log ${path}; --retry-failed runs the jobs that failed according to it`);
  }
  return parseJoblog(readFileSync(path, 'utf8'), path);
}

/**
 * Lines are in the file when `add` returns: whoever kills this process finds all that had ended. Where the disk is full they are owed,
 * and written from the byte on at which it was, once there is room.
 */
export class JoblogWriter implements Disposable {
  readonly #path: string;
  readonly #fd: number;
  readonly #tell: (text: string) => void;
  /** The first may be the rest of one. */
  #owed: Buffer[] = [];
  #hasTold = false;

  /**
   * @param append to what is there; otherwise the file is begun anew.
   * @param tell told of lines that could not be written.
   * @throws UsageError if it cannot be written now.
   */
  constructor(path: string, append: boolean, tell: (text: string) => void) {
    this.#path = path;
    this.#tell = tell;
    try {
      if (append && existsSync(path)) cutTornLine(path);
      this.#fd = openSync(path, append ? 'a' : 'w');
      if (!append || readFileSync(path).length === 0) appendFileSync(this.#fd, HEAD);
    } catch (error) {
      throw new UsageError(`the job log ${path} cannot be written (${(error as Error).message})`);
    }
  }

  add(entry: JoblogEntry): void {
    this.#owed.push(Buffer.from(formatEntry(entry)));
    try {
      this.#write();
    } catch (error) {
      if (!this.#hasTold)
        this.#tell(`the job log ${this.#path} cannot be written (${(error as Error).message}); lines wait for room, jobs go on`);
      this.#hasTold = true;
    }
  }

  #write(): void {
    let done = 0;
    try {
      for (; done < this.#owed.length; done++) this.#writeLine(done);
    } finally {
      this.#owed.splice(0, done);
    }
  }

  #writeLine(at: number): void {
    for (let line = this.#owed[at]; line && line.length > 0; line = this.#owed[at]) {
      this.#owed[at] = line.subarray(writeSync(this.#fd, line));
    }
  }

  [Symbol.dispose](): void {
    try {
      this.#write();
    } catch {
      this.#tell(`${this.#owed.length} job(s) are not in the job log ${this.#path}: --resume runs them again`);
    }
    closeSync(this.#fd);
  }
}

function cutTornLine(path: string): void {
  const bytes = readFileSync(path);
  const end = bytes.lastIndexOf(10) + 1;
  if (end < bytes.length) writeFileSync(path, bytes.subarray(0, end));
}
