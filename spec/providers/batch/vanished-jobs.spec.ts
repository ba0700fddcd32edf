import { expect } from 'chai';
import type { KnownJob } from '../../../providers/batch/job-table.ts';
import { VanishedJobs, type VanishedJobsOptions } from '../../../providers/batch/vanished-jobs.ts';

const job: KnownJob = {
  jobId: '7',
  name: 'flotilla.r.0',
  files: { script: '/s', stdout: '/o', stderr: '/e', end: '/x' },
  status: { state: 'running' },
};

describe('jobs that have vanished without a word', () => {
  it('have failed after twenty seconds, and are forgotten then', async () => {
    let now = 0;
    const options = {
      scheduler: { name: 'slurm' },
      channel: { readTail: async () => '' },
      clock: { now: () => now },
      isDoomed: () => false,
    };
    const vanished = new VanishedJobs(options as unknown as VanishedJobsOptions);
    const states: string[] = [];
    for (now of [0, 19_000, 21_000, 22_000]) states.push((await vanished.judge(job)).state);
    expect(states).to.deep.equal(['unknown', 'unknown', 'failed', 'unknown']);
  });
});
