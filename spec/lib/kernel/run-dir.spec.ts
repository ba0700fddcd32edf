import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { ConfigError } from '../../../lib/errors/config-error.ts';
import { makeRunDir } from '../../../lib/kernel/run-dir.ts';

describe('a run directory', () => {
  let folder: string;
  beforeEach(() => {
    folder = realpathSync(mkdtempSync(join(tmpdir(), 'flotilla-run-dir-')));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  const make = (): string => makeRunDir(join(folder, 'runinfo')).slice(folder.length + 1);

  it('is numbered from 000', () => {
    expect([make(), make(), make()]).to.deep.equal(['runinfo/000', 'runinfo/001', 'runinfo/002']);
  });

  it('follows the largest number that is there, also beyond 999', () => {
    mkdirSync(join(folder, 'runinfo', '041'), { recursive: true });
    expect(make()).to.equal('runinfo/042');
    mkdirSync(join(folder, 'runinfo', '1000'));
    expect(make()).to.equal('runinfo/1001');
  });

  it('is not disturbed by what else lies there', () => {
    mkdirSync(join(folder, 'runinfo', 'notes'), { recursive: true });
    writeFileSync(join(folder, 'runinfo', '7'), '');
    writeFileSync(join(folder, 'runinfo', '000.txt'), '');
    expect(make()).to.equal('runinfo/000');
  });

  for (const place of ['/proc/nope/runinfo', '/dev/null/runinfo']) {
    it(`cannot be made in ${place}, and that is the config's mistake`, () => {
      expect(() => makeRunDir(place)).to.throw(ConfigError, /cannot be made in .* --set runDir=/);
    });
  }

  it('is not one that somebody else made at the same time', () => {
    writeFileSync(join(folder, 'file'), '');
    mkdirSync(join(folder, 'runinfo'));
    writeFileSync(join(folder, 'runinfo', '000'), 'a file in its place');
    expect(make()).to.equal('runinfo/001');
  });

  it('is an absolute path, whatever was written', () => {
    const here = process.cwd();
    process.chdir(folder);
    try {
      expect(makeRunDir('relative')).to.equal(join(folder, 'relative', '000'));
    } finally {
      process.chdir(here);
    }
  });
});
