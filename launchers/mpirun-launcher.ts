/**
 * The launcher for machines with mpirun.
 */
import { frozenCopy } from '../lib/options/freeze.ts';
import type { OptionsOutput } from '../lib/options/schema.ts';
import type { Launcher } from '../lib/provider.ts';
import { buildMpiScript } from './mpi-script.ts';
import { type MpiRunLauncherOptions, mpiRunLauncherOptions } from './options.ts';

/**
 * As MpiExecLauncher, for a machine whose command is mpirun. The manager is bound to no CPU unless `overrides` binds it.
 *
 * @example new MpiRunLauncher({ bashLocation: '/usr/bin/bash' })
 */
export class MpiRunLauncher implements Launcher {
  static readonly schema = mpiRunLauncherOptions;

  readonly type = 'MpiRunLauncher';
  readonly reachesOtherNodes = true;
  /** As written. */
  readonly options: Readonly<MpiRunLauncherOptions>;
  readonly #checked: OptionsOutput<typeof mpiRunLauncherOptions>;

  /** @throws ConfigError that names every option that is wrong. */
  constructor(options: MpiRunLauncherOptions = {}) {
    this.#checked = mpiRunLauncherOptions.check(options);
    this.options = frozenCopy(options);
    Object.freeze(this);
  }

  wrap(command: string, nodesPerBlock: number, tasksPerNode: number): string {
    const { bashLocation = '/bin/bash', overrides = '', debug = true } = this.#checked;
    const bindCmd = BIND_OPTION.test(overrides) ? '' : undefined;
    return buildMpiScript({ command, nodesPerBlock, tasksPerNode, program: 'mpirun', bindCmd, overrides, bash: bashLocation, debug });
  }
}

const BIND_OPTION = /(^|\s)--?(bind-to|cpu-bind)\b/;
