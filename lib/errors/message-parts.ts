/**
 * Pieces that messages are made of: shortened text, the end of a log, how a process ended, a value as it was seen.
 */
import { inspect } from 'node:util';

/** The text on one line, its middle left out when it is longer than `limit`. */
export function shorten(text: string, limit: number): string {
  const line = text.replace(/\s*\n\s*/g, ' ⏎ ');
  if (line.length <= limit) return line;
  const half = Math.floor((limit - 3) / 2);
  return `${line.slice(0, half)} … ${line.slice(-half)}`;
}

/** Text of others, which must do nothing to a terminal: control characters are made visible. Its lines stay lines, and tabs tabs. */
export function showControls(text: string): string {
  return text.replace(/(?![\n\t])\p{Cc}/gu, (control) => `\\x${control.charCodeAt(0).toString(16).padStart(2, '0')}`);
}

/** The same on one line. */
export const onOneLine = (text: string): string => showControls(text.replace(/[ \t\r]*\n\s*/g, ' ⏎ '));

/** Beyond what is shown of any message's beginning; a message may be megabytes long. */
const MOST_OF_BEGINNING = 4000;

/** What a message says first, on one line: its first line, and where that ends with a colon what follows, which belongs to it. */
export function beginningOf(message: string): string {
  const lines = message
    .slice(0, MOST_OF_BEGINNING)
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');
  const whole = lines.findIndex((line) => !line.endsWith(':'));
  return lines.slice(0, whole < 0 ? undefined : whole + 1).join(' ');
}

export function lastLines(text: string, count: number): string {
  return text.trimEnd().split('\n').slice(-count).join('\n').trim();
}

/** "with exit code 3", "by SIGKILL", or nothing when neither is known. */
export function describeEnd(exitCode: number | null | undefined, signal: string | null | undefined): string {
  if (signal !== undefined && signal !== null) return ` by ${signal}`;
  return exitCode === undefined || exitCode === null ? '' : ` with exit code ${exitCode}`;
}

const ABORTED =
  ': so a process ends that gets no threads or no memory; raise the limit of processes (ulimit -u, or pids.max of the job), or ask for more memory';

/** What to look at when a process has aborted by itself, as Node and ZeroMQ do; nothing when it ended otherwise. 134: so a shell reports SIGABRT. */
export function hintAtAbort(exitCode: number | null | undefined, signal: string | null | undefined): string {
  return signal === 'SIGABRT' || exitCode === 134 ? ABORTED : '';
}

/** The end of what a process wrote to stderr, on lines of their own; nothing when it wrote nothing. */
export function quoteStderr(tail: string | undefined): string {
  const lines = lastLines(tail ?? '', 10);
  return lines === '' ? '' : `\nthe end of its stderr:\n${lines}`;
}

/** Why something was cancelled; people give anything. */
export function textOfReason(reason: unknown): string {
  if (reason instanceof Error) return reason.message;
  return typeof reason === 'string' ? reason : showValue(reason);
}

/** A value as a message shows it: `"two" (string)`, `[ 1, 2 ] (array)`. */
export function showValue(value: unknown): string {
  const kind = value === null ? '' : Array.isArray(value) ? ' (array)' : value === undefined ? '' : ` (${typeof value})`;
  return `${shorten(previewValue(value), 120)}${kind}`;
}

const PREVIEW = { depth: 1, maxArrayLength: 10, maxStringLength: 200, breakLength: Number.POSITIVE_INFINITY } as const;

/** A value as short text, whatever it is; never throws. */
export function previewValue(value: unknown): string {
  try {
    return shorten(value instanceof Error ? `${value.name}: ${value.message}` : inspect(value, PREVIEW), 300);
  } catch {
    return `[${typeof value} that cannot be shown]`; // its own inspect function or a trap of a Proxy threw
  }
}

/** What groups of failures are told apart by: messages that differ in a task's number, a port or a temperature only are one group. */
export const withoutNumbers = (message: string): string => message.replace(/\d+(\.\d+)?/g, '#');
