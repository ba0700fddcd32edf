/**
 * Whoever supervises workers may be killed with SIGKILL. The reaper is a shell that notices (its standard input ends) and kills
 * what was left behind, processes that left their group included.
 */
import { spawn } from 'node:child_process';
import { rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const SCRIPT = fileURLToPath(new URL('./reaper.sh', import.meta.url));

export interface Reaper {
  /** Everything has ended in order: it removes the scratch folder and ends. */
  release(): void;
  /** Kills all that carries the tag, now. */
  fire(): void;
}

/**
 * @param shell that runs it; default /bin/sh.
 * @param managerId what workers have as `FLOTILLA_MANAGER_ID` in their environment; unique.
 * @throws Error if it cannot be started: nothing may be started then that it would have to clean up, and the folder is removed.
 */
export function startReaper(managerId: string, scratchDir: string, shell = '/bin/sh'): Reaper {
  // Of our environment it gets nothing by which it could be taken for one of those that have to end.
  const env = { PATH: process.env.PATH ?? '/usr/bin:/bin' };
  const child = spawn(shell, [SCRIPT, `FLOTILLA_MANAGER_ID=${managerId}`, scratchDir], {
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true,
    cwd: '/',
    env,
  });
  if (child.pid === undefined) {
    child.once('error', () => undefined);
    rmSync(scratchDir, { recursive: true, force: true });
    throw new Error(`${shell} cannot be started to clean up behind workers; is a limit too low (ulimit -n, ulimit -u)?`);
  }
  child.unref();
  // It is there to outlive us; that it cannot be written to any more is no harm.
  child.stdin.on('error', () => undefined);
  (child.stdin as unknown as { unref(): void }).unref();
  return {
    release: () => void child.stdin.end('done\n'),
    fire: () => void child.stdin.end(),
  };
}
