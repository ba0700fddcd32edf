/**
 * The doctor's findings as text. Pure.
 */
import { tableLines } from '../text-table.ts';
import type { Check, CheckStatus } from './check.ts';

const MARK: Readonly<Record<CheckStatus, string>> = { ok: 'ok', optional: '--', problem: '!!' };

/** Lines: all findings by group, then what to do about those that are not well. */
export function formatReport(checks: readonly Check[]): string[] {
  const groups = [...new Set(checks.map(({ group }) => group))];
  const rows = tableLines(checks.map(({ name, status, found }) => [`  ${MARK[status]}`, name, found]));
  const byGroup = groups.flatMap((group) => [group, ...rows.filter((_, index) => checks[index]?.group === group)]);
  const unwell = checks.filter(({ status }) => status !== 'ok');
  return [...byGroup, '', ...verdict(unwell), ...unwell.flatMap(advise)];
}

export const isFit = (checks: readonly Check[]): boolean => checks.every(({ status }) => status !== 'problem');

function verdict(unwell: readonly Check[]): string[] {
  if (unwell.length === 0) return ['All is there.'];
  if (isFit(unwell)) return ['Tasks can run here. What is missing, or little:'];
  return ['Tasks cannot run here:'];
}

function advise({ name, status, found, neededFor, remedy }: Check): string[] {
  return [
    `  ${MARK[status]} ${name}: ${found}`,
    ...(neededFor === undefined ? [] : [`       for ${neededFor}`]),
    ...(remedy === undefined ? [] : [`       ${remedy}`]),
  ];
}
