/**
 * Text of bash that starts managers with Slurm's srun. Pure.
 *
 * Options: man srun of Slurm 22.05 to 25.05 (https://slurm.schedmd.com/srun.html).
 */
import { ASK_FOR_WHOLE_NODES, buildHostList } from './host-list.ts';
import { buildNodeScript, defineNodeScript, joinWords, NODE_SCRIPT, onOneLine } from './node-script.ts';
import { buildSingleNodeScript } from './single-node-script.ts';

export interface SrunScript {
  readonly command: string;
  readonly nodesPerBlock: number;
  readonly tasksPerNode: number;
  readonly overrides: string;
  readonly debug: boolean;
}

/**
 * The same whatever the job or the site has set: the whole environment travels (`sbatch --export=NONE` would leave it here); a node
 * that ends or fails does not take the others with it (KillOnBadExit, WaitTime of slurm.conf); a manager is bound to no CPU, as it
 * binds its workers itself; and it is no rank of an MPI job, for which programs that it starts would otherwise take themselves.
 */
const ALWAYS = '--export=ALL --kill-on-bad-exit=0 --wait=0 --cpu-bind=none --mpi=none --input=none';

/** One step with a manager on each node. srun's exit code is the highest of its tasks'. */
export function buildSrunScript({ command, nodesPerBlock, tasksPerNode, overrides, debug }: SrunScript): string {
  const shape = `--nodes=${nodesPerBlock} --ntasks=${nodesPerBlock} --ntasks-per-node=1`;
  const srun = joinWords('exec srun', shape, ALWAYS, '--label', onOneLine(overrides), `bash -c "$${NODE_SCRIPT}"`);
  return joinLines(
    defineNodeScript(buildNodeScript(command, tasksPerNode)),
    buildSingleNodeScript({ command: srun, copies: 1, debug, failOnAny: true }),
  );
}

/** A step per node. They overlap with others, so that what a manager runs may start steps of its own on all CPUs of the job. */
export function buildSrunMpiScript({ command, nodesPerBlock, tasksPerNode, overrides, debug }: SrunScript): string {
  const shape = `--nodes=1 --ntasks=1 --ntasks-per-node=1 --nodelist="\${flotilla_hosts[flotilla_number - 1]}" --overlap`;
  const srun = joinWords('exec srun', shape, ALWAYS, onOneLine(overrides), `bash -c "$${NODE_SCRIPT}"`);
  return joinLines(
    buildHostList({ nodesPerBlock, remedy: ASK_FOR_WHOLE_NODES }),
    defineNodeScript(buildNodeScript(command, tasksPerNode)),
    buildSingleNodeScript({ command: srun, copies: nodesPerBlock, debug, failOnAny: true }),
  );
}

const joinLines = (...parts: readonly string[]): string => parts.join('\n');
