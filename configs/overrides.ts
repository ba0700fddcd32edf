/**
 * `--set executors.0.maxWorkersPerNode=4`: reading one, and applying it to a config's plain data before classes are built.
 */
import { ConfigError, type ConfigProblem } from '../lib/errors/config-error.ts';
import { isPlainObject } from '../lib/options/freeze.ts';
import { showPath, unknownKey, valueAt } from '../lib/options/report.ts';
import { Config } from './config.ts';
import { defaultType, type DescriptionClass, findClass, kindOf } from './registry.ts';

export interface Override {
  /** As written. */
  readonly text: string;
  readonly path: readonly string[];
  readonly value: unknown;
}

/**
 * @param readValue YAML's reading of a scalar or flow collection.
 * @throws ConfigError when `text` is not `path=value`.
 */
export function parseOverride(text: string, readValue: (text: string) => unknown): Override {
  const equals = text.indexOf('=');
  const path = equals === -1 ? [] : text.slice(0, equals).trim().split('.');
  if (path.length === 0 || path.includes('')) {
    throw new ConfigError(`--set ${text}: expected PATH=VALUE, such as executors.0.maxWorkersPerNode=4`);
  }
  try {
    return { text, path, value: readValue(text.slice(equals + 1)) };
  } catch (error) {
    throw new ConfigError(`--set ${text}: the value is not YAML; quote it`, { cause: error });
  }
}

/** @returns `data` with the override in it; `data` itself is not changed. @throws ConfigError naming the key that is not there. */
export function applyOverride(data: unknown, override: Override): unknown {
  const root = data === undefined || data === null ? {} : data;
  return setIn(root, override.path, { override, at: [], class: Config as unknown as DescriptionClass });
}

/**
 * The problem, said to come from the override, where it does: in what was set, or in what had to be made to hold it.
 *
 * @param written The data before overrides.
 */
export function blameOverride(problem: ConfigProblem, overrides: readonly Override[], written: unknown): ConfigProblem | undefined {
  const isMade = problem.path.length > 0 && valueAt(written, problem.path) === undefined;
  const found = overrides.findLast(({ path }) => startsWith(problem.path, path) || (isMade && startsWith(path, problem.path)));
  return found && { ...problem, message: `--set ${found.text}: ${problem.message}` };
}

/** Whether what was written at `path` is replaced. */
export function isOverridden(path: readonly (string | number)[], overrides: readonly Override[]): boolean {
  return overrides.some((override) => startsWith(path, override.path));
}

function startsWith(path: readonly (string | number)[], start: readonly (string | number)[]): boolean {
  return start.every((key, index) => String(key) === String(path[index]));
}

interface Walk {
  readonly override: Override;
  /** Keys so far. */
  readonly at: readonly string[];
  /** Class whose options these are; undefined within plain values such as `env`. */
  readonly class: DescriptionClass | undefined;
}

function setIn(holder: unknown, [key, ...rest]: readonly string[], walk: Walk): unknown {
  if (key === undefined) return walk.override.value;
  if (Array.isArray(holder)) return setInList(holder, key, rest, walk);
  if (!isPlainObject(holder)) throw cannotEnter(holder, walk);
  if (rest.length > 0 && walk.class !== undefined) requireKnown(key, walk, walk.class);
  const inner = holder[key] ?? (rest.length > 0 ? startingValue(key) : undefined);
  return { ...holder, [key]: setIn(inner, rest, { ...walk, at: [...walk.at, key], class: classWithin(inner, key) }) };
}

function setInList(list: readonly unknown[], key: string, rest: readonly string[], walk: Walk): unknown[] {
  const index = Number(key);
  if (!/^\d+$/.test(key) || index >= list.length) {
    const written = list.length === 1 ? 'only 0' : `0 to ${list.length - 1}`;
    throw fail(walk, `there is no ${[...walk.at, key].join('.')}; the list has ${written}`);
  }
  const inner: unknown = list[index];
  const next = { ...walk, at: [...walk.at, key], class: classWithin(inner, walk.at.at(-1) ?? '') };
  return list.with(index, setIn(inner, rest, next));
}

/** Where nothing is written yet: the default executor, the default provider, or an empty map. */
function startingValue(key: string): unknown {
  const kind = kindOf(key);
  if (kind === undefined) return {};
  const type = defaultType(kind);
  const description = type === undefined ? {} : { type };
  return kind === 'executor' ? [description] : description;
}

function classWithin(value: unknown, key: string): DescriptionClass | undefined {
  const kind = kindOf(key);
  return kind !== undefined && isPlainObject(value) ? findClass(kind, value.type) : undefined;
}

function requireKnown(key: string, walk: Walk, within: DescriptionClass): void {
  const keys = within.schema.keys();
  if (!keys.includes(key)) throw fail(walk, unknownKey(within.schema.type, [key], keys).message);
}

function cannotEnter(holder: unknown, walk: Walk): ConfigError {
  const what =
    typeof holder === 'object' && holder !== null ? `${holder.constructor.name}, which cannot be taken apart` : `not a map or list`;
  return fail(walk, `${showPath('Config', walk.at)} is ${what}`);
}

function fail(walk: Walk, message: string): ConfigError {
  return new ConfigError([{ path: walk.at, target: 'key', message: `--set ${walk.override.text}: ${message}` }]);
}
