/**
 * Keeps two runs from writing one job log: a file beside it names the process that does. One that a killed process has left is no bar.
 */
import { linkSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { identify, isAlive, type ProcessIdentity } from '../../lib/process-identity.ts';
import { UsageError } from '../usage-error.ts';

interface Owner extends ProcessIdentity {
  readonly host: string;
}

/**
 * Devices and pipes are not locked, nor is a file in a folder that takes no other.
 *
 * @returns how to give it back. @throws UsageError naming the process that has it.
 */
export function lockJoblog(path: string): () => void {
  const free = (): void => undefined;
  const found = statSync(path, { throwIfNoEntry: false });
  if (found && !found.isFile()) return free;
  const lock = `${path}.lock`;
  // By itself a file appears before what is in it does.
  const own = `${lock}.${process.pid}`;
  try {
    writeFileSync(own, JSON.stringify({ host: hostname(), ...identify(process.pid) } satisfies Owner));
    return link(own, lock, path) ? () => rmSync(lock, { force: true }) : free;
  } catch (error) {
    if (error instanceof UsageError) throw error;
    // No room, no permission: whether the log itself can be written is found out then.
    return free;
  } finally {
    rmSync(own, { force: true });
  }
}

/** @returns false where the file system has no links. @throws UsageError */
function link(own: string, lock: string, path: string): boolean {
  for (let isRetried = false; ; isRetried = true) {
    try {
      linkSync(own, lock);
      return true;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') return false;
      const owner = readOwner(lock);
      if (isRetried || (owner && isAtWork(owner))) throw refuse(path, lock, owner);
      rmSync(lock, { force: true });
    }
  }
}

/** On another machine nobody can tell. */
const isAtWork = (owner: Owner): boolean => owner.host !== hostname() || isAlive(owner);

function readOwner(lock: string): Owner | undefined {
  try {
    return JSON.parse(readFileSync(lock, 'utf8')) as Owner;
  } catch {
    return undefined; // It has been given back, or is not ours.
  }
}

function refuse(path: string, lock: string, owner: Owner | undefined): UsageError {
  const who = owner === undefined ? 'another process' : `process ${owner.pid} on ${owner.host}`;
  return new UsageError(
    `the job log ${path} is being written by another flotilla map, ${who}; wait for its end, or give --joblog another file. If it has ended, remove ${lock}`,
  );
}
