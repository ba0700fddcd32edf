/**
 * A status as waitpid gives it, apart: exit code or signal, never both. Knows signal numbers and names.
 */
import { constants } from 'node:os';

export interface Exit {
  /** null: a signal ended it. */
  readonly exitCode: number | null;
  readonly signal: string | null;
}

const NAMES = new Map<number, string>();
// Aliases (SIGIOT, SIGPOLL) come after the name that signal(7) puts first.
for (const [name, number] of Object.entries(constants.signals)) if (!NAMES.has(number)) NAMES.set(number, name);

export function decodeStatus(status: number): Exit {
  const signal = status & 0x7f;
  return signal === 0 ? { exitCode: (status >> 8) & 0xff, signal: null } : { exitCode: null, signal: NAMES.get(signal) ?? `SIG${signal}` };
}

export function encodeStatus(exitCode: number | null, signal: string | null): number {
  return signal === null ? ((exitCode ?? 0) & 0xff) << 8 : signalNumber(signal as NodeJS.Signals);
}

export const signalNumber = (name: NodeJS.Signals): number => constants.signals[name] ?? 0;
