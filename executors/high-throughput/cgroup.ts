/**
 * Limits that a control group puts on this process. Owns the file layouts of versions 1 and 2
 * (Documentation/admin-guide/cgroup-v1 and cgroup-v2.rst of the Linux kernel); knows nothing of workers.
 */
import { dirname, join } from 'node:path';
import { readSystemFile } from './system-file.ts';

/** Version 1 writes "no limit" as a number near 2^63. */
const NO_LIMIT = 2 ** 60;

/** Bytes; undefined where no group limits memory. */
export function readMemoryLimit(root: string): number | undefined {
  const limits = groupFolders(root, 'memory').flatMap((folder) => [
    readNumber(join(folder, 'memory.max')),
    readNumber(join(folder, 'memory.limit_in_bytes')),
  ]);
  return least(limits.filter((limit) => limit !== undefined && limit < NO_LIMIT));
}

/** CPUs' worth of time, maybe a fraction; undefined where no group limits it. */
export function readCpuQuota(root: string): number | undefined {
  return least(groupFolders(root, 'cpu').flatMap((folder) => [quotaV2(folder), quotaV1(folder)]));
}

function quotaV2(folder: string): number | undefined {
  const [quota, period] = readWords(join(folder, 'cpu.max')).map(Number);
  return ratio(quota, period);
}

function quotaV1(folder: string): number | undefined {
  return ratio(readNumber(join(folder, 'cpu.cfs_quota_us')), readNumber(join(folder, 'cpu.cfs_period_us')));
}

function ratio(quota: number | undefined, period: number | undefined): number | undefined {
  if (quota === undefined || period === undefined) return undefined;
  return quota > 0 && period > 0 ? quota / period : undefined;
}

/** The folders of this process' group and of all groups around it: each may set a limit. */
function groupFolders(root: string, controller: string): string[] {
  const lines = readSystemFile(join(root, 'proc/self/cgroup')).split('\n');
  return lines.flatMap((line) => {
    const [, controllers, path] = /^\d+:([^:]*):(\/.*)$/.exec(line) ?? [];
    if (controllers === undefined || path === undefined) return [];
    if (controllers === '') return pathAndParents(join(root, 'sys/fs/cgroup'), path);
    if (!controllers.split(',').includes(controller)) return [];
    return pathAndParents(join(root, 'sys/fs/cgroup', controllers), path).concat(
      pathAndParents(join(root, 'sys/fs/cgroup', controller), path),
    );
  });
}

/** A container often sees the host's name of its group under a mount that starts at the group itself: the parents cover that. */
function pathAndParents(mount: string, path: string): string[] {
  const folders: string[] = [];
  for (let at = path; ; at = dirname(at)) {
    folders.push(join(mount, at));
    if (at === '/') return folders;
  }
}

function least(values: readonly (number | undefined)[]): number | undefined {
  const known = values.filter((value) => value !== undefined);
  return known.length === 0 ? undefined : Math.min(...known);
}

function readNumber(path: string): number | undefined {
  const [word] = readWords(path);
  const value = Number(word);
  return word === undefined || !Number.isFinite(value) ? undefined : value;
}

function readWords(path: string): string[] {
  return readSystemFile(path)
    .split(/\s+/)
    .filter((word) => word !== '');
}
