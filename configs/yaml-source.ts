/**
 * A YAML config as text: parsing it, the `!env` tag, and where in the text a path is. Knows no option.
 */
import {
  type Document,
  isAlias,
  isMap,
  isNode,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  type Pair,
  parse,
  parseDocument,
  Scalar,
  type YAMLMap,
} from 'yaml';
import { ConfigError, type ConfigProblem, type SourcePlace } from '../lib/errors/config-error.ts';
import type { Substitute } from './build.ts';

type Path = readonly (string | number)[];
type Range = readonly [start: number, end: number];

export interface YamlSource {
  readonly data: unknown;
  readonly substitutes: readonly Substitute[];
  /** Values that could not be made: of variables that are not set, of tags that nobody knows. In their places data has something. */
  readonly faults: readonly ConfigProblem[];
  /** Whether the problem is that of a value that could not be made. */
  isOfFault(problem: ConfigProblem): boolean;
  /** The problem with its place in the text: its own, or that of what holds it. */
  locate(problem: ConfigProblem): ConfigProblem;
}

/** @throws ConfigError when it is not YAML. */
export function parseYaml(file: string, text: string, env: Readonly<NodeJS.ProcessEnv>): YamlSource {
  const lines = new LineCounter();
  const variables = new Map<string, unknown>();
  const unset = new WeakSet<object>();
  const envTag = {
    tag: '!env',
    resolve: (written: string, onError: (message: string) => void) => {
      const value = resolveVariable(written, env, onError);
      if (value !== undefined) variables.set(value, readScalar(value));
      const node = new Scalar(value ?? '');
      if (value === undefined) unset.add(node);
      return node;
    },
  };
  const document = parseDocument(text, { lineCounter: lines, customTags: [envTag], merge: true, prettyErrors: false });
  const place = (range: Range): SourcePlace => placeOf(file, text, lines, range);
  const found = [...document.errors, ...document.warnings];
  const faults = found.map(({ message, pos }): ConfigProblem => ({ path: [], target: 'value', message, place: place(pos) }));
  // A value that cannot be made leaves the rest readable; a mistake in the syntax does not.
  if (found.some(({ code }) => code !== 'TAG_RESOLVE_FAILED')) throw new ConfigError(faults);
  const data: unknown = document.toJS();
  return {
    data,
    substitutes: findSubstitutes(document.contents, variables),
    faults,
    isOfFault: ({ path }) => {
      const node = nodeAt(document, path);
      return node !== undefined && (unset.has(node) || hasUnknownTag(node));
    },
    locate: (problem) => ({ ...problem, place: place(rangeOf(document, problem)) }),
  };
}

/** `NAME` or `NAME:default`. The value stays text; what YAML would make of it is kept as its substitute. */
function resolveVariable(written: string, env: Readonly<NodeJS.ProcessEnv>, onError: (message: string) => void): string | undefined {
  const colon = written.indexOf(':');
  const name = (colon === -1 ? written : written.slice(0, colon)).trim();
  const value = env[name] ?? (colon === -1 ? undefined : written.slice(colon + 1).trim());
  if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(name))
    onError(`!env needs the name of a variable, as in !env ACCOUNT or !env ACCOUNT:default; saw '${written}'`);
  else if (value === undefined) onError(`the environment variable ${name} is not set; set it, or write a default: !env ${name}:default`);
  return value;
}

function readScalar(text: string): unknown {
  try {
    return parse(text);
  } catch {
    // Text that is not YAML is only text.
    return text;
  }
}

function findSubstitutes(contents: unknown, variables: ReadonlyMap<string, unknown>, path: Path = []): Substitute[] {
  if (isMap(contents)) {
    return contents.items.flatMap(({ key, value }) => findSubstitutes(value, variables, [...path, keyOf(key)]));
  }
  if (isSeq(contents)) return contents.items.flatMap((item, index) => findSubstitutes(item, variables, [...path, index]));
  if (!isScalar(contents) || contents.tag !== '!env') return [];
  return [{ path, value: variables.get(String(contents.value)) }];
}

const hasUnknownTag = ({ tag = '' }: Node): boolean => tag.startsWith('!') && tag !== '!env';

function nodeAt(document: Document, path: Path): Node | undefined {
  let node: unknown = document.contents;
  for (const key of path) node = childOf(document, node, key)?.value;
  const held = isAlias(node) ? node.resolve(document) : node;
  return isNode(held) ? held : undefined;
}

function rangeOf(document: Document, problem: ConfigProblem): Range {
  let node: unknown = document.contents;
  let range: Range = rangeOfNode(node) ?? [0, 0];
  for (const [index, key] of problem.path.entries()) {
    const found = childOf(document, node, key);
    if (found === undefined) break;
    const isLast = index === problem.path.length - 1;
    const keyRange = rangeOfNode(found.key);
    const valueRange = rangeOfNode(found.value);
    range = (isLast && problem.target === 'key' ? keyRange : undefined) ?? valueRange ?? keyRange ?? range;
    node = found.value;
  }
  return range;
}

function childOf(document: Document, holder: unknown, key: string | number): { key?: unknown; value: unknown } | undefined {
  const node = isAlias(holder) ? holder.resolve(document) : holder;
  if (isSeq(node)) return { value: node.items[Number(key)] };
  if (!isMap(node)) return undefined;
  return node.items.find((pair) => keyOf(pair.key) === String(key)) ?? mergedChild(document, node, key);
}

/** A key that came in with `<<: *anchor` is shown where it was written. */
function mergedChild(document: Document, map: YAMLMap, key: string | number): Pair | undefined {
  for (const pair of map.items) {
    if (keyOf(pair.key) !== '<<') continue;
    const sources = isSeq(pair.value) ? pair.value.items : [pair.value];
    for (const source of sources) {
      const found = childOf(document, source, key);
      if (found !== undefined) return found as Pair;
    }
  }
  return undefined;
}

function keyOf(key: unknown): string {
  return String(isScalar(key) ? key.value : key);
}

/** undefined for what takes no room in the text, such as an empty value. */
function rangeOfNode(node: unknown): Range | undefined {
  const range = (node as Node | null | undefined)?.range;
  return range === null || range === undefined || range[1] <= range[0] ? undefined : [range[0], range[1]];
}

function placeOf(file: string, text: string, lines: LineCounter, [start, end]: Range): SourcePlace {
  const { line, col } = lines.linePos(start);
  const lineStart = start - (col - 1);
  const lineEnd = text.indexOf('\n', start);
  const shownEnd = lineEnd === -1 ? text.length : lineEnd;
  const shown = text.slice(lineStart, shownEnd).replace(/\r$/, '');
  const width = Math.min(end, lineStart + shown.length) - start;
  return { file, line, column: col, text: shown, width: Math.max(1, width) };
}
