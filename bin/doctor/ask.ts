/**
 * Asks a program something, and gives up in time.
 */
import { execFile } from 'node:child_process';

/** What programs get to answer: an interpreter on a cold network disk is slow. */
const LIMIT_MS = 20_000;

export type Answer =
  | { readonly ok: true; readonly stdout: string }
  | { readonly ok: false; readonly why: string; readonly isMissing: boolean };

export function ask(program: string, args: readonly string[]): Promise<Answer> {
  return new Promise((resolve) => {
    execFile(program, args, { timeout: LIMIT_MS, killSignal: 'SIGKILL', encoding: 'utf8' }, (error, stdout, stderr) => {
      if (error === null) return resolve({ ok: true, stdout: stdout.trim() });
      if (error.code === 'ENOENT') return resolve({ ok: false, isMissing: true, why: 'not found' });
      const last = stderr.trim().split('\n').at(-1);
      const why = error.killed ? `no answer in ${LIMIT_MS / 1000} s` : last || error.message;
      resolve({ ok: false, isMissing: false, why });
    });
  });
}
