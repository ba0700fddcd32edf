/**
 * How times, sizes and tables are written by the commands that tell of runs. Pure.
 */
import { onOneLine } from '../../lib/errors/message-parts.ts';
import type { RunStarted } from '../../lib/events/events.ts';
import { formatSpan } from '../progress.ts';

/** '0.4ms', '12ms', '1.3s', '3m05s'. */
export function formatMs(ms: number): string {
  if (ms >= 1000) return formatSpan(ms);
  return ms >= 10 ? `${Math.round(ms)}ms` : `${ms.toFixed(1)}ms`;
}

/** '512 KiB', '190 MiB', '1.2 GiB'; '' where it is unknown. */
export function formatKiB(kib: number): string {
  if (kib === 0) return '';
  if (kib < 1024) return `${kib} KiB`;
  return kib < 1024 ** 2 ? `${Math.round(kib / 1024)} MiB` : `${(kib / 1024 ** 2).toFixed(1)} GiB`;
}

/** Local time, to the millisecond: '17:30:12.894'. */
export function formatClock(ms: number): string {
  const at = new Date(ms);
  const two = (value: number): string => String(value).padStart(2, '0');
  return `${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())}.${String(at.getMilliseconds()).padStart(3, '0')}`;
}

/** '2026-11-20 17:30:12', local. */
export function formatDate(ms: number): string {
  const at = new Date(ms);
  const day = [at.getFullYear(), at.getMonth() + 1, at.getDate()].map((value) => String(value).padStart(2, '0')).join('-');
  return `${day} ${formatClock(ms).slice(0, 8)}`;
}

/** Columns as wide as their widest cell, two blanks between; numbers stand to the right. Columns without a value are left out. */
export function formatTable(heads: readonly string[], rows: readonly (readonly (string | number)[])[]): string[] {
  const kept = heads.map((_, column) => column).filter((column) => rows.some((row) => !isEmpty(row[column])));
  const cells = [heads, ...rows].map((row) => kept.map((column) => toCell(row[column])));
  const widths = kept.map((_, i) => Math.max(...cells.map((row) => (row[i] as string).length)));
  const isNumber = kept.map((column) => rows.every((row) => isEmpty(row[column]) || /^[\d.,]/.test(String(row[column]))));
  return cells.map((row) =>
    row
      .map((cell, i) => (isNumber[i] ? cell.padStart(widths[i] as number) : cell.padEnd(widths[i] as number)))
      .join('  ')
      .trimEnd(),
  );
}

const toCell = (value: string | number | undefined): string =>
  isEmpty(value) ? '' : onOneLine(String(value)).replaceAll('\t', String.raw`\x09`);

const isEmpty = (cell: string | number | undefined): boolean => cell === undefined || cell === '' || cell === 0;

/** How a run was started, on one line; of a command of ours without the path at which that lies. */
export function nameInvocation({ argv, command }: Pick<RunStarted, 'argv' | 'command'>, most: number): string {
  const words = command === 'map' || command === 'perf' ? ['flotilla', ...argv.slice(1)] : argv;
  const line = onOneLine(words.join(' '));
  return line.length > most ? `${line.slice(0, most - 1)}…` : line;
}

interface Named {
  readonly name: string;
  /** Of the call. */
  readonly label: string | undefined;
}

/** 'simulate', 'simulate: at 300 K'. */
export const nameCall = ({ name, label }: Named): string => (label === undefined ? name : `${name}: ${label}`);

/** 'task 7 (simulate)'. */
export const nameTask = (task: Named & { readonly taskId: number }): string => `task ${task.taskId} (${nameCall(task)})`;

/** The first `most`, and how many more there are. */
export function listSome(items: readonly string[], most: number): string {
  const shown = items.slice(0, most).join(', ');
  return items.length > most ? `${shown} and ${items.length - most} more` : shown;
}
