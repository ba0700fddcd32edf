/** Runs many-tasks.fixture.ts on the login node, and lets something happen while it works. */
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { eventually } from '../support/eventually.ts';
import { processesOf } from '../support/leftovers.ts';
import type { Figures } from './many-tasks.fixture.ts';
import type { SlurmCluster } from './slurm-cluster.ts';

const SCRIPT = fileURLToPath(new URL('./many-tasks.fixture.ts', import.meta.url));

/** In which a manager of a busy machine is heard of. */
const PATIENT_SECONDS = 60;
const QUICK_SECONDS = 5;

export interface ManyTasks {
  readonly tasks: number;
  readonly seconds: number;
  readonly limitMs: number;
  /** Node 2 loses its power when so many tasks have been started on it. */
  readonly cutAfter?: number;
  /** It comes back at once, or when Slurm has found that it is gone. Default: at once. */
  readonly comesBack?: 'at once' | 'missed';
}

/** @throws when it does not come to its end, with all that it has said. */
export async function runManyTasks(
  cluster: SlurmCluster,
  { tasks, seconds, limitMs, cutAfter, comesBack = 'at once' }: ManyTasks,
): Promise<Figures> {
  const folder = await mkdtemp(join(tmpdir(), 'flotilla-many-'));
  const silence = cutAfter === undefined ? PATIENT_SECONDS : QUICK_SECONDS;
  const argv = [process.execPath, '--disable-warning=ExperimentalWarning', SCRIPT, ...[tasks, seconds, silence].map(String)];
  const child = cluster.spawn('login', argv, { cwd: folder, env: { FLOTILLA_CONFIG: '', XDG_STATE_HOME: cluster.folder } });
  const ended = once(child, 'close');
  let said = '';
  for (const stream of [child.stdout, child.stderr]) stream?.setEncoding('utf8').on('data', (text: string) => (said += text));
  const limit = setTimeout(() => child.kill('SIGKILL'), limitMs);
  try {
    if (cutAfter !== undefined) {
      await eventually(`${cutAfter} tasks to be started on n2`, () => startedOnNode2(folder) >= cutAfter, limitMs);
      await cutNode2(cluster, comesBack, limitMs);
    }
    await ended;
    const figures = /^figures (.*)$/m.exec(said)?.[1];
    if (figures === undefined) throw new Error(`it did not come to its end; it said:\n${said}\n${logOf(folder)}`);
    return JSON.parse(figures) as Figures;
  } finally {
    clearTimeout(limit);
    child.kill('SIGKILL');
    await ended;
    const runId = /^run (\S+)$/m.exec(said)?.[1] ?? 'no run';
    await eventually('no process of the run to be left', () => processesOf(runId).length === 0, 60_000);
    await rm(folder, { recursive: true, force: true, maxRetries: 5 });
  }
}

function startedOnNode2(folder: string): number {
  const path = join(folder, 'started');
  return existsSync(path) ? readFileSync(path, 'utf8').split('n2\n').length - 1 : 0;
}

async function cutNode2(cluster: SlurmCluster, comesBack: 'at once' | 'missed', limitMs: number): Promise<void> {
  const isMissed = async (): Promise<boolean> => (await cluster.nodeStates()).some((state) => state.startsWith('down'));
  await cluster.cut('n2');
  try {
    if (comesBack === 'missed') await eventually('Slurm to miss n2', isMissed, limitMs);
  } finally {
    await cluster.boot('n2');
  }
}

function logOf(folder: string): string {
  const path = join(folder, 'runinfo', '000', 'flotilla.log');
  return existsSync(path) ? readFileSync(path, 'utf8') : '';
}
