/**
 * The launcher that adds nothing: the command runs once, where the job's script runs.
 */
import { frozenCopy } from '../lib/options/freeze.ts';
import type { Launcher } from '../lib/provider.ts';
import { type SimpleLauncherOptions, simpleLauncherOptions } from './options.ts';

/**
 * For blocks of one node, and for commands that reach the other nodes by themselves.
 *
 * @example new LocalProvider({ launcher: new SimpleLauncher() })
 */
export class SimpleLauncher implements Launcher {
  static readonly schema = simpleLauncherOptions;

  readonly type = 'SimpleLauncher';
  readonly maxNodesPerBlock = 1;
  /** As written. */
  readonly options: Readonly<SimpleLauncherOptions>;

  /** @throws ConfigError that names every option that is wrong. */
  constructor(options: SimpleLauncherOptions = {}) {
    simpleLauncherOptions.check(options);
    this.options = frozenCopy(options);
    Object.freeze(this);
  }

  wrap(command: string): string {
    return command;
  }
}
