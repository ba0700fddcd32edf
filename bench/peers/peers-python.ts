/**
 * A Python that has the peers: the one that is named, or one of a virtual environment that is made.
 */
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);
const PACKAGES = ['parsl', 'dask[distributed]', 'hyperqueue'];
const INSTALL_LIMIT_MS = 120_000;

/** @param folder for the virtual environment. @returns undefined where none can be made; why is printed. */
export async function findPeersPython(folder: string): Promise<string | undefined> {
  const { FLOTILLA_PEERS_PYTHON: named } = process.env;
  if (named) return named;
  const environment = join(folder, 'venv');
  try {
    await run('python3', ['-m', 'venv', environment], { timeout: INSTALL_LIMIT_MS });
    await run(join(environment, 'bin', 'pip'), ['install', '--quiet', ...PACKAGES], { timeout: INSTALL_LIMIT_MS });
    return join(environment, 'bin', 'python');
  } catch (error) {
    process.stderr.write(`# no Python with ${PACKAGES.join(', ')} could be made: ${(error as Error).message}\n`);
    return undefined;
  }
}
