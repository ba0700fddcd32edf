import { chmodSync, mkdirSync, readFileSync, readdirSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { expect } from 'chai';
import { readSettings } from '../../executors/high-throughput/manager/settings.ts';
import { problemWith, readPrivateFile, writePrivateFile } from '../../lib/private-file.ts';
import { TemporaryFolder } from '../support/temporary-folder.ts';

const modeOf = (path: string): string => (statSync(path).mode & 0o777).toString(8);

describe('a private file', () => {
  let folder: TemporaryFolder;
  let umask: number;
  beforeEach(() => {
    folder = new TemporaryFolder();
    umask = process.umask();
  });
  afterEach(() => {
    process.umask(umask);
    folder.remove();
  });

  for (const mask of [0o000, 0o002, 0o022, 0o077]) {
    it(`has mode 0600 in a folder of mode 0700 where the umask is ${mask.toString(8).padStart(3, '0')}`, () => {
      process.umask(mask);
      const path = folder.at('keys/file');
      writePrivateFile(path, 'a secret');
      expect([modeOf(path), modeOf(folder.at('keys'))]).to.deep.equal(['600', '700']);
      expect(readPrivateFile(path)).to.equal('a secret');
      expect(readdirSync(folder.at('keys'))).to.deep.equal(['file']);
    });
  }

  it('closes a folder that was open, and takes the place of a file that others could read', () => {
    mkdirSync(folder.at('keys'), { mode: 0o777 });
    const path = folder.write('keys/file', 'old', 0o644);
    writePrivateFile(path, 'new');
    expect([modeOf(path), modeOf(folder.at('keys')), readFileSync(path, 'utf8')]).to.deep.equal(['600', '700', 'new']);
  });

  it('is not written through a link that somebody has put where its parts go', () => {
    const victim = folder.write('victim', 'mine');
    mkdirSync(folder.at('keys'));
    symlinkSync(victim, folder.at('keys/file.part'));
    writePrivateFile(folder.at('keys/file'), 'a secret');
    expect(readFileSync(victim, 'utf8')).to.equal('mine');
    expect(statSync(folder.at('keys/file')).isFile()).to.equal(true);
  });

  for (const mode of [0o640, 0o604, 0o620, 0o602, 0o666]) {
    it(`is not believed with mode ${mode.toString(8)}, and says what to do`, () => {
      const path = folder.at('file');
      writePrivateFile(path, 'a secret');
      chmodSync(path, mode);
      expect(() => readPrivateFile(path))
        .to.throw(path)
        .with.property('message')
        .that.includes(mode.toString(8))
        .and.includes('chmod 600')
        .and.not.includes('a secret');
    });
  }

  it('is not believed when it is another user’s', () => {
    expect(problemWith({ uid: 1001, mode: 0o100600 }, 1000)).to.match(/belongs to user 1001/);
    expect(problemWith({ uid: 1000, mode: 0o100600 }, 1000)).to.equal(undefined);
  });

  it('is believed when it is root’s, or an NFS server cannot tell whose it is', () => {
    for (const uid of [0, 65_534]) expect(problemWith({ uid, mode: 0o100600 }, 1000)).to.equal(undefined);
  });

  it('of a manager’s settings is not repeated when it is none', () => {
    const path = folder.write('manager.json', '{"curve":{"secretKey":"AbCdEfGhIjKl', 0o600);
    expect(() => readSettings(path))
      .to.throw(path)
      .with.property('message')
      .that.not.includes('AbCdEf');
  });

  it('of a manager’s settings is refused when others could have written it', () => {
    const path = folder.at('manager.json');
    writeFileSync(path, '{"addresses":[],"port":1,"curve":null}', { mode: 0o600 });
    expect(readSettings(path).port).to.equal(1);
    chmodSync(path, 0o660);
    expect(() => readSettings(path)).to.throw(/is not believed: its mode is 660/);
  });
});
