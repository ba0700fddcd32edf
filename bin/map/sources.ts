/**
 * Where the arguments of `flotilla map` come from, and how several sources are combined: all combinations, the last source
 * changing fastest; `:::+` and `::::+` go in step with the source before them, as far as the shorter one reaches.
 */
import { UsageError } from '../usage-error.ts';

export interface SourceSpec {
  readonly kind: 'list' | 'files';
  /** In step with the source before it. */
  readonly linked: boolean;
  /** The arguments themselves, or the files that have them, one for each source. */
  readonly words: readonly string[];
}

export interface ParsedOperands {
  readonly command: string;
  readonly sources: readonly SourceSpec[];
}

const SEPARATORS: Readonly<Record<string, Pick<SourceSpec, 'kind' | 'linked'>>> = {
  ':::': { kind: 'list', linked: false },
  ':::+': { kind: 'list', linked: true },
  '::::': { kind: 'files', linked: false },
  '::::+': { kind: 'files', linked: true },
};

/** @throws UsageError */
export function parseOperands(operands: readonly string[]): ParsedOperands {
  const isSeparator = (word: string): boolean => Object.hasOwn(SEPARATORS, word);
  const first = operands.findIndex(isSeparator);
  const command = (first === -1 ? operands : operands.slice(0, first)).join(' ');
  const sources: { kind: SourceSpec['kind']; linked: boolean; words: string[] }[] = [];
  for (const word of first === -1 ? [] : operands.slice(first)) {
    const separator = SEPARATORS[word];
    if (separator === undefined) sources.at(-1)?.words.push(word);
    else sources.push({ ...separator, words: [] });
  }
  if (sources[0]?.linked) throw new UsageError('the first source of arguments has none before it to be in step with; write ::: or ::::');
  return { command, sources };
}

/** Arguments of one source, and whether it goes in step with the one before. */
export interface Source {
  readonly linked: boolean;
  readonly args: readonly string[];
}

export function countCombinations(sources: readonly Source[]): number {
  return groupLinked(sources).reduce((product, group) => product * group.length, 1);
}

/** One list for each job, with one argument of each source. */
export function* combine(sources: readonly Source[]): Generator<readonly string[]> {
  const groups = groupLinked(sources);
  if (groups.length > 0) yield* combineGroups(groups, 0, []);
}

function* combineGroups(
  groups: readonly (readonly (readonly string[])[])[],
  at: number,
  before: readonly string[],
): Generator<readonly string[]> {
  const group = groups[at];
  if (group === undefined) yield before;
  else for (const args of group) yield* combineGroups(groups, at + 1, [...before, ...args]);
}

/** Sources in step become one, of tuples. */
function groupLinked(sources: readonly Source[]): readonly (readonly string[])[][] {
  const groups: (readonly string[])[][] = [];
  for (const { linked, args } of sources) {
    const before = linked ? groups.pop() : undefined;
    if (before === undefined) groups.push(args.map((arg) => [arg]));
    else groups.push(before.slice(0, args.length).map((tuple, index) => [...tuple, args[index] ?? '']));
  }
  return groups;
}
