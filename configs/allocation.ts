/**
 * The nodes that a scheduler has already given to this process: inside `salloc`, `qsub -I` or a batch script. Reads what the scheduler
 * left in the environment, and PBS's file of nodes; asks nobody.
 *
 * Sources: https://slurm.schedmd.com/salloc.html (SLURM_JOB_ID, SLURM_JOB_NUM_NODES) and https://slurm.schedmd.com/srun.html (--overlap,
 * 20.11 and later); PBS Professional 2022.1 User's Guide, "The Job's Node File" (a line for each MPI process: a node may be there twice).
 */
import { readFileSync } from 'node:fs';
import { SimpleLauncher } from '../launchers/simple-launcher.ts';
import { SrunLauncher } from '../launchers/srun-launcher.ts';
import { SshLauncher } from '../launchers/ssh-launcher.ts';
import { ConfigError } from '../lib/errors/config-error.ts';
import type { Launcher } from '../lib/provider.ts';

type Environment = Readonly<NodeJS.ProcessEnv>;

/**
 * How many nodes this allocation has.
 *
 * @throws ConfigError outside of one.
 * @example new LocalProvider({ nodesPerBlock: allocatedNodes(), launcher: allocatedLauncher() })
 */
export function allocatedNodes(env: Environment = process.env): number {
  return inSlurm(env) ? slurmNodes(env) : pbsNodes(env).size;
}

/**
 * What starts a manager on each node of this allocation: srun in Slurm's, which may share the CPUs with the step that the shell itself
 * may be; in PBS's ssh to each node, or nothing at all where there is but the one on which the shell runs.
 *
 * @throws ConfigError outside of one.
 */
export function allocatedLauncher(env: Environment = process.env): Launcher {
  if (inSlurm(env)) return new SrunLauncher({ overrides: '--overlap' });
  return pbsNodes(env).size === 1 ? new SimpleLauncher() : new SshLauncher();
}

const inSlurm = ({ SLURM_JOB_ID = '' }: Environment): boolean => SLURM_JOB_ID !== '';

function slurmNodes({ SLURM_JOB_ID, SLURM_JOB_NUM_NODES, SLURM_NNODES }: Environment): number {
  const nodes = SLURM_JOB_NUM_NODES ?? SLURM_NNODES;
  if (nodes !== undefined && /^[1-9]\d*$/.test(nodes)) return Number(nodes);
  throw new ConfigError(`how many nodes Slurm's job ${SLURM_JOB_ID} has is unknown: SLURM_JOB_NUM_NODES is ${show(nodes)}`);
}

function pbsNodes({ PBS_JOBID = '', PBS_NODEFILE = '' }: Environment): ReadonlySet<string> {
  if (PBS_JOBID === '') throw new ConfigError(OUTSIDE);
  const names = readNodeFile(PBS_JOBID, PBS_NODEFILE)
    .split('\n')
    .map((line) => line.trim())
    .filter((name) => name !== '');
  if (names.length > 0) return new Set(names);
  throw new ConfigError(`PBS's job ${PBS_JOBID} has no nodes: PBS_NODEFILE, ${PBS_NODEFILE}, is empty`);
}

const OUTSIDE =
  'this is not inside an allocation: neither SLURM_JOB_ID nor PBS_JOBID is set; get nodes first (salloc --nodes=2, qsub -I -l select=2), ' +
  'or have Flotilla submit jobs by itself (--config slurm, --config pbspro)';

function readNodeFile(job: string, path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    const why = `PBS_NODEFILE, ${show(path)}, cannot be read on this machine (${(error as NodeJS.ErrnoException).code ?? String(error)})`;
    throw new ConfigError(`the nodes of PBS's job ${job} are unknown: ${why}; run this on the job's first node`, { cause: error });
  }
}

const show = (value: string | undefined): string => (value === undefined || value === '' ? 'not set' : `'${value}'`);
