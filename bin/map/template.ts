/**
 * The command of `flotilla map` with its replacement strings: `{}`, `{.}`, `{/}`, `{//}`, `{/.}`, `{#}` and the same of one source,
 * as `{2}` or `{-1/.}`. They mean what they mean to GNU Parallel (parallel(1), "replacement string"). Pure; runs nothing.
 */
import { type ShellContext, ShellScanner } from '../../lib/apps/shell-context.ts';
import { quoteWord, requireQuotable } from './quote-word.ts';

export interface Template {
  /**
   * The command for one job, its arguments quoted for the place in which they stand.
   *
   * @param args one for each source.
   * @param seq the job's number, from 1.
   */
  render(args: readonly string[], seq: number): string;
}

type Part = (typeof PARTS)[number];
const PARTS = ['//', '/.', '.', '/', ''] as const;

type Piece =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'seq' }
  /** undefined: all of them; from 1, or from the last where negative. */
  | { readonly kind: 'args'; readonly position: number | undefined; readonly part: Part };

const REPLACEMENT = /\{(?:(#)|(-?[1-9]\d*)?(\/\/|\/\.|\.|\/)?)\}/g;

/** Knows where in the command it stands. */
type Placed = Piece & { readonly context: ShellContext };

/**
 * @param command without a replacement string gets ` {}` at its end; an empty one makes each argument a command of its own.
 * @throws UsageError for an argument where no quoting is safe.
 */
export function compileTemplate(command: string): Template {
  if (command.trim() === '') return { render: (args) => args.join(' ') };
  const pieces = splitCommand(command);
  const isBare = pieces.every(({ kind }) => kind === 'text');
  const placed = findContexts(isBare ? splitCommand(`${command} {}`) : pieces);
  for (const { kind, context } of placed) if (kind === 'args') requireQuotable(context);
  return { render: (args, seq) => placed.map((piece) => renderPiece(piece, args, seq)).join('') };
}

function findContexts(pieces: readonly Piece[]): Placed[] {
  const scanner = new ShellScanner();
  return pieces.map((piece, index) => {
    if (piece.kind !== 'text') return { ...piece, context: scanner.interpolate(textBehind(pieces, index)) };
    scanner.push(piece.text);
    return { ...piece, context: 'plain' };
  });
}

const textBehind = (pieces: readonly Piece[], index: number): string =>
  pieces
    .slice(index + 1)
    .map((piece) => (piece.kind === 'text' ? piece.text : 'x'))
    .join('');

function splitCommand(command: string): Piece[] {
  const pieces: Piece[] = [];
  let from = 0;
  for (const match of command.matchAll(REPLACEMENT)) {
    pieces.push({ kind: 'text', text: command.slice(from, match.index) }, toPiece(match));
    from = match.index + match[0].length;
  }
  return [...pieces, { kind: 'text', text: command.slice(from) }];
}

function toPiece([, seq, position, part = '']: RegExpMatchArray): Piece {
  if (seq !== undefined) return { kind: 'seq' };
  return { kind: 'args', position: position === undefined ? undefined : Number(position), part: part as Part };
}

/** A number is itself wherever it stands. */
function renderPiece(piece: Placed, args: readonly string[], seq: number): string {
  if (piece.kind === 'text') return piece.text;
  if (piece.kind === 'seq') return String(seq);
  const words = selectArgs(args, piece.position).map((arg) => partOf(arg, piece.part));
  return words.map((word) => quoteWord(word, piece.context)).join(' ');
}

/** A source that there is not is nothing, not even an empty word. */
function selectArgs(args: readonly string[], position: number | undefined): readonly string[] {
  if (position === undefined) return args;
  const arg = args.at(position > 0 ? position - 1 : position);
  return arg === undefined ? [] : [arg];
}

/** @example partOf('a/b.tar.gz', '/.') // 'b.tar' */
export function partOf(arg: string, part: Part): string {
  switch (part) {
    case '':
      return arg;
    case '.':
      return arg.replace(/\.[^/.]*$/, '');
    case '/':
      return arg.slice(arg.lastIndexOf('/') + 1);
    case '/.':
      return partOf(partOf(arg, '/'), '.');
    case '//':
      return folderOf(arg);
  }
}

/** As dirname(1). */
function folderOf(path: string): string {
  const trimmed = path.replace(/\/+$/, '');
  if (trimmed === '') return path === '' ? '.' : '/';
  const slash = trimmed.lastIndexOf('/');
  if (slash === -1) return '.';
  const folder = trimmed.slice(0, slash).replace(/\/+$/, '');
  return folder === '' ? '/' : folder;
}
