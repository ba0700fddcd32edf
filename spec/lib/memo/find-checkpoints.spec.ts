import { mkdirSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { expect } from 'chai';
import { ConfigError } from '../../../lib/errors/config-error.ts';
import { checkpointPathOf, findCheckpoints } from '../../../lib/memo/find-checkpoints.ts';

describe('finding checkpoints', () => {
  let runs: string;
  const pathOf = (run: string): string => checkpointPathOf(join(runs, run));
  before(async () => {
    runs = await mkdtemp(join(tmpdir(), 'flotilla-runs-'));
    for (const run of ['000', '001', '002', '010', '011']) {
      mkdirSync(join(runs, run, 'checkpoint'), { recursive: true });
      if (run !== '002') writeFileSync(pathOf(run), 'x');
    }
  });
  after(() => rm(runs, { recursive: true, force: true }));
  const find = (...names: string[]): string[] => findCheckpoints(names, runs, join(runs, '011'));

  it("takes 'last' for the latest run that has one and is not this one", () => expect(find('last')).to.deep.equal([pathOf('010')]));
  it("takes 'all' in their order", () => expect(find('all')).to.deep.equal(['000', '001', '010'].map(pathOf)));
  it('takes numbers, with or without their zeros', () => expect(find('1', '010')).to.deep.equal(['001', '010'].map(pathOf)));
  it('takes a file, its folder and the run directory, each file once', () => {
    expect(find(pathOf('001'), dirname(pathOf('001')), join(runs, '001'))).to.deep.equal([pathOf('001')]);
  });
  it("finds nothing for 'last' where no run has one", () =>
    expect(findCheckpoints(['last', 'all'], join(runs, 'none'), '')).to.deep.equal([]));
  for (const name of ['2', '77', '/nowhere', '011']) {
    it(`refuses ${name}, and says which there are`, () => {
      expect(() => find(name)).to.throw(ConfigError, new RegExp(`there is no checkpoint '${name}'.*000, 001, 010`));
    });
  }
});
