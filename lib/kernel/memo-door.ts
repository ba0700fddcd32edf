/**
 * The memo as the kernel sees it. It is loaded while the executors start; a kernel with `appCache: false` has none.
 */
import type { CompiledConfig } from '../config.ts';
import { ConfigError } from '../errors/config-error.ts';
import type { Memo, MemoSite } from './memo.ts';
import type { LaunchSite } from './launch.ts';
import type { Task } from './task.ts';

export class MemoDoor {
  #memo: Memo | undefined;

  /** @throws ConfigError for a checkpoint that the config names and that cannot be read. */
  async open({ memo: settings, runDir: runs }: CompiledConfig, prepareSite: LaunchSite, site: MemoSite): Promise<void> {
    if (!settings.enabled) return;
    const { openMemo } = await import('./memo-open.ts');
    this.#memo = await openMemo({ settings, runs, prepareSite, site, workingDirectory: prepareSite.workingDirectory });
  }

  /** How many results there are. */
  get size(): number {
    return this.#memo?.shelf.table.size ?? 0;
  }

  /** @returns whether the memo sees to it that the task ends. */
  takes(task: Task): boolean {
    if (!this.#memo || !task.entry.options.cache) return false;
    this.#memo.arrive(task);
    return true;
  }

  explain(taskId: number): string | undefined {
    return this.#memo?.explain(taskId);
  }

  /** @throws ConfigError where no checkpoint is written. */
  async checkpoint(): Promise<string> {
    if (!this.#memo) throw new ConfigError('kernel.checkpoint(): Config.appCache is false, so there is nothing to write');
    return await this.#memo.shelf.checkpoint();
  }

  close(): void {
    this.#memo?.shelf.close();
  }
}
