/**
 * Whether a function can be sent to workers as text. One that uses names of the script around it would fail there, far from
 * its cause, so that is found when the app is defined.
 */
import { ClosureError, DefinitionError, type CapturedName } from '../errors/definition-errors.ts';
import type { CallSite } from './call-site.ts';
import { analyseFunction, type Analysis } from './function-analysis.ts';
import { locateText } from './source-location.ts';

/** A script may make functions without end (eval); those of its text are few. */
const CACHE_LIMIT = 1000;
const cache = new Map<string, Analysis>();

/**
 * @param callSite where the app is defined: names are looked up in that file.
 * @returns the text of the function; `(${text})` evaluates to it.
 * @throws ClosureError naming each captured name, its line and column.
 * @throws DefinitionError for a function that has no text of its own, or one that would not mean the same elsewhere.
 */
export function checkShippable(fn: (...args: never) => unknown, callSite?: CallSite): string {
  if (typeof fn !== 'function') throw new DefinitionError(`an app needs a function, not ${fn === null ? 'null' : typeof fn}`);
  const text = Function.prototype.toString.call(fn);
  const analysis = cache.get(text) ?? remember(text, analyseFunction(text));
  if (analysis.kind === 'refused') throw new DefinitionError(`${describe(fn, callSite)} ${analysis.reason}`);
  if (analysis.captures.length > 0) throw new ClosureError({ captured: place(text, analysis, callSite) }, fn.name);
  return text;
}

function remember(text: string, analysis: Analysis): Analysis {
  if (cache.size >= CACHE_LIMIT) cache.clear();
  cache.set(text, analysis);
  return analysis;
}

function describe(fn: { readonly name: string }, callSite: CallSite | undefined): string {
  const name = fn.name === '' ? 'the function' : `'${fn.name}'`;
  return callSite === undefined ? name : `${name} (${callSite.file}:${callSite.line})`;
}

function place(text: string, analysis: Analysis & { kind: 'read' }, callSite: CallSite | undefined): CapturedName[] {
  if (callSite === undefined) return analysis.captures.map(({ name, line, column }) => ({ name, file: undefined, line, column }));
  const start = locateText(text, callSite);
  return analysis.captures.map(({ name, line, column }) => {
    if (start === undefined) return { name, file: callSite.file, line: callSite.line, column: callSite.column };
    return { name, file: callSite.file, line: start.line + line - 1, column: line === 1 ? start.column + column - 1 : column };
  });
}
