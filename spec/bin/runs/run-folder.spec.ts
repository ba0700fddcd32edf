import { chmodSync, existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { findRun, listRuns } from '../../../bin/runs/run-folder.ts';
import { summarizeRun } from '../../../bin/runs/read-run.ts';
import { EVENT_LOG } from '../../../lib/events/format.ts';
import { TemporaryFolder } from '../../support/temporary-folder.ts';

const NOBODY = 65534;

/** Root may read everything: then as somebody else. */
async function withoutRights<T>(work: () => T | Promise<T>): Promise<T> {
  if (process.geteuid?.() !== 0) return await work();
  process.seteuid?.(NOBODY);
  try {
    return await work();
  } finally {
    process.seteuid?.(0);
  }
}

describe('the run that a person means', () => {
  let folder: TemporaryFolder;
  const root = (): string => folder.at('runinfo');

  beforeEach(() => {
    folder = new TemporaryFolder();
    for (const run of ['000', '001']) {
      mkdirSync(join(root(), run), { recursive: true });
      writeFileSync(join(root(), run, EVENT_LOG), '');
    }
    mkdirSync(join(root(), '002'));
    // For whoever has no rights on the runs.
    chmodSync(folder.path, 0o755);
  });
  afterEach(() => {
    for (const path of [root(), join(root(), '001')]) chmodSync(path, 0o755);
    folder.remove();
  });

  /** Root may have a temporary folder that nobody else may enter. */
  const isReachable = (): Promise<boolean> => withoutRights(() => existsSync(folder.path));

  it('has a directory with an event log', () => {
    expect(listRuns(root()).map(({ run }) => run)).to.deep.equal(['000', '001']);
    expect(listRuns(folder.at('nowhere'))).to.deep.equal([]);
  });

  for (const which of ['1', '001', 'last']) it(`is 001 for ${which}`, () => expect(findRun(which, root()).run).to.equal('001'));

  for (const which of ['0x1', '1e0', '', ' 1', '1.0', '-1', '2'])
    it(`is none for '${which}'`, () => expect(() => findRun(which, root())).to.throw(`there is no run ${which}: `));

  it('is told to lie in no directory where there is a file', () =>
    expect(() => listRuns(join(root(), '000', EVENT_LOG))).to.throw(/^the runs of .*000\/events\.log cannot be listed: ENOTDIR/));

  it('is told to be in a directory that may not be read', async function () {
    if (!(await isReachable())) this.skip();
    chmodSync(root(), 0o000);
    await withoutRights(() => expect(() => findRun('1', root())).to.throw(/^the runs of .*runinfo cannot be listed: EACCES/));
  });

  it('is there where its own directory may not be read, which is told when it is', async function () {
    if (!(await isReachable())) this.skip();
    chmodSync(join(root(), '001'), 0o000);
    await withoutRights(async () => {
      expect(listRuns(root()).map(({ run }) => run)).to.deep.equal(['000', '001']);
      for (const which of ['last', join(root(), '001')]) {
        const error = await summarizeRun(findRun(which, root())).catch((reason: unknown) => reason);
        expect(error)
          .to.be.instanceOf(Error)
          .with.property('message')
          .that.matches(/001\/events\.log cannot be read: EACCES/);
      }
    });
  });
});
