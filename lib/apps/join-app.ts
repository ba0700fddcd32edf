/**
 * joinApp: a function that calls other apps, run in the driver; its future has the values of what it returns.
 */
import type { JoinApp, Known } from '../types/call-types.ts';
import { createApp } from './app.ts';
import type { AppBody } from './app-entry.ts';
import { requireBody } from './body.ts';
import type { AppOptionsFor } from './app-options.ts';
import type { Ignored } from './failure-policy.ts';
import { type AppOptions, compileAppOptions } from './options.ts';

/**
 * @param body returns a future, or an array or object of futures; it may be async.
 * @throws DefinitionError if `body` is no function; InvalidOptionError.
 * @example
 * const all = joinApp((n: number) => Array.from({ length: n }, (_, i) => double(i)));
 * await all(3).result(); // [0, 2, 4]
 */
export function joinApp<P extends readonly unknown[], R, O extends AppOptions>(
  body: (...args: P) => R,
  options: Known<O>,
): JoinApp<P, R | Ignored<O>>;
export function joinApp<P extends readonly unknown[], R>(body: (...args: P) => R, options?: AppOptionsFor<NoInfer<R>>): JoinApp<P, R>;
export function joinApp(body: (...args: never) => unknown, options?: AppOptions): unknown {
  const name = requireBody(body, 'joinApp');
  const compiled = compileAppOptions(options, 'join', name);
  const run = body as AppBody;
  return createApp({
    entry: { kind: 'join', options: compiled, body: run },
    rebuild: (changed) => ({ kind: 'join', options: changed, body: run }),
  });
}
