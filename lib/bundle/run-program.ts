/**
 * Runs a program of this machine to its end and takes what it prints.
 */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { BundleError } from '../errors/bundle-error.ts';

const execute = promisify(execFile);
const MAX_OUTPUT = 64 * 1024 * 1024;

/** @throws BundleError with what it said on stderr, unless it ends with 0. */
export async function runProgram(program: string, args: readonly string[]): Promise<string> {
  try {
    return (await execute(program, args, { encoding: 'utf8', maxBuffer: MAX_OUTPUT })).stdout;
  } catch (cause) {
    const { stderr, message } = cause as Error & { stderr?: string };
    const said = stderr?.trim() === '' || stderr === undefined ? message : stderr.trim();
    throw new BundleError(`${program} ${args.join(' ')} failed: ${said}`, { cause });
  }
}
