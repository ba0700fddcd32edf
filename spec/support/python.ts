/**
 * Interpreters for specs: the machine's own, one that has no numpy for certain, and one that has it.
 * Virtual environments are made once and kept in node_modules/.cache.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';

const CACHE = join(import.meta.dirname, '../../node_modules/.cache');
/** Another interpreter has environments of its own. */
const SUFFIX = (process.env.FLOTILLA_SPEC_PYTHON ?? '').replaceAll(/[^\w.]/g, '-');
const NUMPY_VENV = join(CACHE, `flotilla-numpy-venv${SUFFIX}`);
const BARE_VENV = join(CACHE, `flotilla-bare-venv${SUFFIX}`);

let found: string | undefined;

/** The real program behind `python3`, which may be a slow shim. */
export function systemPython(): string {
  found ??= run(process.env.FLOTILLA_SPEC_PYTHON ?? 'python3', ['-c', 'import sys; print(sys.executable)']).trim();
  return found;
}

/** An interpreter that sees the standard library alone. */
export function barePython(): string {
  return join(
    makeOnce(BARE_VENV, ['--without-pip'], () => {}),
    'bin/python',
  );
}

export type NumpyPython = { readonly python: string } | { readonly missing: string };

/** An interpreter with numpy, or why there is none. */
export function numpyPython(): NumpyPython {
  const named = process.env.FLOTILLA_SPEC_NUMPY_PYTHON;
  if (named) return { python: named };
  if (hasNumpy(systemPython())) return { python: systemPython() };
  try {
    const venv = makeOnce(NUMPY_VENV, [], (folder) => {
      run(join(folder, 'bin/python'), ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', 'numpy']);
    });
    return { python: join(venv, 'bin/python') };
  } catch (error) {
    return { missing: `no numpy: set FLOTILLA_SPEC_NUMPY_PYTHON to an interpreter that has it (${String(error).slice(0, 300)})` };
  }
}

function hasNumpy(python: string): boolean {
  try {
    run(python, ['-c', 'import numpy']);
    return true;
  } catch {
    return false;
  }
}

/** Made beside its place and then moved there: two runs at once do not see each other's half. */
function makeOnce(venv: string, options: readonly string[], fill: (folder: string) => void): string {
  if (existsSync(join(venv, 'bin/python'))) return venv;
  const unfinished = `${venv}.${process.pid}`;
  mkdirSync(dirname(venv), { recursive: true });
  try {
    run(systemPython(), ['-m', 'venv', ...options, unfinished]);
    fill(unfinished);
    rmSync(venv, { recursive: true, force: true });
    renameSync(unfinished, venv);
  } finally {
    rmSync(unfinished, { recursive: true, force: true });
  }
  return venv;
}

const run = (program: string, args: readonly string[]): string =>
  execFileSync(program, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'], timeout: 300_000 });
