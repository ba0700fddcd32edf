/**
 * Reads the text of a function: is it one that can be sent, and which names does it take from outside itself?
 *
 * Owns the judgement; acorn parses and eslint-scope resolves names. Both are loaded by the first function that is read (about
 * 10 ms): a script without source apps does without them.
 */
import { createRequire } from 'node:module';
import type * as Acorn from 'acorn';
import type * as EslintScope from 'eslint-scope';
import { findOuterWords, type SyntaxNode } from './outer-words.ts';
import { findGuarded } from './typeof-guards.ts';

/** A name from outside, where it is first used. */
export interface Capture {
  readonly name: string;
  /** From 1, counted from the start of the function's text. */
  readonly line: number;
  readonly column: number;
}

export type Analysis =
  | { readonly kind: 'read'; readonly captures: readonly Capture[] }
  /** `reason` follows the function's name. */
  | { readonly kind: 'refused'; readonly reason: string };

const refused = (reason: string): Analysis => ({ kind: 'refused', reason });

/** Global in a REPL and in `node -e` only; elsewhere they belong to one CommonJS module. */
const OF_ONE_MODULE = new Set(['require', 'module', 'exports', '__filename', '__dirname']);

/** As they were when this package was loaded: what the script makes global itself is not there on a worker. */
const PLATFORM: ReadonlySet<string> = new Set(Object.getOwnPropertyNames(globalThis)).difference(OF_ONE_MODULE);

/** Put before the text, so that it is an expression; columns of the first line are that much too large. */
const PREFIX = '(';

export function analyseFunction(text: string): Analysis {
  if (/\{\s*\[native code\]\s*\}$/.test(text)) return refused(NATIVE);
  const { acorn, scopes } = loadParsers();
  const parsed = parseEither(text, acorn);
  if (parsed instanceof Error) return isMethod(text, acorn) ? refused(METHOD) : refused(unreadable(parsed));
  const { program, sourceType } = parsed;
  const fn = functionOf(program);
  if (fn?.type === 'ClassExpression') return refused('is a class; only functions can be apps: make the object inside a function');
  if (fn?.type !== 'ArrowFunctionExpression' && fn?.type !== 'FunctionExpression') return refused(METHOD);
  if (fn['generator'] === true) return refused('is a generator, which yields in the process that runs it; return an array instead');
  const words = findOuterWords(fn);
  if (words.some(({ name }) => name === 'import.meta')) return refused(META);
  const captures = [...words.map(toCapture), ...unresolvedNames(program, sourceType, scopes)];
  return { kind: 'read', captures: firstOfEach(captures) };
}

const NATIVE = 'is native or bound, so it has no text to send to workers; wrap it in an arrow function that calls it: (...args) => …';
const METHOD =
  'is written as a method, getter or setter, which has no meaning outside its object; ' +
  'write it as an arrow function or a function expression';
const META =
  'uses import.meta, which belongs to the module it stands in; take what it tells as an argument ' +
  '(import() inside the function resolves from that module)';
const unreadable = (error: Error): string =>
  `cannot be read as JavaScript (${error.message}), so it cannot be sent to workers; put it in a module`;

interface Parsers {
  readonly acorn: typeof Acorn;
  readonly scopes: typeof EslintScope;
}

let parsers: Parsers | undefined;

function loadParsers(): Parsers {
  const require = createRequire(import.meta.url);
  parsers ??= { acorn: require('acorn') as typeof Acorn, scopes: require('eslint-scope') as typeof EslintScope };
  return parsers;
}

type SourceType = 'module' | 'script';

interface Parsed {
  readonly program: SyntaxNode;
  readonly sourceType: SourceType;
}

/** Most functions come from modules; what only sloppy scripts allow is tried after that. */
function parseEither(text: string, acorn: typeof Acorn): Parsed | Error {
  const asModule = parse(`${PREFIX}${text})`, 'module', acorn);
  if (!(asModule instanceof Error)) return { program: asModule, sourceType: 'module' };
  const asScript = parse(`${PREFIX}${text})`, 'script', acorn);
  return asScript instanceof Error ? asModule : { program: asScript, sourceType: 'script' };
}

function parse(code: string, sourceType: SourceType, acorn: typeof Acorn): SyntaxNode | Error {
  try {
    const program = acorn.parse(code, {
      ecmaVersion: 'latest',
      sourceType,
      locations: true,
      ranges: true,
      // Words of the function around an arrow are judged by us, with a better message.
      allowSuperOutsideMethod: true,
      allowReturnOutsideFunction: true,
    });
    return program as unknown as SyntaxNode; // acorn types its nodes one by one; we read them by their keys
  } catch (error) {
    return error as SyntaxError;
  }
}

function isMethod(text: string, acorn: typeof Acorn): boolean {
  return !(parse(`(class extends Object { ${text} })`, 'module', acorn) instanceof Error);
}

function functionOf(program: SyntaxNode): SyntaxNode | undefined {
  const body = program['body'] as readonly SyntaxNode[];
  return body.length === 1 ? (body[0]?.['expression'] as SyntaxNode | undefined) : undefined;
}

function unresolvedNames(program: SyntaxNode, sourceType: SourceType, scopes: typeof EslintScope): Capture[] {
  const manager = scopes.analyze(program as never, { ecmaVersion: 2026, sourceType, ignoreEval: true });
  const guarded = findGuarded(program);
  const names: Capture[] = [];
  for (const { identifier } of manager.globalScope?.through ?? []) {
    const { name } = identifier;
    if (PLATFORM.has(name) || guarded.has(name)) continue;
    names.push(toCapture({ name, node: identifier as unknown as SyntaxNode }));
  }
  return names;
}

function toCapture({ name, node }: { readonly name: string; readonly node: SyntaxNode }): Capture {
  const { line, column } = node.loc.start;
  return { name, line, column: column + 1 - (line === 1 ? PREFIX.length : 0) };
}

function firstOfEach(captures: readonly Capture[]): Capture[] {
  const inOrder = captures.toSorted((a, b) => a.line - b.line || a.column - b.column);
  const seen = new Set<string>();
  return inOrder.filter(({ name }) => !seen.has(name) && seen.add(name));
}
