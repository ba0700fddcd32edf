/**
 * What commands print. Names, labels, messages and words of command lines are those of others: nothing of them reaches the terminal as a
 * control character, or breaks a line.
 */
import { onOneLine } from '../lib/errors/message-parts.ts';

export function printJson(value: unknown): void {
  process.stdout.write(`${JSON.stringify(value, null, 2)}\n`);
}

/** To stdout. */
export function printLines(lines: readonly string[]): void {
  for (const line of lines) process.stdout.write(`${onOneLine(line)}\n`);
}

/** To stderr, each with the command's name before it. */
export function sayLines(lines: readonly string[]): void {
  for (const line of lines) process.stderr.write(`flotilla: ${onOneLine(line)}\n`);
}
