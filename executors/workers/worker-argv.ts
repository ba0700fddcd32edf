/**
 * Command lines of workers: pinned to their CPUs, and bound to die with whoever started them even while they spin.
 */
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Absolute path of a program; undefined if PATH has none. */
export function findProgram(name: string, path = process.env.PATH ?? ''): string | undefined {
  return path
    .split(delimiter)
    .map((directory) => join(directory, name))
    .find(isExecutable);
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    // The next directory of PATH may have it.
    return false;
  }
}

const setpriv = findProgram('setpriv');
const taskset = findProgram('taskset');

/** Whether processes can be bound to CPUs here. */
export const CAN_PIN = taskset !== undefined;

/** `taskset -c 0-3`, or nothing where the slot is not pinned. @throws Error if it is, and taskset is not there. */
export function pinTo(cpus: readonly number[] | undefined): string[] {
  if (!cpus) return [];
  if (!taskset)
    throw new Error(`CPUs ${cpus.join(',')} cannot be assigned: 'taskset' (package util-linux) is not on PATH; set cpuAffinity: 'none'`);
  return [taskset, '-c', cpus.join(',')];
}

const dieWithParent = (): string[] => (setpriv ? [setpriv, '--pdeathsig', 'KILL', '--'] : []);

/** Whether workers are killed with their parent by the kernel (of the machine). */
export const HAS_PARENT_DEATH_SIGNAL = setpriv !== undefined;

const extension = import.meta.url.endsWith('.ts') ? '.ts' : '.js';
const JS_ENTRY = fileURLToPath(new URL(`./js/process-entry${extension}`, import.meta.url));
const PYTHON_ENTRY = fileURLToPath(new URL('./python/flotilla_worker.py', import.meta.url));

export function jsWorkerArgv(nodePath: string, cpus: readonly number[] | undefined): [string, ...string[]] {
  return argv([...dieWithParent(), ...pinTo(cpus), nodePath, '--disable-warning=ExperimentalWarning', JS_ENTRY]);
}

export function pythonWorkerArgv(python: string, cpus: readonly number[] | undefined): [string, ...string[]] {
  return argv([...dieWithParent(), ...pinTo(cpus), python, PYTHON_ENTRY]);
}

const argv = (words: string[]): [string, ...string[]] => words as [string, ...string[]];
