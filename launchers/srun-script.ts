/**
 * Text of bash that starts managers with Slurm's srun. Pure.
 *
 * Options: man srun of Slurm 22.05 to 25.05 (https://slurm.schedmd.com/srun.html).
 */
import { ASK_FOR_WHOLE_NODES, buildHostList } from './host-list.ts';
import { OPEN_LIFELINE, runOnLifeline, WATCH_LIFELINE } from './lifeline.ts';
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
const ALWAYS = '--export=ALL --kill-on-bad-exit=0 --wait=0 --cpu-bind=none --mpi=none';

/** Behind what a person wrote: without it managers would take the block for ended. */
const LINE = '--input=all';
const NODE_COMMAND = `bash -c "$${NODE_SCRIPT}"`;

/** One step with a manager on each node. srun's exit code is the highest of its tasks'. */
export function buildSrunScript(script: SrunScript): string {
  const { nodesPerBlock, overrides } = script;
  const shape = `--nodes=${nodesPerBlock} --ntasks=${nodesPerBlock} --ntasks-per-node=1`;
  return superviseSteps(script, 1, joinWords('srun', shape, ALWAYS, '--label', onOneLine(overrides), LINE, NODE_COMMAND));
}

/** A step per node. They overlap with others, so that what a manager runs may start steps of its own on all CPUs of the job. */
export function buildSrunMpiScript(script: SrunScript): string {
  const { nodesPerBlock, overrides } = script;
  const shape = `--nodes=1 --ntasks=1 --ntasks-per-node=1 --nodelist="\${flotilla_hosts[flotilla_number - 1]}" --overlap`;
  return joinLines(
    buildHostList({ nodesPerBlock, remedy: ASK_FOR_WHOLE_NODES }),
    superviseSteps(script, nodesPerBlock, joinWords('srun', shape, ALWAYS, onOneLine(overrides), LINE, NODE_COMMAND)),
  );
}

function superviseSteps({ command, tasksPerNode, debug }: SrunScript, steps: number, srun: string): string {
  const step = `${runOnLifeline(srun)}\nexit "$flotilla_status"`;
  return joinLines(
    defineNodeScript(joinLines(WATCH_LIFELINE, buildNodeScript(command, tasksPerNode))),
    OPEN_LIFELINE,
    buildSingleNodeScript({ command: step, copies: steps, debug, failOnAny: true, tell: 'shell' }),
  );
}

const joinLines = (...parts: readonly string[]): string => parts.join('\n');
