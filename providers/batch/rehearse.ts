/** What a batch provider would write and run for a job. Pure. */
import type { JobPlace, JobRequest, Rehearsal } from '../../lib/provider.ts';
import { toBatchJob } from './job-files.ts';
import type { Scheduler } from './scheduler.ts';

const JOB_ID = 'JOB_ID';

export function rehearse(scheduler: Scheduler, request: JobRequest, place: JobPlace): Rehearsal {
  const job = toBatchJob(request, place);
  const [first, ...others] = scheduler.status.map(({ command }) => command([JOB_ID]).argv);
  return {
    script: { path: job.files.script, text: scheduler.script(job) },
    commands: [
      { purpose: 'submit a block', argv: scheduler.submit.command(job).argv },
      { purpose: 'look for a block whose submission was not answered', argv: scheduler.find.command(job.name).argv },
      ...(first === undefined ? [] : [{ purpose: 'ask for the state of all blocks', argv: first }]),
      ...others.map((argv) => ({ purpose: 'ask for those that are not known there', argv })),
      { purpose: 'cancel blocks', argv: scheduler.cancel.command([JOB_ID]).argv },
    ],
  };
}
