/**
 * What can be written in each launcher.
 */
import { type OptionsInput, OptionsSchema } from '../lib/options/schema.ts';
import { flag } from '../lib/options/vocabulary.ts';

const debug = () => flag().describe("Says in the block's stdout what is started. Default true.").optional();

export const simpleLauncherOptions = new OptionsSchema('SimpleLauncher', () => ({ debug: debug() }));

export const singleNodeLauncherOptions = new OptionsSchema('SingleNodeLauncher', () => ({
  debug: debug(),
  failOnAny: flag().describe('The block fails when any copy fails, not only when all do. Default true.').optional(),
}));

export type SimpleLauncherOptions = OptionsInput<typeof simpleLauncherOptions>;
export type SingleNodeLauncherOptions = OptionsInput<typeof singleNodeLauncherOptions>;
