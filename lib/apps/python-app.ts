/**
 * pythonApp: a Python function as an app.
 */
import { isAbsolute, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { DefinitionError } from '../errors/index.ts';
import type { PythonDefinition } from '../task-spec.ts';
import type { PythonApp } from '../types/call-types.ts';
import { createApp } from './app.ts';
import { type AppEntry, registerFunction } from './app-entry.ts';
import { isKeywordArguments } from './kw.ts';
import type { AppOptionsFor } from './app-options.ts';
import { type CompiledAppOptions, compileAppOptions } from './options.ts';
import { dedentPython, pythonFunctionName } from './python-source.ts';

/** A function in a file (a path from the driver's working directory, or a URL) or in a module that the workers can import. */
export type PythonFunctionRef =
  | { readonly file: string | URL; readonly function: string }
  | { readonly module: string; readonly function: string };

/**
 * @param source text that defines one top-level function; or where the function is.
 * @throws DefinitionError naming what is wrong with the source or the reference; InvalidOptionError.
 * @example
 * const area = pythonApp<[r: number], number>(`
 *   import math
 *   def area(r):
 *       return math.pi * r ** 2
 * `);
 */
export function pythonApp<P extends readonly unknown[] = readonly unknown[], R = unknown>(
  source: string | PythonFunctionRef,
  options?: AppOptionsFor<NoInfer<R>>,
): PythonApp<P, R> {
  const reference = referenceOf(source);
  const compiled = compileAppOptions(options, 'python', reference.function);
  const rebuild = pythonEntries(reference);
  // The cast: at run time a call takes anything; the types are the caller's word.
  return createApp({ entry: rebuild(compiled), rebuild, pack: splitKeywords }) as unknown as PythonApp<P, R>;
}

type Reference = Omit<PythonDefinition, 'name' | 'python'>;

/** One registration per interpreter: it is part of what travels. */
function pythonEntries(reference: Reference): (options: CompiledAppOptions) => AppEntry {
  const registered = new Map<string, ReturnType<typeof registerFunction>>();
  return (options) => {
    const { name, python } = options;
    const key = `${name}\0${python ?? ''}`;
    const fn =
      registered.get(key) ?? registerFunction({ ...reference, name, ...(python === undefined ? {} : { python: interpreterPath(python) }) });
    registered.set(key, fn);
    return { kind: 'python', options, fn };
  };
}

/** A path is the driver's; a bare name is looked up on the worker's PATH. */
const interpreterPath = (python: string): string => (python.includes('/') && !isAbsolute(python) ? resolve(python) : python);

function referenceOf(source: string | PythonFunctionRef): Reference {
  if (typeof source === 'string') {
    return { kind: 'python', form: 'source', source: dedentPython(source), function: nameIn(source) };
  }
  if (typeof source !== 'object' || source === null || typeof source.function !== 'string' || source.function === '') {
    throw new DefinitionError(
      "pythonApp takes Python source, { file, function } or { module, function }; 'function' is the function's name",
    );
  }
  if ('file' in source) return { kind: 'python', form: 'file', path: pathOf(source.file), function: source.function };
  if (typeof source.module === 'string' && source.module !== '')
    return { kind: 'python', form: 'module', module: source.module, function: source.function };
  throw new DefinitionError(`pythonApp({ function: '${source.function}' }): say where the function is, as 'file' or as 'module'`);
}

function nameIn(source: string): string {
  try {
    return pythonFunctionName(source);
  } catch (cause) {
    throw new DefinitionError(cause instanceof Error ? cause.message : String(cause), { cause });
  }
}

function pathOf(file: string | URL): string {
  if (file instanceof URL) return fileURLToPath(file);
  return file.startsWith('file:') ? fileURLToPath(file) : resolve(file);
}

function splitKeywords(args: readonly unknown[]): readonly unknown[] {
  const misplaced = args.slice(0, -1).findIndex(isKeywordArguments);
  if (misplaced >= 0) throw new TypeError(`argument ${misplaced} is kw(…): keyword arguments go last, once`);
  const last = args.at(-1);
  return isKeywordArguments(last) ? [args.slice(0, -1), last.values] : [args, {}];
}
