/**
 * The launcher for Slurm: one srun starts a manager on each node.
 */
import { frozenCopy } from '../lib/options/freeze.ts';
import type { OptionsOutput } from '../lib/options/schema.ts';
import type { Launcher } from '../lib/provider.ts';
import { type SrunLauncherOptions, srunLauncherOptions } from './options.ts';
import { buildSrunScript } from './srun-script.ts';

/**
 * What `overrides` says wins over what Flotilla says, as srun takes the last of two. The block's exit code is the highest of its
 * nodes'; a node that fails does not end the others.
 *
 * @example new SrunLauncher({ overrides: '-c 112' })
 */
export class SrunLauncher implements Launcher {
  static readonly schema = srunLauncherOptions;

  readonly type = 'SrunLauncher';
  readonly reachesOtherNodes = true;
  /** As written. */
  readonly options: Readonly<SrunLauncherOptions>;
  readonly #checked: OptionsOutput<typeof srunLauncherOptions>;

  /** @throws ConfigError that names every option that is wrong. */
  constructor(options: SrunLauncherOptions = {}) {
    this.#checked = srunLauncherOptions.check(options);
    this.options = frozenCopy(options);
    Object.freeze(this);
  }

  wrap(command: string, nodesPerBlock: number, tasksPerNode: number): string {
    const { overrides, debug } = this.#checked;
    return buildSrunScript({ command, nodesPerBlock, tasksPerNode, overrides: overrides ?? '', debug: debug ?? true });
  }
}
