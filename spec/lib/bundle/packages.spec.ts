import { symlinkSync } from 'node:fs';
import { relative } from 'node:path';
import { expect } from 'chai';
import { filesOfPackage } from '../../../lib/bundle/package-files.ts';
import { PackageTree } from '../../../lib/bundle/packages.ts';
import type { Target } from '../../../lib/bundle/target.ts';
import { TemporaryFolder } from '../../support/temporary-folder.ts';
import { elfHead, machOHead } from './program-heads.ts';

const LINUX: Target = { platform: 'linux', arch: 'x64', libc: 'glibc', loader: '/lib64/ld-linux-x86-64.so.2' };

describe('packages in a bundle', () => {
  let folder: TemporaryFolder;
  beforeEach(() => (folder = new TemporaryFolder()));
  afterEach(() => folder.remove());

  const install = (at: string, fields: object): string =>
    folder.write(`${at}/package.json`, JSON.stringify({ version: '1.0.0', ...fields }));

  function place(...names: string[]) {
    const tree = new PackageTree(LINUX);
    for (const name of names) tree.add(name, folder.path);
    const placed = tree.packages.map(({ from, to }) => `${to} ← ${relative(folder.path, from)}`);
    return { placed: placed.sort(), warnings: tree.warnings };
  }

  it('come with all that they depend on, optional and peers too where they are installed', () => {
    install('node_modules/a', {
      dependencies: { b: '1', 'node-addon-api': '8' },
      optionalDependencies: { gone: '1' },
      peerDependencies: { p: '1', q: '1' },
    });
    install('node_modules/b', { dependencies: { '@s/c': '1' } });
    install('node_modules/@s/c', { dependencies: { a: '1' } });
    install('node_modules/p', {});
    install('node_modules/node-addon-api', {});
    const { placed, warnings } = place('a');
    expect(placed).to.deep.equal(['@s/c', 'a', 'b', 'p'].map((name) => `node_modules/${name} ← node_modules/${name}`));
    expect(warnings).to.deep.equal([]);
  });

  it('each find the version that they find here', () => {
    install('node_modules/a', { dependencies: { b: '1' } });
    install('node_modules/b', { version: '1.0.0' });
    install('node_modules/c', { dependencies: { b: '2', d: '1' } });
    install('node_modules/c/node_modules/b', { version: '2.0.0' });
    install('node_modules/d', { dependencies: { b: '1' } });
    expect(place('a', 'c').placed).to.deep.equal([
      'node_modules/a ← node_modules/a',
      'node_modules/b ← node_modules/b',
      'node_modules/c ← node_modules/c',
      'node_modules/c/node_modules/b ← node_modules/c/node_modules/b',
      'node_modules/d ← node_modules/d',
    ]);
  });

  it('are found behind symlinks, as pnpm installs them', () => {
    install('node_modules/.pnpm/a@1/node_modules/a', { dependencies: { b: '1' } });
    install('node_modules/.pnpm/a@1/node_modules/b', {});
    symlinkSync('.pnpm/a@1/node_modules/a', folder.at('node_modules/a'));
    expect(place('a').placed).to.deep.equal([
      'node_modules/a ← node_modules/.pnpm/a@1/node_modules/a',
      'node_modules/b ← node_modules/.pnpm/a@1/node_modules/b',
    ]);
  });

  it('are left out where they are for other machines', () => {
    install('node_modules/a', { optionalDependencies: { 'a-linux': '1', 'a-mac': '1', 'a-arm': '1', 'a-musl': '1', 'a-any': '1' } });
    install('node_modules/a-linux', { os: ['linux'], cpu: ['x64'], libc: ['glibc'] });
    install('node_modules/a-mac', { os: ['darwin'] });
    install('node_modules/a-arm', { cpu: ['arm64'] });
    install('node_modules/a-musl', { libc: ['musl'] });
    install('node_modules/a-any', { os: ['!win32'] });
    expect(place('a').placed.map((line) => line.split(' ')[0])).to.deep.equal(
      ['a', 'a-any', 'a-linux'].map((name) => `node_modules/${name}`),
    );
  });

  it('are warned of where they are not installed, or linked from elsewhere', () => {
    install('node_modules/a', { dependencies: { gone: '1' } });
    install('linked', {});
    symlinkSync('../linked', folder.at('node_modules/linked'));
    expect(place('a', 'absent', 'linked').warnings).to.deep.equal([
      `package gone, which ${folder.at('node_modules/a')} needs, is not installed`,
      `package absent, imported in ${folder.path}, is not installed`,
      `package linked is linked from ${folder.at('linked')}; TypeScript in it cannot be run from node_modules`,
    ]);
  });

  it('bring what runs and their licences, not types, maps, sources or nested packages', async () => {
    for (const name of ['index.js', 'a.cjs', 'data.json', 'x.wasm', 'tool.py', 'LICENSE.md', 'NOTICE']) folder.write(name);
    for (const name of [
      'index.d.ts',
      'index.ts',
      'index.js.map',
      'README.md',
      'src/a.cc',
      'binding.gyp',
      'node_modules/b/index.js',
      '__pycache__/tool.pyc',
    ])
      folder.write(name);
    const { files } = await filesOfPackage(folder.path, LINUX);
    expect([...files].sort()).to.deep.equal(['LICENSE.md', 'NOTICE', 'a.cjs', 'data.json', 'index.js', 'tool.py', 'x.wasm']);
  });

  it('bring native libraries for the machine of the bundle alone', async () => {
    folder.write('build/glibc-115/a.node', elfHead('x64'));
    folder.write('build/musl-115/a.node', elfHead('x64'));
    folder.write('build/arm/a.node', elfHead('arm64'));
    folder.write('build/mac/a.node', machOHead(0x01000007));
    folder.write('build/plain/a.node', elfHead('x64'));
    const files = async (target: Target) => [...(await filesOfPackage(folder.path, target)).files].sort();
    expect(await files(LINUX)).to.deep.equal(['build/glibc-115/a.node', 'build/plain/a.node']);
    expect(await files({ ...LINUX, libc: 'musl' })).to.deep.equal(['build/musl-115/a.node', 'build/plain/a.node']);
    expect(await files({ platform: 'darwin', arch: 'x64' })).to.deep.equal(['build/mac/a.node']);
    expect(await filesOfPackage(folder.path, { platform: 'darwin', arch: 'arm64' })).to.deep.equal({ files: [], lacksNative: true });
  });
});
