/**
 * Makes ready what a granted task finds when it starts: its CPUs, its environment, and the file that lists its hosts.
 */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildMpiPrefix, mpiEnv, type MpiProgram, type MpiShape, problemWithBinding } from '../../mpi/launch-prefix.ts';
import { CAN_PIN } from '../../workers/worker-argv.ts';
import type { Grant, GrantedNode } from '../resources/grant.ts';
import { grantEnv } from '../resources/grant-env.ts';
import type { PreparedSlot } from './granted-slots.ts';

const RANK_SCRIPT = fileURLToPath(new URL('../../mpi/rank-gpus.sh', import.meta.url));

export interface SlotPlace {
  /** Names of the node's accelerators. */
  readonly gpus: readonly string[];
  /** Where a list of hosts may be written. */
  readonly hostFile: string;
  /** Of tasks, apart from what they were given. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** What starts MPI programs, or why there is nothing. */
  mpi(): MpiProgram | string;
}

export function prepareSlot(grant: Grant, place: SlotPlace): PreparedSlot {
  const env = grantEnv(grant, place.gpus);
  if (grant.nodes === undefined) return { cpus: cpusOf(grant), env, once: false, release: () => undefined };
  const { hostFile } = place;
  const hosts = grant.nodes.map(({ host }: GrantedNode) => host);
  mkdirSync(dirname(hostFile), { recursive: true, mode: 0o700 });
  writeFileSync(hostFile, hosts.map((host) => `${host}\n`).join(''));
  const release = (): void => rmSync(hostFile, { force: true });
  return { cpus: undefined, env: { ...env, ...nodesEnv(grant, hosts, env, place), FLOTILLA_HOSTFILE: hostFile }, once: true, release };
}

function nodesEnv({ ranks }: Grant, hosts: readonly string[], granted: Record<string, string>, place: SlotPlace): Record<string, string> {
  const { ranksPerNode = 1, threadsPerRank = 1, gpusPerRank = 0, cpuBind } = ranks ?? {};
  const variables = namesToCarry({ ...place.env, ...granted });
  const shape: MpiShape = { hosts, ranksPerNode, threadsPerRank, gpusPerRank, cpuBind, rankScript: RANK_SCRIPT, variables };
  const program = place.mpi();
  const found = launchEnv(program, shape);
  return { ...mpiEnv(shape, place.env), FLOTILLA_RANKS_PER_NODE: String(ranksPerNode), ...found };
}

/** No program is called so: `$FLOTILLA_MPI_PREFIX ./solve` fails, where `./solve` would run once, alone, as if all were well. */
const NO_LAUNCHER = 'flotilla-found-no-mpi-launcher';

function launchEnv(program: MpiProgram | string, shape: MpiShape): Record<string, string> {
  const problem = typeof program === 'string' ? program : problemWithBinding(program, shape.cpuBind);
  return typeof program === 'string' || problem !== undefined
    ? { FLOTILLA_MPI_PREFIX: NO_LAUNCHER, FLOTILLA_MPI_PROBLEM: problem ?? '' }
    : { FLOTILLA_MPI_PREFIX: buildMpiPrefix(program, shape) };
}

/** What a program needs to be found and to find its libraries, what it was given, and what is only set when it starts. */
const CARRIED = /^(FLOTILLA_|OMP_|CUDA_VISIBLE|ROCR_VISIBLE|HIP_VISIBLE|ZE_|PATH$|LD_LIBRARY_PATH$|PYTHONPATH$|VIRTUAL_ENV$|CONDA_PREFIX$)/;

/** Within a job of Slurm everything travels. */
const namesToCarry = (env: Readonly<Record<string, string | undefined>>): string[] =>
  env['SLURM_JOB_ID'] === undefined
    ? [...Object.keys(env).filter((name) => CARRIED.test(name)), 'FLOTILLA_RUN_ID', 'FLOTILLA_TASK_ID', 'FLOTILLA_TRY']
    : [];

/** Where nothing can bind it, it is told its CPUs all the same. */
const cpusOf = ({ cpus }: Grant): number[] | undefined => (CAN_PIN && cpus.length > 0 ? cpus.map(([cpu]) => cpu) : undefined);
