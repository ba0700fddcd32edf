import { expect } from 'chai';
import { parseHalt } from '../../../bin/map/halt.ts';
import { parseJobs, planParallelism } from '../../../bin/map/parallelism.ts';
import { LineTagger } from '../../../bin/map/tag-lines.ts';
import { formatBar, JobCounts } from '../../../bin/map/bar.ts';
import { UsageError } from '../../../bin/usage-error.ts';

describe('-j', () => {
  const rows: [string, number | undefined][] = [
    ['3', 3],
    ['0', undefined],
    ['+2', 6],
    ['-1', 3],
    ['-9', 1],
    ['150%', 6],
    ['1%', 1],
  ];
  for (const [text, jobs] of rows) it(`${text} of 4 CPUs is ${jobs ?? 'no limit'}`, () => expect(parseJobs(text, 4)).to.equal(jobs));
  it('refuses what is no number', () => expect(() => parseJobs('many', 4)).to.throw(UsageError, '-j many'));

  const plan = (some: Partial<Parameters<typeof planParallelism>[0]>) =>
    planParallelism({ jobs: undefined, config: 'local', set: [], halt: undefined, cpus: 4, ...some });

  it('gives the config local so many workers, and more than one to a core where there are fewer cores', () => {
    expect(plan({ jobs: 3 }).set).to.deep.equal(['executors.0.maxWorkersPerNode=3']);
    expect(plan({ jobs: 8 }).set).to.deep.equal(['executors.0.maxWorkersPerNode=8', 'executors.0.coresPerWorker=0.5']);
  });

  it('leaves other configs as they are, and hands out no more jobs', () =>
    expect(plan({ jobs: 8, config: 'polaris', set: ['a=1'] })).to.deep.equal({ set: ['a=1'], limit: 8 }));

  it('lets --set have the last word, and hands out no more jobs', () => {
    const { set, limit } = plan({ jobs: 2, set: ['executors.0.maxWorkersPerNode=9'] });
    expect(set.at(-1)).to.equal('executors.0.maxWorkersPerNode=9');
    expect(limit).to.equal(2);
  });

  it('hands jobs out ahead of the workers, unless it may have to stop', () => {
    expect(plan({}).limit).to.be.above(100);
    expect(plan({ halt: parseHalt('now,fail=1') }).limit).to.be.above(100);
    expect(plan({ halt: parseHalt('soon,fail=1') }).limit).to.equal(4);
    expect(plan({ halt: parseHalt('soon,fail=1'), jobs: 2 }).limit).to.equal(2);
  });
});

describe('--tag', () => {
  it('tags each line once, also where chunks end within it', () => {
    const tagger = new LineTagger(['a', 'b c']);
    const tagged = ['on', 'e\ntwo\n', '\nthr', 'ee'].map((chunk) => tagger.tag(Buffer.from(chunk)).toString()).join('');
    expect(tagged).to.equal('a b c\tone\na b c\ttwo\na b c\t\na b c\tthree');
  });
});

describe('--bar', () => {
  it('draws the share of all jobs that have ended', () => {
    const counts = new JobCounts(40);
    for (let i = 0; i < 14; i++) counts.started();
    for (let i = 0; i < 8; i++) counts.ended('done');
    counts.ended('failed');
    counts.ended('cancelled');
    expect(formatBar(counts.snapshot(2), undefined)).to.equal(
      '[#####---------------] 25% 8 of 40 done · 2 running · 2 queued · 26 waiting · 1 failed · 1 cancelled',
    );
  });

  it('is full where there is nothing to do', () => expect(formatBar(new JobCounts(0).snapshot(0), undefined)).to.match(/^\[#{20}\] 100% /));
});
