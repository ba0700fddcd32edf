/**
 * A YAML config as text: parsing it, and where in the text a path is. Knows no option, and no tag but as yaml-tags.ts tells.
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
  parseDocument,
  type Scalar,
  type YAMLMap,
} from 'yaml';
import { ConfigError, type ConfigProblem, type SourcePlace } from '../lib/errors/config-error.ts';
import type { Substitute } from './build.ts';
import { isUnknownTag, isVariable, makeTags } from './yaml-tags.ts';

type Path = readonly (string | number)[];
type Range = readonly [start: number, end: number];

export interface YamlSource {
  readonly data: unknown;
  readonly substitutes: readonly Substitute[];
  /** What came from the environment. */
  readonly variables: readonly YamlVariable[];
  /** Values that could not be made: of variables that are not set, of tags that fail or that nobody knows. In their places data has something. */
  readonly faults: readonly ConfigProblem[];
  /** Whether the problem is that of a value that could not be made. */
  isOfFault(problem: ConfigProblem): boolean;
  /** The problem with its place in the text: its own, or that of what holds it. */
  locate(problem: ConfigProblem): ConfigProblem;
}

export interface YamlVariable {
  readonly path: Path;
  /** Behind `!env`. */
  readonly written: string;
}

/** @throws ConfigError when it is not YAML. */
export function parseYaml(file: string, text: string, env: Readonly<NodeJS.ProcessEnv>): YamlSource {
  const lines = new LineCounter();
  const tags = makeTags(env);
  const document = parseDocument(text, { lineCounter: lines, customTags: tags.customTags, merge: true, prettyErrors: false });
  const place = (range: Range): SourcePlace => placeOf(file, text, lines, range);
  const found = [...document.errors, ...document.warnings];
  const faults = found.map(({ message, pos }): ConfigProblem => ({ path: [], target: 'value', message, place: place(pos) }));
  // A value that cannot be made leaves the rest readable; a mistake in the syntax does not.
  if (found.some(({ code }) => code !== 'TAG_RESOLVE_FAILED')) throw new ConfigError(faults);
  const data: unknown = document.toJS();
  const variables = findVariables(document.contents);
  return {
    data,
    substitutes: variables.map(({ path, node }) => ({ path, value: tags.readAs(String(node.value)) })),
    variables: variables.map(({ path, node }) => ({ path, written: node.source ?? '' })),
    faults,
    isOfFault: ({ path }) => {
      const node = nodeAt(document, path);
      return node !== undefined && (tags.isUnmade(node) || isUnknownTag(node.tag ?? ''));
    },
    locate: (problem) => ({ ...problem, place: place(rangeOf(document, problem)) }),
  };
}

function findVariables(contents: unknown, path: Path = []): { readonly path: Path; readonly node: Scalar }[] {
  if (isMap(contents)) return contents.items.flatMap(({ key, value }) => findVariables(value, [...path, keyOf(key)]));
  if (isSeq(contents)) return contents.items.flatMap((item, index) => findVariables(item, [...path, index]));
  return isScalar(contents) && isVariable(contents) && contents.value !== undefined ? [{ path, node: contents }] : [];
}

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
