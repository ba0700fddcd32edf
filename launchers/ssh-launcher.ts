/**
 * The launcher for machines that are reached by ssh alone: a connection per node.
 */
import { frozenCopy } from '../lib/options/freeze.ts';
import type { OptionsOutput } from '../lib/options/schema.ts';
import type { Launcher } from '../lib/provider.ts';
import { type SshLauncherOptions, sshLauncherOptions } from './options.ts';
import { buildSshScript } from './ssh-script.ts';

/**
 * Hosts are those that are written, else those that PBS or Slurm gave to the job. Login must need no password, and hosts' keys must be
 * known: ssh's settings decide, Flotilla never loosens them. Managers get the working directory and the environment of the job's shell.
 *
 * @example new SshLauncher({ hosts: ['n1', 'n2'], overrides: '-i ~/.ssh/cluster_key' })
 */
export class SshLauncher implements Launcher {
  static readonly schema = sshLauncherOptions;

  readonly type = 'SshLauncher';
  readonly reachesOtherNodes = true;
  /** As written. */
  readonly options: Readonly<SshLauncherOptions>;
  readonly #checked: OptionsOutput<typeof sshLauncherOptions>;

  /** @throws ConfigError that names every option that is wrong. */
  constructor(options: SshLauncherOptions = {}) {
    this.#checked = sshLauncherOptions.check(options);
    this.options = frozenCopy(options);
    Object.freeze(this);
  }

  get maxNodesPerBlock(): number {
    return this.#checked.hosts === undefined ? Number.POSITIVE_INFINITY : new Set(this.#checked.hosts).size;
  }

  wrap(command: string, nodesPerBlock: number, tasksPerNode: number): string {
    const { hosts, sshCommand = 'ssh', overrides = '', debug = true } = this.#checked;
    return buildSshScript({ command, nodesPerBlock, tasksPerNode, hosts, sshCommand, overrides, debug });
  }
}
