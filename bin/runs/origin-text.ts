/**
 * How a run was started, in words. Pure.
 */
import { basename, dirname, resolve } from 'node:path';
import type { RunStarted } from '../../lib/events/events.ts';
import { checkpointPathOf } from '../../lib/memo/find-checkpoints.ts';

/** A line, or none where nothing is known. */
export function describeOrigin(started: RunStarted): string[] {
  const { config, set = [], resumed = [] } = started;
  const parts = [
    ...(config ? [withSet(nameConfig(started), set)] : []),
    ...(resumed.length > 0 ? [`resumed ${resumed.map(nameSource).join(', ')}`] : []),
  ];
  return parts.length === 0 ? [] : [parts.join('; ')];
}

/** 'config polaris (--config)', 'config given to load() in the script'. */
export function nameConfig({ config }: Pick<RunStarted, 'config'>): string {
  if (config?.name === undefined) return 'config given to load() in the script';
  return `config ${config.name} (${config.from})`;
}

/** 'config polaris (--config), with --set retries=2'. */
export const withSet = (config: string, set: readonly string[]): string =>
  `${config}${set.map((each, i) => `${i === 0 ? ', with' : ''} --set ${each}`).join('')}`;

/** 'run 003' for the checkpoint of a run directory, else the file. */
function nameSource(checkpoint: string): string {
  const runDir = dirname(dirname(checkpoint));
  return resolve(checkpointPathOf(runDir)) === checkpoint ? `run ${basename(runDir)}` : checkpoint;
}
