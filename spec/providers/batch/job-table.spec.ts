import { expect } from 'chai';
import { JobTable } from '../../../providers/batch/job-table.ts';

const files = { script: '/s', stdout: '/o', stderr: '/e', end: '/x' };

describe('the jobs of a batch provider', () => {
  it('are forgotten long after their end, those that live never', () => {
    const jobs = new JobTable();
    jobs.add('lives', 'name', files);
    for (let i = 0; i < 3000; i++) {
      jobs.add(`${i}`, 'name', files);
      jobs.update(`${i}`, { state: 'completed' });
    }
    expect(jobs.statusOf('0').state).to.equal('unknown');
    expect(jobs.statusOf('2999')).to.include({ state: 'completed', stdoutPath: '/o' });
    expect(jobs.live().map(({ jobId }) => jobId)).to.deep.equal(['lives']);
  });
});
