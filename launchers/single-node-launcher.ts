/**
 * The launcher that starts every copy of the command on the node on which the job's script runs.
 */
import { frozenCopy } from '../lib/options/freeze.ts';
import type { Launcher } from '../lib/provider.ts';
import { type SingleNodeLauncherOptions, singleNodeLauncherOptions } from './options.ts';
import { buildSingleNodeScript } from './single-node-script.ts';

/**
 * With `nodesPerBlock` above 1 it still uses this node alone, as Parsl's does: so many nodes are then played by one machine.
 *
 * @example new LocalProvider({ launcher: new SingleNodeLauncher({ debug: false }) })
 */
export class SingleNodeLauncher implements Launcher {
  static readonly schema = singleNodeLauncherOptions;

  readonly type = 'SingleNodeLauncher';
  /** As written. */
  readonly options: Readonly<SingleNodeLauncherOptions>;
  readonly #debug: boolean;
  readonly #failOnAny: boolean;

  /** @throws ConfigError that names every option that is wrong. */
  constructor(options: SingleNodeLauncherOptions = {}) {
    const checked = singleNodeLauncherOptions.check(options);
    this.options = frozenCopy(options);
    this.#debug = checked.debug ?? true;
    this.#failOnAny = checked.failOnAny ?? true;
    Object.freeze(this);
  }

  wrap(command: string, nodesPerBlock: number, tasksPerNode: number): string {
    return buildSingleNodeScript({ command, copies: nodesPerBlock * tasksPerNode, debug: this.#debug, failOnAny: this.#failOnAny });
  }
}
