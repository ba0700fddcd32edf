/** Slurm's dialect: sbatch, squeue, sacct and scancel, put together. */
import type { Scheduler } from '../batch/scheduler.ts';
import { parseScancel, scancelCommand } from './cancellation.ts';
import type { CompiledSlurmProvider } from './options.ts';
import { buildSlurmScript } from './script.ts';
import { findCommand, parseFound, sacctQuery, squeueQuery } from './status.ts';
import { parseSbatch, sbatchCommand } from './submission.ts';

export function slurmScheduler(options: CompiledSlurmProvider): Scheduler {
  const { clusters } = options;
  return {
    name: clusters === undefined ? 'Slurm' : `Slurm cluster ${clusters}`,
    script: (job) => buildSlurmScript(options, job),
    submit: { command: (job) => sbatchCommand(job, clusters), parse: parseSbatch },
    status: [squeueQuery(clusters), sacctQuery(clusters)],
    find: { command: () => findCommand(clusters), parse: parseFound },
    cancel: { command: (jobIds) => scancelCommand(jobIds, clusters), parse: parseScancel },
  };
}
