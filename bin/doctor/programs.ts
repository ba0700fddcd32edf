/**
 * Programs and packages that tasks, or their supervision, need.
 */
import { hasSpawner, NATIVE_SPAWNER } from '../../executors/workers/command/spawner-argv.ts';
import { findProgram } from '../../executors/workers/worker-argv.ts';
import { ask } from './ask.ts';
import type { Check, CheckStatus, Wanted } from './check.ts';

interface Program {
  readonly name: string;
  readonly status: Exclude<CheckStatus, 'ok'>;
  readonly neededFor: string;
  readonly debian: string;
}

export async function checkPrograms({ pythons, isPinned }: Wanted): Promise<Check[]> {
  const setpriv = {
    name: 'setpriv',
    status: 'optional',
    neededFor: 'ending JavaScript workers that spin when their manager dies',
    debian: 'util-linux',
  } as const;
  const taskset = { name: 'taskset', status: isPinned ? 'problem' : 'optional', neededFor: 'cpuAffinity', debian: 'util-linux' } as const;
  const perPython = pythons.map(checkPython);
  const [bash, helper, perl, pty, ...python] = await Promise.all([checkBash(), checkHelper(), checkPerl(), checkPty(), ...perPython]);
  return [nodeCheck(), bash, helper, perl, checkProgram(setpriv), checkProgram(taskset), ...python.flat(), pty];
}

/** It is what runs this. */
function nodeCheck(): Check {
  return { group: 'programs', name: 'node', status: 'ok', found: `${process.versions.node} (${process.execPath})` };
}

async function checkBash(): Promise<Check> {
  const answer = await ask('bash', ['-c', 'echo "$BASH_VERSION"']);
  if (answer.ok) return { group: 'programs', name: 'bash', status: 'ok', found: answer.stdout };
  const neededFor = 'bashApps, flotilla map and the scripts that start managers';
  return { group: 'programs', name: 'bash', status: 'problem', found: answer.why, neededFor, remedy: debian('bash') };
}

/** What starts commands. */
async function checkHelper(): Promise<Check> {
  const answer = hasSpawner('native') ? await ask(NATIVE_SPAWNER, ['--check']) : { ok: false, why: 'not compiled' };
  if (answer.ok) return { group: 'programs', name: 'command helper', status: 'ok', found: `in C (${NATIVE_SPAWNER})` };
  const neededFor = 'starting commands at the least cost; without it Perl does it';
  const remedy = 'build the package where there is a C compiler that links statically: npm run build';
  return { group: 'programs', name: 'command helper', status: 'optional', found: answer.why, neededFor, remedy };
}

async function checkPerl(): Promise<Check> {
  const answer = await ask('perl', ['-MPOSIX', '-MSocket', '-MIO::Handle', '-e', 'printf "%vd", $^V']);
  if (answer.ok) return { group: 'programs', name: 'perl', status: 'ok', found: answer.stdout };
  const neededFor = 'starting commands where the helper in C cannot run; without it Node does it, slower';
  return { group: 'programs', name: 'perl', status: 'optional', found: answer.why, neededFor, remedy: debian('perl') };
}

function checkProgram({ name, status, neededFor, debian: aptPackage }: Program): Check {
  const path = findProgram(name);
  if (path !== undefined) return { group: 'programs', name, status: 'ok', found: path };
  return { group: 'programs', name, status, found: 'not found', neededFor, remedy: debian(aptPackage) };
}

/** Not required: many scripts have no pythonApp. */
async function checkPython(python: string): Promise<Check[]> {
  const answer = await ask(python, ['-c', 'import sys; print(sys.version.split()[0], sys.executable)']);
  if (answer.ok) {
    const [version, path] = answer.stdout.split(' ');
    return [{ group: 'programs', name: python, status: 'ok', found: `${version} (${path})` }, await checkNumpy(python)];
  }
  const remedy = `${debian('python3')}, or name an interpreter in the executor's option python`;
  return [{ group: 'programs', name: python, status: 'optional', found: answer.why, neededFor: 'pythonApps', remedy }];
}

async function checkNumpy(python: string): Promise<Check> {
  const name = `numpy of ${python}`;
  const answer = await ask(python, ['-c', 'import numpy; print(numpy.__version__)']);
  if (answer.ok) return { group: 'programs', name, status: 'ok', found: answer.stdout };
  const neededFor = 'typed arrays as arguments and results of pythonApps';
  return { group: 'programs', name, status: 'optional', found: answer.why, neededFor, remedy: `${python} -m pip install numpy` };
}

async function checkPty(): Promise<Check> {
  try {
    await import('node-pty');
    return { group: 'programs', name: 'node-pty', status: 'ok', found: 'can be loaded' };
  } catch (error) {
    const found = error instanceof Error ? (error.message.split('\n')[0] ?? '') : String(error);
    const neededFor = 'bashApps with pty: true';
    return {
      group: 'programs',
      name: 'node-pty',
      status: 'optional',
      found,
      neededFor,
      remedy: 'npm install node-pty (needs make, g++ and python3)',
    };
  }
}

const debian = (aptPackage: string): string => `install it, on Debian with: apt-get install ${aptPackage}`;
