/**
 * What can be written in a LocalProvider, and what it comes to.
 */
import { SingleNodeLauncher } from '../../launchers/single-node-launcher.ts';
import { type OptionsInput, type OptionsOutput, OptionsSchema } from '../../lib/options/schema.ts';
import { carriedOver } from '../../lib/options/vocabulary.ts';
import type { BlockLimits, Launcher } from '../../lib/provider.ts';
import { blockOptions, compileBlockLimits, requireLauncherFor } from '../block-options.ts';

export const localProviderOptions = new OptionsSchema('LocalProvider', () => ({
  ...blockOptions(),
  cmdTimeout: carriedOver().optional(),
  moveFiles: carriedOver().optional(),
}));

/** Why an option of Parsl's does nothing. */
export const localProviderWarnings: Readonly<Record<string, string>> = {
  cmdTimeout: 'jobs on this machine are started without asking a scheduler',
  moveFiles: 'jobs on this machine see the files where they are',
};

export type LocalProviderOptions = OptionsInput<typeof localProviderOptions>;

export interface CompiledLocalProvider {
  readonly limits: BlockLimits;
  readonly launcher: Launcher;
  readonly workerInit: string;
}

/** @throws ConfigError when two options contradict each other. */
export function compileLocalProvider(checked: OptionsOutput<typeof localProviderOptions>): CompiledLocalProvider {
  const limits = compileBlockLimits('LocalProvider', checked);
  const launcher = checked.launcher ?? new SingleNodeLauncher();
  requireLauncherFor('LocalProvider', launcher, limits.nodesPerBlock);
  return Object.freeze({ limits, launcher, workerInit: checked.workerInit ?? '' });
}
