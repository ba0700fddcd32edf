/**
 * Makes a kernel's memo: reads the checkpoints that the config names, and those that they go back to.
 */
import { existsSync } from 'node:fs';
import type { CompiledConfig } from '../config.ts';
import { ConfigError } from '../errors/config-error.ts';
import { decodeResult } from '../memo/checkpoint-format.ts';
import { readCheckpoint } from '../memo/checkpoint-reader.ts';
import { checkpointPathOf, findCheckpoints } from '../memo/find-checkpoints.ts';
import { MemoTable } from '../memo/memo-table.ts';
import { logChannel } from './channels.ts';
import type { LaunchSite } from './launch.ts';
import { Memo, type MemoSite } from './memo.ts';
import { MemoShelf } from './memo-shelf.ts';
import type { Task } from './task.ts';
import { TaskKeys } from './task-key.ts';

/** @param run starts a task as any other. @param resumed run directories of the run that is resumed and those before it, the latest first. @throws ConfigError for a checkpoint that is named and cannot be read. */
export async function openMemo(
  { memo: settings, runDir: runs }: CompiledConfig,
  site: LaunchSite,
  run: (task: Task) => void,
  resumed: readonly string[],
): Promise<Memo> {
  const table = new MemoTable();
  const named = [...findCheckpoints(settings.checkpointFiles, runs, site.runDir), ...checkpointsOf(resumed)];
  await readAll(named, table);
  const keys = new TaskKeys(site, settings.files, site.workingDirectory, 'those not ignored');
  return new Memo(memoSite(site, run), keys, new MemoShelf(site.runDir, settings, table, named));
}

/** The run that is resumed goes before the checkpoints that the config names. */
function checkpointsOf(resumed: readonly string[]): string[] {
  return resumed.map(checkpointPathOf).filter(existsSync).reverse();
}

const memoSite = (site: LaunchSite, run: (task: Task) => void): MemoSite => ({
  runDir: site.runDir,
  run,
  isWanted: (task) => site.isCurrent(task, task.tryNumber),
  succeed: (task, value) => site.joinEnded(task, task.tryNumber, { value }),
  fail: (task, error) => site.failedHere(task, task.tryNumber, error),
});

/** The last that is named goes before the others, and a run before those that it resumed. */
async function readAll(named: readonly string[], table: MemoTable): Promise<void> {
  const seen = new Set<string>();
  const queue = named.toReversed();
  for (let path = queue.shift(); path !== undefined; path = queue.shift()) {
    if (seen.has(path)) continue;
    seen.add(path);
    queue.push(...(await readOne(path, table, named.includes(path))).toReversed());
  }
}

/** @returns the checkpoints that it goes back to. */
async function readOne(path: string, table: MemoTable, isNamed: boolean): Promise<readonly string[]> {
  let count = 0;
  try {
    const { source, tornBytes, damaged } = await readCheckpoint(path, (_, body, at, length) => {
      const { meta } = decodeResult(body);
      const holder = table.pathOf(meta.key);
      if (holder !== undefined && holder !== path) return;
      table.add(meta, { path, at, length, body: undefined });
      count++;
    });
    const torn = tornBytes > 0 ? `; ${tornBytes} bytes at its end are of an interrupted write and do not count` : '';
    const broken = damaged > 0 ? `; ${damaged} damaged place(s) were passed over` : '';
    log('info', `run ${source.header.run} gives ${count} result(s): ${path}${torn}${broken}`);
    return source.header.resumes;
  } catch (error) {
    const message = `the checkpoint ${path} cannot be read: ${(error as Error).message}`;
    if (isNamed) throw new ConfigError(message, { cause: error });
    log('warn', `${message}; it is one that a later run resumed`);
    return [];
  }
}

const log = (level: 'info' | 'warn', message: string): void => logChannel.publish({ executor: 'memo', level, message });
