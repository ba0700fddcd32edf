/**
 * bashApp: a shell command as an app. Its body makes the command, in the driver, once the arguments are known.
 */
import type { BashApp, BashResult, Known } from '../types/call-types.ts';
import { createApp } from './app.ts';
import { type AppBody, registerFunction } from './app-entry.ts';
import { requireBody } from './body.ts';
import type { Ignored } from './failure-policy.ts';
import { type AppOptions, compileAppOptions } from './options.ts';

type Command = string | Promise<string>;

/**
 * @param body returns the command: a string, or sh`…`, which quotes what it interpolates.
 * @throws DefinitionError if `body` is no function; InvalidOptionError.
 * @example
 * const count = bashApp((file: string) => sh`wc -l < ${file}`, { returns: 'stdout' });
 */
export function bashApp<P extends readonly unknown[], const O extends AppOptions = Record<never, never>>(
  body: (...args: P) => Command,
  options?: Known<O>,
): BashApp<P, BashResult<O>, Ignored<O>> {
  const name = requireBody(body, 'bashApp');
  const compiled = compileAppOptions(options, 'bash', name);
  const fn = registerFunction({ kind: 'bash', name: compiled.name });
  const run = body as AppBody;
  return createApp({
    entry: { kind: 'bash', options: compiled, fn, body: run },
    rebuild: (changed) => ({ kind: 'bash', options: changed, fn, body: run }),
  }) as unknown as BashApp<P, BashResult<O>, Ignored<O>>;
}
