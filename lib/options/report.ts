/**
 * Zod's issues → the sentences that people read. Owns the wording of a refused option; knows no option by name.
 */
import { inspect } from 'node:util';
import type { z } from 'zod';
import type { ConfigProblem } from '../errors/config-error.ts';
import { didYouMean } from '../suggest.ts';
import { withoutSnakeCase } from './spelling.ts';

type Issue = z.core.$ZodIssue;
type Path = readonly (string | number)[];

/** @param type What the options belong to, as it is named in messages: 'HighThroughputExecutor'. */
export function reportIssues(type: string, value: unknown, issues: readonly Issue[], keys: readonly string[]): ConfigProblem[] {
  return issues.flatMap((issue) => {
    const path = issue.path.map((part) => (typeof part === 'symbol' ? String(part) : part));
    if (issue.code === 'unrecognized_keys') return issue.keys.map((key) => unknownKey(type, [...path, key], keys));
    return [{ path, target: 'value', message: `${showPath(type, path)}: ${explain(issue, valueAt(value, path))}` } as const];
  });
}

export function unknownKey(type: string, path: Path, keys: readonly string[]): ConfigProblem {
  const key = String(path.at(-1));
  return { path, target: 'key', message: `${showPath(type, path)} is not an option.${didYouMean(key, keys)}` };
}

export function showPath(type: string, path: Path): string {
  return [type, ...path].join('.');
}

/** A value as it is shown in a message: on one line, and short. */
export function showValue(value: unknown): string {
  const shown = inspect(value, { depth: 1, breakLength: Number.POSITIVE_INFINITY, maxStringLength: 60, maxArrayLength: 5 });
  return shown.length <= 80 ? shown : `${shown.slice(0, 79)}…`;
}

function explain(issue: Issue, seen: unknown): string {
  const sentence = sentenceOf(issue);
  if (sentence !== undefined) return sentence;
  if (issue.code !== 'invalid_value') return `expected ${issue.message}, saw ${showValue(seen)}`;
  const values = withoutSnakeCase(issue.values.map(String));
  const hint = typeof seen === 'string' ? didYouMean(seen, values) : '';
  return `expected ${values.map((value) => `'${value}'`).join(' or ')}, saw ${showValue(seen)}.${hint}`;
}

/** What a conversion said, as itself or within the branch of a union that took the value's type. */
function sentenceOf(issue: Issue): string | undefined {
  if (issue.code === 'custom') return issue.params?.expected === true ? undefined : issue.message;
  if (issue.code !== 'invalid_union') return undefined;
  for (const inner of issue.errors.flat()) {
    const sentence = sentenceOf(inner);
    if (sentence !== undefined) return sentence;
  }
  return undefined;
}

export function valueAt(value: unknown, path: Path): unknown {
  return path.reduce<unknown>((at, key) => (typeof at === 'object' && at !== null ? Reflect.get(at, key) : undefined), value);
}
