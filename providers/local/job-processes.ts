/**
 * All processes that belong to a job on this machine, wherever they have gone: its session, and whatever carries its tag.
 * Owns finding and signalling them; knows nothing of jobs.
 */
import { readdirSync, readFileSync } from 'node:fs';

/** Environment variable that every process of a job inherits. Its value is the job's name. */
export const JOB_TAG = 'FLOTILLA_JOB';

export interface JobProcesses {
  /** Pid of the job's first process, which leads a session and a process group of its own. */
  readonly leader: number;
  /** `FLOTILLA_JOB=<name>`. */
  readonly tag: string;
}

/** Ids of those that have not ended. Without /proc: only whether the group has members, told by the leader's id. */
export function findProcesses(job: JobProcesses): number[] {
  const ids = readProcessIds();
  if (ids === undefined) return isGroupAlive(job.leader) ? [job.leader] : [];
  return ids.filter((pid) => belongsTo(pid, job));
}

/** Those that carry the tag, whatever their session. */
export const findTagged = (tag: string): number[] => (readProcessIds() ?? []).filter((pid) => carriesTag(pid, tag));

/** To the leader's process group, as a terminal or a scheduler does it. */
export function signalGroup(job: JobProcesses, signal: NodeJS.Signals): void {
  send(-job.leader, signal);
}

export function signalEach(pids: readonly number[], signal: NodeJS.Signals): void {
  for (const pid of pids) send(pid, signal);
}

/** Synchronous. Looks again, because a process may have forked between the look and the kill; one that is killed cannot. */
export function killAll(job: JobProcesses): void {
  signalGroup(job, 'SIGKILL');
  for (let look = 0; look < 3; look++) signalEach(findProcesses(job), 'SIGKILL');
}

function readProcessIds(): number[] | undefined {
  try {
    return readdirSync('/proc')
      .map(Number)
      .filter((pid) => pid > 0 && pid !== process.pid);
  } catch {
    return undefined; // Not Linux.
  }
}

function belongsTo(pid: number, { leader, tag }: JobProcesses): boolean {
  const stat = parseStat(readProc(pid, 'stat'));
  if (stat === undefined || stat.state === 'Z' || stat.state === 'X') return false;
  return stat.session === leader || carriesTag(pid, tag);
}

/** False also for one that has ended. */
export function carriesTag(pid: number, tag: string): boolean {
  return readProc(pid, 'environ').split('\0').includes(tag);
}

/** proc(5): pid (comm) state ppid pgrp session …; comm may hold spaces and parentheses. */
function parseStat(text: string): { state: string; session: number } | undefined {
  const [state, , , session] = text.slice(text.lastIndexOf(')') + 2).split(' ');
  return state === undefined || session === undefined ? undefined : { state, session: Number(session) };
}

function readProc(pid: number, file: string): string {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'latin1');
  } catch {
    return ''; // It has ended since the folder was listed, or it is somebody else's.
  }
}

function isGroupAlive(leader: number): boolean {
  try {
    process.kill(-leader, 0);
    return true;
  } catch {
    return false; // ESRCH: no member is left.
  }
}

function send(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // It has ended already, which is what the signal was for.
  }
}
