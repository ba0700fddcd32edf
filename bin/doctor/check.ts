/**
 * What the doctor finds, one thing at a time. Data only.
 */

/** 'optional': missing or scarce, and most goes on without it; 'problem': tasks cannot run. */
export type CheckStatus = 'ok' | 'optional' | 'problem';

export interface Check {
  /** 'programs', 'machine', 'network', 'disk' or 'limits'. */
  readonly group: string;
  readonly name: string;
  readonly status: CheckStatus;
  /** What is there: a version, a count, or that it is not. */
  readonly found: string;
  /** What it is for, where it is missing. */
  readonly neededFor?: string;
  /** How to get it. */
  readonly remedy?: string;
}

/** What the config asks of this machine. */
export interface Wanted {
  readonly pythons: readonly string[];
  readonly ports: readonly (readonly [low: number, high: number])[];
  readonly runDir: string;
  /** Whether workers are pinned to CPUs. */
  readonly isPinned: boolean;
}

/** @example plural(1, 'CPU') // '1 CPU' */
export const plural = (count: number, noun: string): string => `${count} ${noun}${count === 1 ? '' : 's'}`;

const UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'];

/** @example formatBytes(1536 * 2 ** 20) // '1.5 GiB' */
export function formatBytes(bytes: number): string {
  const power = bytes < 1 ? 0 : Math.min(UNITS.length - 1, Math.floor(Math.log2(bytes) / 10));
  const value = bytes / 1024 ** power;
  return `${Number(value.toPrecision(value < 1000 ? 3 : 4))} ${UNITS[power]}`;
}
