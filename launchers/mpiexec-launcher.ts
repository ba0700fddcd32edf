/**
 * The launcher for machines with mpiexec: a manager on each node as a process of one parallel program.
 */
import { frozenCopy } from '../lib/options/freeze.ts';
import type { OptionsOutput } from '../lib/options/schema.ts';
import type { Launcher } from '../lib/provider.ts';
import { buildMpiScript } from './mpi-script.ts';
import { type MpiExecLauncherOptions, mpiExecLauncherOptions } from './options.ts';

/**
 * For Open MPI, MPICH, Intel MPI, and Cray PALS (Polaris, Aurora), whose option for binding is `--cpu-bind`. Under PBS the hosts are
 * those of PBS_NODEFILE. Where `overrides` does not say how many processes a node gets, it gets one.
 *
 * @example new MpiExecLauncher({ bindCmd: '--cpu-bind', overrides: '--depth=64 --ppn 1' })
 */
export class MpiExecLauncher implements Launcher {
  static readonly schema = mpiExecLauncherOptions;

  readonly type = 'MpiExecLauncher';
  readonly reachesOtherNodes = true;
  /** As written. */
  readonly options: Readonly<MpiExecLauncherOptions>;
  readonly #checked: OptionsOutput<typeof mpiExecLauncherOptions>;

  /** @throws ConfigError that names every option that is wrong. */
  constructor(options: MpiExecLauncherOptions = {}) {
    this.#checked = mpiExecLauncherOptions.check(options);
    this.options = frozenCopy(options);
    Object.freeze(this);
  }

  wrap(command: string, nodesPerBlock: number, tasksPerNode: number): string {
    const { bindCmd = '--bind-to', overrides = '', debug = true } = this.#checked;
    return buildMpiScript({ command, nodesPerBlock, tasksPerNode, program: 'mpiexec', bindCmd, overrides, bash: 'bash', debug });
  }
}
