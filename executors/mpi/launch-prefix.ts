/**
 * What stands in front of an MPI program so that it runs on the nodes that its task was given, and the environment that this needs. Pure.
 *
 * Words of a shell that need no quotes, since scripts write `$FLOTILLA_MPI_PREFIX ./program`.
 *
 * Sources: man srun of Slurm 22.05 to 25.05; man mpirun of Open MPI 4.1 and 5.0; "Using the Hydra Process Manager" of MPICH; Intel MPI
 * Developer Reference, "Global Hydra Options" and "Process Pinning"; for PALS the ALCF's user guides (polaris, aurora: running jobs).
 */
import { didYouMean } from '../../lib/suggest.ts';

export type MpiFlavour = 'srun' | 'openmpi' | 'mpich' | 'intel' | 'pals';

export interface MpiProgram {
  readonly flavour: MpiFlavour;
  /** 'mpiexec', 'mpirun', 'srun'. */
  readonly command: string;
  /** Words that a person wrote, behind ours. */
  readonly overrides: string;
}

export interface MpiShape {
  readonly hosts: readonly string[];
  readonly ranksPerNode: number;
  readonly threadsPerRank: number;
  readonly gpusPerRank: number;
  /** In the launcher's own words; undefined: its default. */
  readonly cpuBind?: string | undefined;
  /** Script that gives each rank its accelerators. */
  readonly rankScript: string;
  /** Variables that ranks must have. */
  readonly variables: readonly string[];
}

export function buildMpiPrefix(program: MpiProgram, shape: MpiShape): string {
  const { ranksPerNode, hosts, gpusPerRank, rankScript } = shape;
  const count = ranksPerNode * hosts.length;
  const ranks = gpusPerRank > 0 ? ['/bin/sh', rankScript, String(gpusPerRank)] : [];
  const start = program.flavour === 'srun' ? ['env', '-u', 'SLURM_LABELIO', program.command] : [program.command];
  return [...start, ...OPTIONS[program.flavour](shape, count), ...wordsIn(program.overrides), ...ranks].join(' ');
}

type Options = (shape: MpiShape, count: number) => readonly string[];

const OPTIONS: Readonly<Record<MpiFlavour, Options>> = { srun, openmpi: openMpi, mpich, intel: intelMpi, pals };

/**
 * A step within the job of its block. It shares what the manager's own step has (`--overlap`), the memory too (`--mem=0`: Slurm 22.05
 * refuses it otherwise). What the manager's step had as its options is in the environment, and does not hold for this one; of labels in
 * front of lines the environment alone decides.
 */
function srun({ hosts, ranksPerNode, threadsPerRank, cpuBind }: MpiShape, count: number): string[] {
  return [
    `--nodes=${hosts.length}`,
    `--ntasks=${count}`,
    `--ntasks-per-node=${ranksPerNode}`,
    `--nodelist=${hosts.join(',')}`,
    `--cpus-per-task=${threadsPerRank}`,
    '--distribution=block',
    '--overlap',
    '--mem=0',
    '--export=ALL',
    '--kill-on-bad-exit=1',
    ...(cpuBind === undefined ? [] : [`--cpu-bind=${cpuBind}`]),
  ];
}

/** It lets variables travel only when they are named. With several threads a rank is given as many cores, unless it is to be bound to nothing. */
function openMpi({ hosts, ranksPerNode, threadsPerRank, cpuBind, variables }: MpiShape, count: number): string[] {
  const cores = threadsPerRank > 1 && cpuBind !== 'none' ? `:PE=${threadsPerRank}` : '';
  return [
    '-n',
    String(count),
    '--host',
    hosts.map((host) => `${host}:${ranksPerNode}`).join(','),
    '--map-by',
    `ppr:${ranksPerNode}:node${cores}`,
    ...(cpuBind === undefined ? [] : ['--bind-to', cpuBind]),
    ...variables.flatMap((name) => ['-x', name]),
  ];
}

function mpich({ threadsPerRank, cpuBind, ...shape }: MpiShape, count: number): string[] {
  const bind = cpuBind ?? (threadsPerRank > 1 ? `core:${threadsPerRank}` : undefined);
  return [...hydra(shape, count), ...(bind === undefined ? [] : ['-bind-to', bind])];
}

function intelMpi({ threadsPerRank, cpuBind, ...shape }: MpiShape, count: number): string[] {
  const pin = cpuBind === 'none' ? ['I_MPI_PIN', 'off'] : ['I_MPI_PIN_DOMAIN', cpuBind ?? (threadsPerRank > 1 ? 'omp' : undefined)];
  return [...hydra(shape, count), ...(pin[1] === undefined ? [] : ['-genv', ...(pin as string[])])];
}

const hydra = ({ hosts, ranksPerNode }: Pick<MpiShape, 'hosts' | 'ranksPerNode'>, count: number): string[] => [
  '-n',
  String(count),
  '-ppn',
  String(ranksPerNode),
  '-hosts',
  hosts.join(','),
];

function pals({ hosts, ranksPerNode, threadsPerRank, cpuBind = 'depth' }: MpiShape, count: number): string[] {
  const place = ['-n', String(count), '--ppn', String(ranksPerNode), '--hosts', hosts.join(',')];
  return [...place, '--depth', String(threadsPerRank), '--cpu-bind', cpuBind];
}

/** Ways to bind that launchers know; behind a `:` they have more words. Intel's takes numbers and masks, too. */
const BINDINGS: Readonly<Record<Exclude<MpiFlavour, 'intel'>, readonly string[]>> = {
  srun: ['none', 'cores', 'threads', 'sockets', 'ldoms', 'rank', 'rank_ldom', 'map_cpu', 'mask_cpu', 'map_ldom', 'mask_ldom'],
  openmpi: ['none', 'hwthread', 'core', 'l1cache', 'l2cache', 'l3cache', 'socket', 'package', 'numa', 'board', 'cpu-list'],
  mpich: [
    'none',
    'hwthread',
    'core',
    'l1cache',
    'l2cache',
    'l3cache',
    'l4cache',
    'socket',
    'numa',
    'board',
    'machine',
    'rr',
    'user',
    'map',
  ],
  pals: ['none', 'depth', 'thread', 'core', 'numa', 'socket', 'list', 'mask', 'env', 'custom'],
};

/** @returns what is wrong with it, if the launcher would not know it. */
export function problemWithBinding({ flavour, command }: MpiProgram, cpuBind: string | undefined): string | undefined {
  if (cpuBind === undefined || flavour === 'intel') return undefined;
  const known = BINDINGS[flavour];
  // srun takes 'quiet,' and 'verbose,' before it, and does not mind which letters are large.
  const [name = ''] = cpuBind
    .toLowerCase()
    .replace(/^(q|quiet|v|verbose),/, '')
    .split(':');
  if (known.includes(name)) return undefined;
  return `its cpuBind is '${cpuBind}', which ${command} (${flavour}) does not know.${didYouMean(name, known)} It may be ${known.map((one) => `'${one}'`).join(', ')}`;
}

const wordsIn = (text: string): string[] => text.split(/\s+/).filter((word) => word !== '');

/**
 * For any launcher of these nodes. Within a job of Slurm the mpiexec of Open MPI and of MPICH ask Slurm's variables for the nodes and
 * start their daemons with srun: they are to find the task's nodes, and a step that shares what the manager's has. Intel's mpiexec
 * follows the places that a scheduler gave, and not its own options, unless it is told otherwise. A manager's own step has its CPUs
 * unbound; that is not to be inherited.
 */
export function mpiEnv(
  shape: Pick<MpiShape, 'hosts' | 'ranksPerNode'>,
  env: Readonly<Record<string, string | undefined>>,
): Record<string, string> {
  if (env['SLURM_JOB_ID'] === undefined) return { I_MPI_JOB_RESPECT_PROCESS_PLACEMENT: 'disable' };
  const { hosts, ranksPerNode } = shape;
  const [list, count] = [hosts.join(','), String(hosts.length)];
  return {
    I_MPI_JOB_RESPECT_PROCESS_PLACEMENT: 'disable',
    SLURM_OVERLAP: '1',
    SLURM_NODELIST: list,
    SLURM_JOB_NODELIST: list,
    SLURM_NNODES: count,
    SLURM_JOB_NUM_NODES: count,
    SLURM_TASKS_PER_NODE: `${ranksPerNode}(x${count})`,
    ...(env['SLURM_MEM_PER_CPU'] === undefined ? { SLURM_MEM_PER_NODE: '0' } : { SLURM_MEM_PER_CPU: '0' }),
    SLURM_CPU_BIND: 'quiet',
  };
}
