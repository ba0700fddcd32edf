/**
 * Zod, loaded when the first option has to be checked: it costs 60 ms, and a run with nothing but defaults checks nothing.
 */
import { createRequire } from 'node:module';
import type { z as Zod } from 'zod';

let loaded: typeof Zod | undefined;

export function zod(): typeof Zod {
  loaded ??= (createRequire(import.meta.url)('zod') as { z: typeof Zod }).z;
  return loaded;
}
