/**
 * What a run may have left behind on this machine: processes, handles of this process, temporary files.
 */
import { readdirSync, readFileSync } from 'node:fs';

/** "1234 node …/process-entry.ts", for each living process that belongs to a run or was started by `parent`. */
export function processesOf(runId: string, parent?: number): string[] {
  const found: string[] = [];
  for (const name of readdirSync('/proc')) {
    const pid = Number(name);
    if (!Number.isInteger(pid) || pid === process.pid || !isAlive(pid)) continue;
    const commandLine = read(`/proc/${pid}/cmdline`).replaceAll('\0', ' ');
    const isOurs =
      read(`/proc/${pid}/environ`).includes(runId) || commandLine.includes(runId) || (parent !== undefined && parentOf(pid) === parent);
    if (isOurs) found.push(`${pid} ${commandLine.trim()}`);
  }
  return found;
}

/** Folders of a running run for what lives as long as its supervisors; the reapers' command lines name them. */
export const scratchFoldersOf = (runId: string): string[] =>
  processesOf(runId)
    .filter((line) => line.includes('reaper.sh'))
    .map((line) => line.split(' ').at(-1) ?? '');

/** Whether a process is there and not a zombie. */
export const isAlive = (pid: number): boolean => !['', 'Z', 'X'].includes(statFields(pid)[0] ?? '');

/** Ids of the living children of a process. */
export const livingChildrenOf = (parent: number): number[] =>
  readdirSync('/proc')
    .map(Number)
    .filter((pid) => pid > 0 && parentOf(pid) === parent && isAlive(pid));

const parentOf = (pid: number): number => Number(statFields(pid)[1]);

/** Fields of /proc/PID/stat after the name, which may hold anything. */
function statFields(pid: number): string[] {
  const stat = read(`/proc/${pid}/stat`);
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ');
}

function read(path: string): string {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    // It has ended meanwhile, or is another user's.
    return '';
  }
}

/** How many of each kind of handle this process holds. */
export function countHandles(): Map<string, number> {
  const counts = new Map<string, number>();
  for (const kind of process.getActiveResourcesInfo()) counts.set(kind, (counts.get(kind) ?? 0) + 1);
  return counts;
}

/** "2 more PipeWrap", for each kind of which there are more than before. */
export function addedHandles(before: ReadonlyMap<string, number>): string[] {
  return [...countHandles()]
    .map(([kind, count]) => [kind, count - (before.get(kind) ?? 0)] as const)
    .filter(([kind, more]) => more > 0 && !PASSING.has(kind))
    .map(([kind, more]) => `${more} more ${kind}`);
}

/** Come and go by themselves. */
const PASSING = new Set(['CloseReq', 'FSReqCallback', 'FSReqPromise', 'Immediate', 'TickObject', 'FSCall', 'FsReqCallback']);
