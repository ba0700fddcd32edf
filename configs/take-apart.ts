/**
 * A Config → the plain data that build.ts makes it from, so that `--set` works on configs written in TypeScript too.
 * Descriptions of classes that are not ours stay as they are.
 */
import { isPlainObject } from '../lib/options/freeze.ts';
import type { Config } from './config.ts';
import { type DescriptionKind, findClass, kindOf } from './registry.ts';

export function takeApart(config: Config): Record<string, unknown> {
  return takeOptionsApart(config.options);
}

function takeOptionsApart(options: object): Record<string, unknown> {
  return Object.fromEntries(Object.entries(options).map(([key, value]) => [key, takeValueApart(kindOf(key), value)]));
}

function takeValueApart(kind: DescriptionKind | undefined, value: unknown): unknown {
  if (kind === undefined) return value;
  if (Array.isArray(value)) return value.map((item) => takeValueApart(kind, item));
  if (typeof value !== 'object' || value === null) return value;
  const type: unknown = Reflect.get(value, 'type');
  const options: unknown = Reflect.get(value, 'options');
  if (findClass(kind, type) === undefined || !isPlainObject(options)) return value;
  return { type, ...takeOptionsApart(options) };
}
