/**
 * jsApp: a JavaScript or TypeScript function as an app.
 */
import { DefinitionError } from '../errors/index.ts';
import type { Definition } from '../task-spec.ts';
import type { App, Known } from '../types/call-types.ts';
import { createApp } from './app.ts';
import { registerFunction } from './app-entry.ts';
import { callerFile } from './call-site.ts';
import { checkShippable } from './closure.ts';
import type { AppOptionsFor } from './app-options.ts';
import type { Ignored } from './failure-policy.ts';
import { type AppOptions, compileAppOptions } from './options.ts';
import { locateText } from './source-location.ts';

/**
 * A self-contained function: its source is sent to the workers.
 * @throws ClosureError if it uses variables from around it; DefinitionError if it has no source of its own; InvalidOptionError.
 * @example
 * const double = jsApp((x: number) => x * 2);
 * await double(21).result(); // 42
 */
export function jsApp<P extends readonly unknown[], R, O extends AppOptions>(
  fn: (...args: P) => R,
  options: Known<O>,
): App<P, R | Ignored<O>>;
export function jsApp<P extends readonly unknown[], R>(fn: (...args: P) => R, options?: AppOptionsFor<NoInfer<R>>): App<P, R>;
/**
 * An export of a module, imported once per worker.
 * @example
 * const simulate = jsApp<[t: number], number>(new URL('./sim.ts', import.meta.url), 'simulate');
 */
export function jsApp<P extends readonly unknown[], R>(module: URL, exportName: string, options?: AppOptionsFor<NoInfer<R>>): App<P, R>;
export function jsApp(first: URL | ((...args: never) => unknown), second?: string | AppOptions, third?: AppOptions): unknown {
  if (first instanceof URL) return moduleApp(first, second, third);
  if (typeof first === 'string') {
    throw new DefinitionError(
      `jsApp('${first as string}'): name a module by a URL, as in new URL('./sim.ts', import.meta.url), so that workers find it too`,
    );
  }
  const callSite = callerFile();
  const source = checkShippable(first, callSite);
  const options = compileAppOptions(second as AppOptions | undefined, 'js', first.name || 'anonymous');
  const place = callSite ? { filename: callSite.file, ...locateText(source, callSite) } : {};
  return build({ kind: 'js', name: options.name, form: 'source', source, ...place }, options);
}

function moduleApp(url: URL, exportName: string | AppOptions | undefined, given: AppOptions | undefined): unknown {
  if (typeof exportName !== 'string' || exportName === '') {
    throw new DefinitionError(`jsApp(${url.href}): the second argument is the name of the export to run, as in jsApp(url, 'simulate')`);
  }
  const options = compileAppOptions(given, 'js', exportName);
  return build({ kind: 'js', name: options.name, form: 'module', url: url.href, exportName }, options);
}

function build(definition: Definition, options: ReturnType<typeof compileAppOptions>): unknown {
  const fn = registerFunction(definition);
  return createApp({ entry: { kind: 'js', options, fn }, rebuild: (changed) => ({ kind: 'js', options: changed, fn }) });
}
