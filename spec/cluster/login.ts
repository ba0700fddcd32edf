/** The `flotilla` command on the login node of a cluster, as its users type it. */
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { SlurmCluster } from './slurm-cluster.ts';

const COMMAND = fileURLToPath(new URL('../../bin/flotilla.ts', import.meta.url));
const FROM_SOURCE = new URL('../support/from-source.fixture.ts', import.meta.url).href;
const LIMIT_MS = 240_000;

export interface Said {
  readonly stdout: string;
  readonly stderr: string;
  readonly code: number | null;
}

/** Ends it after four minutes. @param cwd is on every machine, as all of this disk is. */
export async function flotilla(
  cluster: SlurmCluster,
  cwd: string,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<Said> {
  const argv = [process.execPath, '--disable-warning=ExperimentalWarning', COMMAND, ...args];
  const own = { FLOTILLA_CONFIG: '', NODE_OPTIONS: `--import=${FROM_SOURCE}`, XDG_STATE_HOME: cluster.folder };
  const child = cluster.spawn('login', argv, { cwd, env: { ...own, ...env } });
  const said = { stdout: '', stderr: '' };
  child.stdout?.setEncoding('utf8').on('data', (text: string) => (said.stdout += text));
  child.stderr?.setEncoding('utf8').on('data', (text: string) => (said.stderr += text));
  const limit = setTimeout(() => child.kill('SIGKILL'), LIMIT_MS);
  const [code] = (await once(child, 'close')) as [number | null];
  clearTimeout(limit);
  return { ...said, code };
}
