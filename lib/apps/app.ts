/**
 * What apps of every kind have in common: being called, `with`, `map`.
 */
import type { AppFuture } from '../futures/app-future.ts';
import { currentGroup, inGroup } from '../groups/task-group.ts';
import { NoKernelError } from '../errors/index.ts';
import { currentKernel } from '../kernel/current.ts';
import { holdMoment, releaseMoment } from '../moment.ts';
import type { MapOptions } from '../types/call-types.ts';
import type { AppEntry } from './app-entry.ts';
import { mapApp } from './map.ts';
import { type AppOptions, mergeAppOptions } from './options.ts';

/** How one kind of app differs from another. */
export interface AppRecipe {
  readonly entry: AppEntry;
  /** The same app with other options. */
  rebuild(options: AppEntry['options']): AppEntry;
  /** The argument list as the kernel takes it. */
  pack?(args: readonly unknown[]): readonly unknown[];
}

type AnyCall = (...args: readonly unknown[]) => AppFuture<unknown>;
type AnyApp = AnyCall & {
  readonly appName: string;
  with(options: AppOptions): AnyApp;
  map(items: Iterable<unknown> | AsyncIterable<unknown>, options?: MapOptions): AsyncGenerator<unknown, void, undefined>;
};

/** The casts to the public types are at the four places that make apps. */
export function createApp(recipe: AppRecipe): AnyApp {
  const { entry, rebuild, pack } = recipe;
  const call = (...args: readonly unknown[]): AppFuture<unknown> => {
    const kernel = currentKernel();
    if (!kernel) throw new NoKernelError(entry.options.name);
    holdMoment();
    try {
      return kernel.submit(entry, pack ? pack(args) : args);
    } finally {
      releaseMoment();
    }
  };
  const { name } = entry.options;
  return Object.defineProperties(call, {
    name: { value: name, configurable: true },
    appName: { value: name, enumerable: true },
    with: {
      value: (options: AppOptions) => createApp({ ...recipe, entry: rebuild(mergeAppOptions(entry.options, options, entry.kind)) }),
    },
    map: { value: (items: unknown, options?: MapOptions) => mapApp(callsHere(call), name, items, options) },
  }) as unknown as AnyApp;
}

/** What is called while an iteration goes on belongs where the iteration was made, not where its next result is taken. */
function callsHere(call: AnyCall): AnyCall {
  const group = currentGroup();
  return group === undefined ? call : (...args) => inGroup(group, () => call(...args));
}
