/**
 * Plain data (YAML's, or a Config's own options taken apart) → a Config. Collects every problem, with its path from the root.
 *
 * Knows nothing of files: where a path is in a file is for the caller to say.
 */
import { ConfigError, type ConfigProblem } from '../lib/errors/config-error.ts';
import { isPlainObject } from '../lib/options/freeze.ts';
import { showValue } from '../lib/options/report.ts';
import { Config } from './config.ts';
import { type DescriptionClass, type DescriptionKind, explainUnknownType, findClass, kindOf } from './registry.ts';

type Path = readonly (string | number)[];

/** A value that was not written in its place: text from the environment, or of `--set`. */
export interface Substitute {
  readonly path: Path;
  /** Tried where the text itself is not what the option takes: `4` for `'4'`. */
  readonly value: unknown;
}

interface Building {
  readonly problems: ConfigProblem[];
  readonly substitutes: readonly Substitute[];
}

/** @throws ConfigError with every problem. */
export function buildConfig(data: unknown, substitutes: readonly Substitute[] = []): Config {
  const building: Building = { problems: [], substitutes };
  const config = buildFrom(Config as unknown as DescriptionClass, data ?? {}, [], building);
  if (building.problems.length > 0) throw new ConfigError(building.problems);
  return config as Config;
}

function buildFrom(of: DescriptionClass, data: unknown, path: Path, building: Building): object | undefined {
  if (!isPlainObject(data)) {
    building.problems.push({ path, target: 'value', message: `expected a map of options of ${of.name}, saw ${showValue(data)}` });
    return undefined;
  }
  const options: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(data)) {
    const kind = kindOf(key);
    const built = kind === undefined ? value : buildDescriptions(kind, value, [...path, key], building);
    if (built !== undefined) options[key] = built;
  }
  return construct(of, options, path, building);
}

/** @returns undefined when one of them could not be built; its problem has been noted. */
function buildDescriptions(kind: DescriptionKind, value: unknown, path: Path, building: Building): unknown {
  if (kind !== 'executor') return buildDescription(kind, value, path, building);
  if (!Array.isArray(value)) return value;
  const built = value.map((item, index) => buildDescription(kind, item, [...path, index], building));
  return built.includes(undefined) ? undefined : built;
}

function buildDescription(kind: DescriptionKind, value: unknown, path: Path, building: Building): unknown {
  if (typeof value === 'object' && value !== null && !isPlainObject(value) && !Array.isArray(value)) return value;
  if (!isPlainObject(value)) {
    building.problems.push({ path, target: 'value', message: `expected a map with the type of the ${kind}, saw ${showValue(value)}` });
    return undefined;
  }
  const { type, ...options } = value;
  const found = findClass(kind, type);
  if (found !== undefined) return buildFrom(found, options, path, building);
  const at = type === undefined ? path : [...path, 'type'];
  building.problems.push({ path: at, target: 'value', message: explainUnknownType(kind, type) });
  return undefined;
}

function construct(of: DescriptionClass, options: Record<string, unknown>, path: Path, building: Building): object | undefined {
  const first = attempt(of, options);
  if (first.made !== undefined) return first.made;
  const replaced = substitute(options, path, first.problems, building.substitutes);
  const { made, problems } = replaced === undefined ? first : attempt(of, replaced);
  building.problems.push(...problems.map((problem) => ({ ...problem, path: [...path, ...problem.path] })));
  return made;
}

function attempt(of: DescriptionClass, options: object): { made?: object; problems: readonly ConfigProblem[] } {
  try {
    return { made: new of(options as never), problems: [] };
  } catch (error) {
    if (error instanceof ConfigError) return { problems: error.problems };
    throw error;
  }
}

/** The options with substitutes in place of what was refused, or undefined where there are none for it. */
function substitute(options: Record<string, unknown>, path: Path, problems: readonly ConfigProblem[], substitutes: readonly Substitute[]) {
  let changed = false;
  const result = structuredCopy(options);
  for (const problem of problems) {
    const wanted = [...path, ...problem.path];
    const found = substitutes.find((candidate) => samePath(candidate.path, wanted));
    if (found !== undefined) changed = setAt(result, problem.path, found.value) || changed;
  }
  return changed ? result : undefined;
}

function samePath(a: Path, b: Path): boolean {
  return a.length === b.length && a.every((key, index) => String(key) === String(b[index]));
}

function structuredCopy<T>(value: T): T {
  if (Array.isArray(value)) return value.map(structuredCopy) as T;
  if (!isPlainObject(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, structuredCopy(inner)])) as T;
}

function setAt(holder: unknown, path: Path, value: unknown): boolean {
  const [key, ...rest] = path;
  if (key === undefined || typeof holder !== 'object' || holder === null) return false;
  if (rest.length > 0) return setAt(Reflect.get(holder, key), rest, value);
  return Reflect.set(holder, key, value);
}
