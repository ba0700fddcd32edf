import { expect } from 'chai';
import { filesOfOwnPackage, isOwnProgram } from '../../../lib/bundle/own-package.ts';
import { TemporaryFolder } from '../../support/temporary-folder.ts';

describe('our own package in a bundle', () => {
  let folder: TemporaryFolder;
  beforeEach(() => (folder = new TemporaryFolder()));
  afterEach(() => folder.remove());

  const COMMAND = 'dist/executors/workers/command';

  it('has the programs that the build has compiled for the machine of the bundle, and no others', async () => {
    for (const name of ['spawner-linux-x64', 'spawner-linux-arm64', 'spawner.pl', 'node-spawner-entry.js'])
      folder.write(`${COMMAND}/${name}`, '');
    const files = await filesOfOwnPackage(folder.path, { platform: 'linux', arch: 'arm64', libc: 'musl' });
    expect(files.sort()).to.deep.equal(['node-spawner-entry.js', 'spawner-linux-arm64', 'spawner.pl'].map((name) => `${COMMAND}/${name}`));
    expect(files.filter(isOwnProgram)).to.deep.equal([`${COMMAND}/spawner-linux-arm64`]);
  });
});
