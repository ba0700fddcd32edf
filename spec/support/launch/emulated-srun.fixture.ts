/**
 * srun as its manual describes it, for a job whose nodes EMULATED_NODES names ('n1,n2'): a process per task on this machine.
 *
 * Options and environment: man srun of Slurm 22.05 to 25.05, https://slurm.schedmd.com/srun.html.
 */
import { type OptionRule, readOptions } from './strict-options.ts';
import { runRanks } from './ranks.ts';

const COUNT = /^[1-9]\d*$/;
const RULES: readonly OptionRule[] = [
  { names: ['--nodes', '-N'], value: COUNT },
  { names: ['--ntasks', '-n'], value: COUNT },
  { names: ['--ntasks-per-node'], value: COUNT },
  { names: ['--cpus-per-task', '-c'], value: COUNT },
  { names: ['--nodelist', '-w'], value: /^[\w.,-]+$/ },
  { names: ['--distribution', '-m'], value: /^(\*|block|cyclic|plane=\d+)(:(\*|block|cyclic|fcyclic)){0,2}$/ },
  { names: ['--export'], value: /^(ALL|NONE|NIL)$/ },
  { names: ['--kill-on-bad-exit', '-K'], value: /^[01]$/, optional: true },
  { names: ['--wait', '-W'], value: /^\d+$/ },
  { names: ['--cpu-bind'], value: /^(verbose,|quiet,)?(none|cores|threads|sockets|ldoms|(map|mask)_cpu:.+)$/ },
  { names: ['--mpi'], value: /^(none|pmi2|pmix|cray_shasta)$/ },
  { names: ['--input', '-i'], value: /^(all|none|\d+)$/ },
  { names: ['--gres'], value: /^\w+(:\w+)*$/ },
  { names: ['--mem'], value: /^\d+[KMGT]?$/ },
  { names: ['--label', '-l'] },
  { names: ['--overlap'] },
  { names: ['--exact'] },
];

const { env } = process;

async function main(): Promise<number> {
  const { given, argv } = readOptions(process.argv.slice(2), RULES);
  const nodes = placeOn(given);
  if (argv.length === 0) throw new Error('fatal: No command given to execute.');
  const inherited = given.get('--export') === 'ALL' ? env : { PATH: env.PATH };
  const ranks = nodes.map((node, rank) => ({
    argv,
    env: { ...inherited, SLURM_PROCID: `${rank}`, SLURM_NODEID: `${rank}`, SLURM_LOCALID: '0', SLURMD_NODENAME: node },
    label: given.has('--label') ? `${rank}: ` : '',
  }));
  const codes = await runRanks(ranks, {
    abortOnFailure: (given.get('--kill-on-bad-exit') ?? '0') !== '0',
    // "forcing job termination": what srun 22.05 does with TERM and HUP.
    passOn: (signal) => (signal === 'SIGINT' ? signal : 'SIGKILL'),
    withInput: given.get('--input') === 'all',
  });
  // "the exit code of srun … will be the highest exit code of all tasks"
  return Math.max(...codes);
}

/** The node of each task. @throws where the job has not what is asked for, or where two tasks would come to one node. */
function placeOn(given: ReadonlyMap<string, string>): string[] {
  const allocated = (env.EMULATED_NODES ?? '').split(',').filter((node) => node !== '');
  const wanted = given.get('--nodelist')?.split(',') ?? allocated;
  const nodes = Number(given.get('--nodes') ?? wanted.length);
  const tasks = Number(given.get('--ntasks') ?? nodes);
  const foreign = wanted.find((node) => !allocated.includes(node));
  if (foreign !== undefined) throw new Error('error: Unable to create step for job 1: Requested node configuration is not available');
  if (nodes > wanted.length) throw new Error(`error: Only allocated ${wanted.length} nodes asked for ${nodes}`);
  if (tasks !== nodes * Number(given.get('--ntasks-per-node') ?? 0))
    throw new Error('error: --ntasks is not nodes times --ntasks-per-node');
  if (tasks !== nodes) throw new Error('error: this emulation has one task per node');
  return wanted.slice(0, nodes);
}

try {
  process.exitCode = await main();
} catch (error) {
  process.stderr.write(`srun: ${(error as Error).message}\n`);
  process.exitCode = 1;
}
