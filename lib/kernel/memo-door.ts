/**
 * The memo as the kernel sees it. It is loaded while the executors start; a kernel with `appCache: false` has none.
 */
import type { CompiledConfig } from '../config.ts';
import { ConfigError } from '../errors/config-error.ts';
import type { LaunchSite } from './launch.ts';
import type { Memo } from './memo.ts';
import type { Task } from './task.ts';

export class MemoDoor {
  #memo: Memo | undefined;

  /** @param run starts a task as any other. @throws ConfigError for a checkpoint that the config names and that cannot be read. */
  async open(config: CompiledConfig, site: LaunchSite, run: (task: Task) => void, resumed: readonly string[]): Promise<void> {
    if (!config.memo.enabled) return;
    const { openMemo } = await import('./memo-open.ts');
    this.#memo = await openMemo(config, site, run, resumed);
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
