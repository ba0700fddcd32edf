/**
 * A job as `flotilla map --json` prints it.
 */
import { isUtf8 } from 'node:buffer';
import { constants } from 'node:os';
import type { EndedJob } from './job.ts';

export interface JobRecord {
  readonly seq: number;
  readonly args: readonly string[];
  readonly command: string;
  readonly host: string;
  /** ISO 8601. */
  readonly start: string;
  readonly runtimeSeconds: number;
  /** null where a signal ended it, or it never started. */
  readonly exitCode: number | null;
  /** 'SIGKILL' */
  readonly signal: string | null;
  /** Why it failed, where that was not the command itself. */
  readonly trouble?: string;
  readonly stdout: string;
  readonly stderr: string;
  /** The bytes in base64, where they are not UTF-8: what of them is none is U+FFFD in the text above. */
  readonly stdoutBase64?: string;
  readonly stderrBase64?: string;
}

export function jobRecord(
  { job, host, startMs, runtimeMs, exitCode, signal, trouble }: EndedJob,
  stdout: Buffer,
  stderr: Buffer,
): JobRecord {
  return {
    ...job,
    host,
    start: new Date(startMs).toISOString(),
    runtimeSeconds: runtimeMs / 1000,
    exitCode: signal === 0 && trouble === undefined ? exitCode : null,
    signal: signalName(signal),
    ...(trouble === undefined ? {} : { trouble }),
    stdout: stdout.toString(),
    stderr: stderr.toString(),
    ...(isUtf8(stdout) ? {} : { stdoutBase64: stdout.toString('base64') }),
    ...(isUtf8(stderr) ? {} : { stderrBase64: stderr.toString('base64') }),
  };
}

/** @returns 0 for none. */
export function signalNumber(name: string | null): number {
  return name === null ? 0 : ((constants.signals as Readonly<Record<string, number>>)[name] ?? 0);
}

function signalName(number: number): string | null {
  const found = Object.entries(constants.signals).find(([, value]) => value === number);
  return found?.[0] ?? null;
}
