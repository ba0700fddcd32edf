/**
 * Finds and ends everything that a task has started: the members of its process group, and whatever carries its tag in the environment
 * because it left the group (`setsid`). Linux: reads /proc.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { constants } from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';

export interface ProcessSet {
  /** Process group; undefined: found by tag alone. */
  readonly group?: number | undefined;
  /** `NAME=value` as it stands in the environment. */
  readonly tag?: string | undefined;
  /** Another one: only what carries both has the tag. */
  readonly secondTag?: string | undefined;
}

const FIRST_LOOK_MS = 10;
/** Looking costs a read or two per process of the machine. */
const MAX_PAUSE_MS = 200;

/** Ids of the living members (zombies are not alive), never our own. */
export function findProcesses({ group, tag, secondTag }: ProcessSet): number[] {
  const tags = [tag, secondTag].filter((one) => one !== undefined).map((one) => Buffer.from(`${one}\0`));
  return processIds().filter((pid) => pid !== process.pid && (isInGroup(pid, group) || carries(pid, tags)) && isAlive(pid));
}

/** Asks all of it to end. */
export function terminateAll(set: ProcessSet): void {
  signalAll(findProcesses(set), 'SIGTERM');
}

/** Resolves when nothing of it is left, or when `isForced` says that what is left has been killed. */
export async function untilGone(set: ProcessSet, isForced: () => boolean): Promise<void> {
  for (let pause = FIRST_LOOK_MS; !isForced() && findProcesses(set).length > 0; pause = Math.min(pause * 2, MAX_PAUSE_MS))
    await delay(pause);
}

/** SIGKILL, again until no new member appears (one may fork while it is being looked for). */
export function killAll(set: ProcessSet): void {
  for (let round = 0; round < 3; round++) {
    const found = findProcesses(set);
    if (found.length === 0) return;
    signalAll(found, 'SIGKILL');
  }
}

/**
 * SIGUSR1 to all of it, where any of it has a handler for that. Where none has, nobody is told: the signal could only end it.
 * @param worker is of the set and has a handler of its own, which says nothing about the task; it is always told.
 */
export function warnAll(set: ProcessSet, worker?: number): void {
  const others = findProcesses(set).filter((pid) => pid !== worker);
  const listens = others.some((pid) => hasHandler(pid, constants.signals.SIGUSR1));
  signalAll([...(worker === undefined ? [] : [worker]), ...(listens ? others : [])], 'SIGUSR1');
}

/** SigCgt of proc(5): a mask of the signals that are caught, bit 0 for signal 1. */
function hasHandler(pid: number, signal: number): boolean {
  const mask = /^SigCgt:\s*([0-9a-f]+)/m.exec(read(`/proc/${pid}/status`).toString('latin1'))?.[1] ?? '0';
  return ((BigInt(`0x${mask}`) >> BigInt(signal - 1)) & 1n) === 1n;
}

/** Signals a process group. @returns whether there was one. */
export function signalGroup(group: number, signal: NodeJS.Signals): boolean {
  try {
    process.kill(-group, signal);
    return true;
  } catch {
    // It ended on its own in the meantime.
    return false;
  }
}

function signalAll(pids: readonly number[], signal: NodeJS.Signals): void {
  for (const pid of pids) {
    try {
      process.kill(pid, signal);
    } catch {
      // It ended on its own in the meantime.
    }
  }
}

function processIds(): number[] {
  try {
    return readdirSync('/proc')
      .filter((name) => /^\d+$/.test(name))
      .map(Number);
  } catch {
    // No /proc: the process group is all that can be reached.
    return [];
  }
}

/** Fields of /proc/PID/stat after the command name, which may hold anything. */
function statFields(pid: number): string[] {
  const stat = read(`/proc/${pid}/stat`).toString('latin1');
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ');
}

const isInGroup = (pid: number, group: number | undefined): boolean => group !== undefined && statFields(pid)[2] === String(group);

const isAlive = (pid: number): boolean => !['Z', 'X', '', undefined].includes(statFields(pid)[0]);

/** All of them. */
function carries(pid: number, tags: readonly Buffer[]): boolean {
  if (tags.length === 0) return false;
  const environment = read(`/proc/${pid}/environ`);
  return tags.every((tag) => {
    const at = environment.indexOf(tag);
    return at === 0 || (at > 0 && environment[at - 1] === 0);
  });
}

function read(path: string): Buffer {
  try {
    return readFileSync(path);
  } catch {
    // Gone, or another user's.
    return Buffer.alloc(0);
  }
}
