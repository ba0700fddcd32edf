/**
 * Text of a block's submit script for Slurm. Pure. What must not be overruled by `SBATCH_…` variables of the user's environment
 * (the job's name, its files) is on the command line instead: see submission.ts.
 */
import { buildJobScript } from '../job-script.ts';
import type { BatchJob } from '../batch/scheduler.ts';
import type { CompiledSlurmProvider } from './options.ts';

const MIB = 2 ** 20;

export function buildSlurmScript(options: CompiledSlurmProvider, { name, env, command, files }: BatchJob): string {
  const { coresPerNode, workerInit } = options;
  // srun takes its share of cores from here, and since 22.05 no longer from the job: https://slurm.schedmd.com/srun.html
  const cores = coresPerNode === undefined ? {} : { SRUN_CPUS_PER_TASK: String(coresPerNode) };
  return buildJobScript({ name, env: { ...env, ...cores }, workerInit, command, directives: directives(options), endPath: files.end });
}

function directives(options: CompiledSlurmProvider): string {
  const { limits, memPerNodeBytes, schedulerOptions } = options;
  const lines = [
    line('nodes', limits.nodesPerBlock),
    line('ntasks-per-node', 1),
    line('time', clockTime(limits.walltimeMs)),
    options.exclusive ? '#SBATCH --exclusive' : undefined,
    line('account', options.account),
    line('partition', options.partition),
    line('qos', options.qos),
    line('constraint', options.constraint),
    line('cpus-per-task', options.coresPerNode),
    line('mem', memPerNodeBytes === undefined ? undefined : `${Math.ceil(memPerNodeBytes / MIB)}M`),
    line('gpus-per-node', options.gpusPerNode),
    line('gres', options.gres),
    schedulerOptions === '' ? undefined : schedulerOptions,
  ];
  return lines.filter((text) => text !== undefined).join('\n');
}

function line(option: string, value: string | number | undefined): string | undefined {
  if (value === undefined) return undefined;
  const text = String(value);
  return `#SBATCH --${option}=${/^[\w@%+=:,./-]+$/.test(text) ? text : `"${text}"`}`;
}

/** hours:minutes:seconds, rounded up to whole seconds. */
function clockTime(ms: number): string {
  const seconds = Math.ceil(ms / 1000);
  return [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60].map((part) => String(part).padStart(2, '0')).join(':');
}
