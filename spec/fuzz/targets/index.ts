/** All readers that are fuzzed within this process. */
import type { FuzzTarget } from '../target.ts';
import { fileTargets } from './files.ts';
import { interchangeTargets } from './interchange.ts';
import { muxTargets } from './mux.ts';
import { valueTargets } from './values.ts';
import { wireTargets } from './wire.ts';

export const targets: readonly FuzzTarget[] = [...wireTargets, ...interchangeTargets, ...valueTargets, ...fileTargets, ...muxTargets];
