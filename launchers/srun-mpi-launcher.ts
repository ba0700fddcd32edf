/**
 * The launcher for Slurm blocks whose tasks start steps of their own: a srun per node.
 */
import { frozenCopy } from '../lib/options/freeze.ts';
import type { OptionsOutput } from '../lib/options/schema.ts';
import type { Launcher } from '../lib/provider.ts';
import { type SrunMpiLauncherOptions, srunMpiLauncherOptions } from './options.ts';
import { buildSrunMpiScript } from './srun-script.ts';

/**
 * Parsl's SrunMPILauncher. Each node's manager is a step by itself that shares the node's CPUs and memory with other steps
 * (`--overlap`, Slurm 20.11 and later), so that tasks can run `srun ./mpi-program` within the block.
 *
 * @example new SrunMpiLauncher()
 */
export class SrunMpiLauncher implements Launcher {
  static readonly schema = srunMpiLauncherOptions;

  readonly type = 'SrunMpiLauncher';
  readonly reachesOtherNodes = true;
  /** As written. */
  readonly options: Readonly<SrunMpiLauncherOptions>;
  readonly #checked: OptionsOutput<typeof srunMpiLauncherOptions>;

  /** @throws ConfigError that names every option that is wrong. */
  constructor(options: SrunMpiLauncherOptions = {}) {
    this.#checked = srunMpiLauncherOptions.check(options);
    this.options = frozenCopy(options);
    Object.freeze(this);
  }

  wrap(command: string, nodesPerBlock: number, tasksPerNode: number): string {
    const { overrides, debug } = this.#checked;
    return buildSrunMpiScript({ command, nodesPerBlock, tasksPerNode, overrides: overrides ?? '', debug: debug ?? true });
  }
}
