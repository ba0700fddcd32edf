import { expect } from 'chai';
import { didYouMean, nearest } from '../../lib/suggest.ts';

describe('nearest', () => {
  const keys = ['label', 'maxWorkersPerNode', 'memPerWorker', 'coresPerWorker', 'cpuAffinity'];
  const rows: [string, string | undefined][] = [
    ['lable', 'label'],
    ['max_workers_per_node', 'maxWorkersPerNode'],
    ['maxWorkerPerNode', 'maxWorkersPerNode'],
    ['cores_per_worker', 'coresPerWorker'],
    ['cpu-afinity', 'cpuAffinity'],
    ['MemPerWorker', 'memPerWorker'],
    ['colour', undefined],
    ['', undefined],
  ];
  for (const [word, expected] of rows) {
    it(`${expected === undefined ? 'has no suggestion for' : `suggests ${expected} for`} '${word}'`, () =>
      expect(nearest(word, keys)).to.equal(expected));
  }

  it('counts a swap of neighbours as one mistake', () => expect(nearest('env', ['nev'])).to.equal('nev'));
  it('takes a plural for the same word', () => expect(nearest('retry', ['retain', 'retries'])).to.equal('retries'));
  it('takes the first of equally near words', () => expect(nearest('ab', ['aa', 'bb'])).to.equal('aa'));
  it('makes a question of it, or nothing', () => {
    expect(didYouMean('lable', keys)).to.equal(" Did you mean 'label'?");
    expect(didYouMean('zebra', keys)).to.equal('');
  });
});
