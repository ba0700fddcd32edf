/**
 * bashApp: a shell command as an app. Its body makes the command, in the driver, once the arguments are known.
 */
import type { App } from '../types/call-types.ts';
import type { BashReturns } from '../task-spec.ts';
import { createApp } from './app.ts';
import { type AppBody, registerFunction } from './app-entry.ts';
import { requireBody } from './body.ts';
import { type AppOptions, compileAppOptions } from './options.ts';

interface BashResults {
  readonly exitCode: 0;
  readonly stdout: string;
  readonly lines: string[];
  readonly json: unknown;
}

/** What a bashApp with these options resolves to. */
export type BashResult<O> = O extends { readonly returns: infer K extends BashReturns } ? BashResults[K] : 0;

type Command = string | Promise<string>;

/**
 * @param body returns the command: a string, or sh`…`, which quotes what it interpolates.
 * @throws DefinitionError if `body` is no function; InvalidOptionError.
 * @example
 * const count = bashApp((file: string) => sh`wc -l < ${file}`, { returns: 'stdout' });
 */
export function bashApp<P extends readonly unknown[], const O extends AppOptions = Record<never, never>>(
  body: (...args: P) => Command,
  options?: O,
): App<P, BashResult<O>> {
  const name = requireBody(body, 'bashApp');
  const compiled = compileAppOptions(options, 'bash', name);
  const fn = registerFunction({ kind: 'bash', name: compiled.name });
  const run = body as AppBody;
  return createApp({
    entry: { kind: 'bash', options: compiled, fn, body: run },
    rebuild: (changed) => ({ kind: 'bash', options: changed, fn, body: run }),
  }) as unknown as App<P, BashResult<O>>;
}
