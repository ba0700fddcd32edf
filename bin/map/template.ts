/**
 * The command of `flotilla map` with its replacement strings: `{}`, `{.}`, `{/}`, `{//}`, `{/.}`, `{#}` and the same of one source,
 * as `{2}` or `{-1/.}`. They mean what they mean to GNU Parallel (parallel(1), "replacement string"). Pure; runs nothing.
 */
import { ShellScanner } from '../../lib/apps/shell-context.ts';
import { quoteWord } from './quote-word.ts';

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

/** @param command without a replacement string gets ` {}` at its end; an empty one makes each argument a command of its own. */
export function compileTemplate(command: string): Template {
  if (command.trim() === '') return { render: (args) => args.join(' ') };
  const pieces = splitCommand(command);
  const isBare = pieces.every(({ kind }) => kind === 'text');
  const whole: readonly Piece[] = isBare ? splitCommand(`${command} {}`) : pieces;
  return { render: (args, seq) => renderPieces(whole, args, seq) };
}

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

function renderPieces(pieces: readonly Piece[], args: readonly string[], seq: number): string {
  const scanner = new ShellScanner();
  let command = '';
  for (const piece of pieces) {
    if (piece.kind === 'text') {
      scanner.push(piece.text);
      command += piece.text;
    } else {
      const context = scanner.interpolate();
      const words = piece.kind === 'seq' ? [String(seq)] : selectArgs(args, piece.position).map((arg) => partOf(arg, piece.part));
      command += words.map((word) => quoteWord(word, context)).join(' ');
    }
  }
  return command;
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
