/** What other processes do: waiting for it without a fixed sleep, and looking at it through /proc. */
import { readFileSync, readdirSync } from 'node:fs';
import { eventually } from '../../../support/eventually.ts';

/** The number that a process has written to a file, once it is there. */
export const numberIn = (path: string): Promise<number> =>
  eventually(`a number in ${path}`, () => Number(readIfThere(path).trim()) || undefined);

export function readIfThere(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

const statFields = (pid: number): string[] =>
  readIfThere(`/proc/${pid}/stat`)
    .replace(/^.*\)\s/s, '')
    .split(' ');

/** Whether the process runs; a zombie does not. */
export const isRunning = (pid: number): boolean => !['', 'Z', 'X'].includes(statFields(pid)[0] ?? '');

export const groupOf = (pid: number): number => Number(statFields(pid)[2]);

export const isEmpty = (directory: string): boolean => readdirSync(directory).length === 0;

export const gone = (pid: number): Promise<boolean> => eventually(`the end of process ${pid}`, () => !isRunning(pid));
