/**
 * What can be written in a LocalProvider, and what it comes to.
 */
import { SingleNodeLauncher } from '../../launchers/single-node-launcher.ts';
import { type OptionsInput, type OptionsOutput, OptionsSchema } from '../../lib/options/schema.ts';
import { carriedOver } from '../../lib/options/vocabulary.ts';
import type { BlockLimits, Launcher } from '../../lib/provider.ts';
import { type ChannelPlace, channelOptions, compileChannel } from '../channel-options.ts';
import { blockOptions, compileBlockLimits, requireLauncherFor } from '../block-options.ts';

export const localProviderOptions = new OptionsSchema('LocalProvider', () => ({
  ...blockOptions(),
  ...channelOptions(),
  cmdTimeout: carriedOver().optional(),
  label: carriedOver().optional(),
  moveFiles: carriedOver().optional(),
  tasksPerNode: carriedOver().optional(),
}));

/** Why an option of Parsl's does nothing. */
export const localProviderWarnings: Readonly<Record<string, string>> = {
  cmdTimeout: 'jobs on this machine are started without asking a scheduler',
  label: "blocks are named after the executor's label",
  moveFiles: 'jobs on this machine see the files where they are',
  tasksPerNode: 'a block has one manager on each node; maxWorkersPerNode of the executor says how many workers',
};

export type LocalProviderOptions = OptionsInput<typeof localProviderOptions>;

export interface CompiledLocalProvider extends ChannelPlace {
  readonly limits: BlockLimits;
  readonly launcher: Launcher;
  readonly workerInit: string;
}

/** @throws ConfigError when two options contradict each other. */
export function compileLocalProvider(checked: OptionsOutput<typeof localProviderOptions>): CompiledLocalProvider {
  const limits = compileBlockLimits('LocalProvider', checked);
  const launcher = checked.launcher ?? new SingleNodeLauncher();
  requireLauncherFor('LocalProvider', launcher, limits.nodesPerBlock);
  return Object.freeze({ limits, launcher, ...compileChannel(checked), workerInit: checked.workerInit ?? '' });
}
