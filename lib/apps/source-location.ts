/**
 * Where in a module's file the text of a function lies. TypeScript's types are blanks in the text of a running function, so
 * blanks match anything of their own length.
 */
import { readFileSync } from 'node:fs';
import type { CallSite } from './call-site.ts';

export interface Position {
  /** From 1. */
  readonly line: number;
  readonly column: number;
}

/** @returns the occurrence nearest to the call; undefined when the file is not there or was changed on its way here. */
export function locateText(text: string, callSite: CallSite): Position | undefined {
  const source = readSource(callSite.file);
  if (source === undefined) return undefined;
  const lineStarts = findLineStarts(source);
  const callOffset = (lineStarts[callSite.line - 1] ?? 0) + callSite.column - 1;
  const offset = findNearest(source, text, callOffset);
  return offset === undefined ? undefined : toPosition(offset, lineStarts);
}

function readSource(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8').replace(/^\uFEFF/, '');
  } catch {
    return undefined; // the module came from elsewhere (a bundle, a virtual file): its call site has to do
  }
}

/** After the call where the function is written in place; else, where it has a name, the last one before it. */
function findNearest(source: string, text: string, from: number): number | undefined {
  for (const start of candidates(source, text, from)) {
    if (matchesAt(source, text, start)) return start;
  }
  return undefined;
}

/** Every place that begins as the text does, nearest first: those behind `from`, then those before it, backwards. */
function* candidates(source: string, text: string, from: number): Iterable<number> {
  const head = /^\S{1,8}/.exec(text)?.[0] ?? text.slice(0, 1);
  for (let at = source.indexOf(head, from); at >= 0; at = source.indexOf(head, at + 1)) yield at;
  for (let at = source.lastIndexOf(head, from - 1); from > 0 && at >= 0; at = at === 0 ? -1 : source.lastIndexOf(head, at - 1)) yield at;
}

function matchesAt(source: string, text: string, start: number): boolean {
  if (start + text.length > source.length) return false;
  for (let i = 0; i < text.length; i++) {
    if (text[i] !== source[start + i] && !isBlank(text.charCodeAt(i))) return false;
  }
  return true;
}

/** What type stripping writes in place of a type: spaces as wide in UTF-8 as the character was. */
const isBlank = (code: number): boolean =>
  code === 0x20 || code === 0xa0 || (code >= 0x2000 && code <= 0x200a) || code === 0x3000 || code === 0xfeff;

function findLineStarts(source: string): number[] {
  const starts = [0];
  for (let at = source.indexOf('\n'); at >= 0; at = source.indexOf('\n', at + 1)) starts.push(at + 1);
  return starts;
}

function toPosition(offset: number, lineStarts: readonly number[]): Position {
  const after = lineStarts.findIndex((start) => start > offset);
  const line = after < 0 ? lineStarts.length : after;
  return { line, column: offset - (lineStarts[line - 1] ?? 0) + 1 };
}
