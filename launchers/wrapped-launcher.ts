/**
 * The launcher that puts a container or a profiler in front of what another launcher starts.
 */
import { frozenCopy } from '../lib/options/freeze.ts';
import { quoteForShell } from '../lib/shell-quote.ts';
import type { Launcher } from '../lib/provider.ts';
import { type WrappedLauncherOptions, wrappedLauncherOptions } from './options.ts';
import { SimpleLauncher } from './simple-launcher.ts';

/**
 * The prefix is given the manager's command as `bash -c '…'`, on every node, so that a container needs bash.
 *
 * @example new WrappedLauncher({ prepend: 'apptainer exec --nv image.sif', launcher: new SrunLauncher() })
 */
export class WrappedLauncher implements Launcher {
  static readonly schema = wrappedLauncherOptions;

  readonly type = 'WrappedLauncher';
  /** As written. */
  readonly options: Readonly<WrappedLauncherOptions>;
  readonly launcher: Launcher;
  readonly #prefix: string;

  /** @throws ConfigError that names every option that is wrong. */
  constructor(options: WrappedLauncherOptions) {
    const checked = wrappedLauncherOptions.check(options);
    this.options = frozenCopy(options);
    this.launcher = checked.launcher ?? new SimpleLauncher();
    this.#prefix = checked.prepend.trim();
    Object.freeze(this);
  }

  get maxNodesPerBlock(): number {
    return this.launcher.maxNodesPerBlock ?? Number.POSITIVE_INFINITY;
  }

  get reachesOtherNodes(): boolean {
    return this.launcher.reachesOtherNodes ?? false;
  }

  wrap(command: string, nodesPerBlock: number, tasksPerNode: number): string {
    return this.launcher.wrap(`${this.#prefix} bash -c ${quoteForShell(command)}`, nodesPerBlock, tasksPerNode);
  }
}
