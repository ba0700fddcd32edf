import { expect } from 'chai';
import { BlockJobs } from '../../../executors/blocks/block-jobs.ts';

describe('the jobs of blocks', () => {
  it('are forgotten long after their end, those that live never', async () => {
    const jobs = new BlockJobs();
    jobs.add('lives', 'job-lives', 'name', 0);
    for (let i = 0; i < 3000; i++) {
      jobs.add(`${i}`, `job-${i}`, 'name', i);
      jobs.update(`job-${i}`, { state: 'completed', exitCode: 0 }, i);
    }
    expect(jobs.get('0')).to.equal(undefined);
    expect(jobs.get('2999')).to.include({ state: 'completed', exitCode: 0 });
    expect(jobs.live().map(({ blockId }) => blockId)).to.deep.equal(['lives']);
    await jobs.ended('0');
  });

  it('have numbers that may come again: what is forgotten is not the job that has the number now', () => {
    const jobs = new BlockJobs();
    for (let i = 0; i < 3000; i++) {
      const jobId = i === 0 ? 'job-2999' : `job-${i}`;
      jobs.add(`${i}`, jobId, 'name', i);
      if (i < 2999) jobs.update(jobId, { state: 'completed' }, i);
    }
    expect(jobs.update('job-2999', { state: 'running' }, 3000)).to.include({ blockId: '2999', state: 'running' });
  });
});
