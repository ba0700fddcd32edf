/**
 * The files that a command of the Node spawner writes to: opened before it starts, looked at when it has ended.
 */
import { closeSync, constants, fstatSync, mkdirSync, openSync, readSync, rmSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { INLINE_BYTES, RunFlag, TAIL_BYTES, type RunRequest } from './spawner-protocol.ts';

export interface OutputFile {
  readonly fd: number;
  /** Its size before the command started. */
  readonly from: number;
}

const { O_RDWR, O_WRONLY, O_CREAT, O_APPEND, O_TRUNC } = constants;

/** @throws the system's error. Readable too, for the tail, where the file allows it. */
export function openOutput(path: string, append: boolean, captured: boolean): OutputFile {
  // Opening a named pipe could wait for ever.
  if (!captured && statSync(path, { throwIfNoEntry: false })?.isFIFO()) throw systemError('ENXIO', -6);
  makeDirectory(dirname(path));
  const flags = O_CREAT | (append ? O_APPEND : O_TRUNC);
  const fd = openReadable(path, flags);
  return { fd, from: append ? fstatSync(fd).size : 0 };
}

/** Not `recursive: true`: where a directory can never be made (/proc) Node tries for ever. */
function makeDirectory(path: string): void {
  if (statSync(path, { throwIfNoEntry: false }) || path === dirname(path)) return;
  makeDirectory(dirname(path));
  try {
    mkdirSync(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
}

function openReadable(path: string, flags: number): number {
  try {
    return openSync(path, O_RDWR | flags, 0o666);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EACCES') throw error;
    return openSync(path, O_WRONLY | flags, 0o666);
  }
}

export interface Outputs {
  readonly stdout: OutputFile;
  /** The same object where both are one file. */
  readonly stderr: OutputFile;
}

export interface OutputReport {
  readonly stdoutFrom: number;
  readonly stdoutTo: number;
  readonly whole: boolean;
  readonly stdout: Buffer;
  readonly stderrTail: Buffer;
}

export function reportOutputs({ stdout, stderr }: Outputs, flags: number): OutputReport {
  const stdoutTo = fstatSync(stdout.fd).size;
  const bytes = stdoutTo - stdout.from;
  const whole = (flags & RunFlag.WholeStdout) !== 0 && bytes <= INLINE_BYTES;
  return {
    stdoutFrom: stdout.from,
    stdoutTo,
    whole,
    stdout: readEnd(stdout, whole ? bytes : TAIL_BYTES),
    stderrTail: readEnd(stderr, TAIL_BYTES),
  };
}

/** @param keepStdout a captured stdout that is still to be read back */
export function closeOutputs(request: RunRequest, outputs: Partial<Outputs>, keepStdout: boolean): void {
  if (outputs.stdout) closeSync(outputs.stdout.fd);
  if (outputs.stderr && outputs.stderr !== outputs.stdout) closeSync(outputs.stderr.fd);
  if (request.flags & RunFlag.StdoutCaptured && !keepStdout) rmSync(request.stdout, { force: true });
  if (request.flags & RunFlag.StderrCaptured) rmSync(request.stderr, { force: true });
}

function readEnd(file: OutputFile, limit: number): Buffer {
  const to = fstatSync(file.fd).size;
  const count = Math.min(limit, Math.max(0, to - file.from));
  const bytes = Buffer.alloc(count);
  if (count === 0) return bytes;
  try {
    return bytes.subarray(0, readSync(file.fd, bytes, 0, count, to - count));
  } catch {
    return Buffer.alloc(0); // it could be opened for writing only
  }
}

export function systemError(code: string, errno: number): NodeJS.ErrnoException {
  return Object.assign(new Error(code), { code, errno });
}
