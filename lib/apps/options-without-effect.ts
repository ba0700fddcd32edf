/**
 * Options of apps that are checked and do nothing in this release. Whoever writes one is told, once per app.
 */
import { warn } from '../options/warnings.ts';
import type { CompiledAppOptions } from './app-options.ts';

/** Option → why. */
const WITHOUT_EFFECT = {
  resources: 'one slot runs one task',
} as const satisfies Partial<Record<keyof CompiledAppOptions, string>>;

const OPTIONS = Object.keys(WITHOUT_EFFECT) as (keyof typeof WITHOUT_EFFECT)[];

/** @param told What the app's user has been told already; those of now are added. */
export function warnOfOptionsWithoutEffect(options: CompiledAppOptions, told: Set<string>): void {
  for (const option of OPTIONS) {
    if (options[option] === undefined || told.has(option)) continue;
    told.add(option);
    warn(`app '${options.name}': option '${option}' has no effect yet: ${WITHOUT_EFFECT[option]}`);
  }
}
