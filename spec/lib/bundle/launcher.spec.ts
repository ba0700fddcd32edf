import { mkdirSync, symlinkSync } from 'node:fs';
import { delimiter } from 'node:path';
import { expect } from 'chai';
import { launcherText, NODE_IN_BUNDLE } from '../../../lib/bundle/launcher.ts';
import { type Target, targetOf } from '../../../lib/bundle/target.ts';
import { run } from '../../support/package-copy.ts';
import { TemporaryFolder } from '../../support/temporary-folder.ts';

const NAME = "a b/it's $HOME";
/** In the place of Node: prints its arguments. */
const FAKE_NODE = '#!/bin/sh\nprintf "%s\\n" "$0" "$@"\n';

describe('the launcher of a bundle', () => {
  const folder = new TemporaryFolder();
  const bundle = folder.at(NAME);
  let here: Target;
  before(async () => {
    here = (await targetOf(process.execPath)) ?? expect.fail('Node is no program');
    folder.write(`${NAME}/${NODE_IN_BUNDLE}`, FAKE_NODE, 0o755);
    folder.write(`${NAME}/flotilla`, launcherText(here), 0o755);
  });
  after(() => folder.remove());

  const expected = (...args: string[]): string =>
    [`${bundle}/${NODE_IN_BUNDLE}`, `${bundle}/node_modules/flotilla/dist/bin/flotilla.js`, ...args, ''].join('\n');

  it('starts the bundle’s Node and command by absolute paths, arguments as they are', async () => {
    const { stdout, code } = await run('/', `${bundle}/flotilla`, ['run', 'a b', '', '$x']);
    expect(stdout).to.equal(expected('run', 'a b', '', '$x'));
    expect(code).to.equal(0);
  });

  it('finds its folder through symlinks, relative ones too, and through PATH', async () => {
    mkdirSync(folder.at('bin'));
    symlinkSync(`../${NAME}/flotilla`, folder.at('bin/near'));
    symlinkSync(folder.at('bin/near'), folder.at('bin/fl'));
    const path = [folder.at('bin'), process.env['PATH']].join(delimiter);
    expect((await run('/', 'sh', ['-c', 'fl x'], { PATH: path })).stdout).to.equal(expected('x'));
    expect((await run(folder.at('bin'), './near', ['x'])).stdout).to.equal(expected('x'));
  });

  it('can be given to a shell, also from its own folder', async () => {
    expect((await run(bundle, 'sh', ['flotilla', 'x'])).stdout).to.equal(expected('x'));
    expect((await run('/', 'sh', [`${bundle}/flotilla`, 'x'])).stdout).to.equal(expected('x'));
  });

  it('is not misled by CDPATH', async () => {
    expect((await run(bundle, './flotilla', ['x'], { CDPATH: '/tmp:/usr' })).stdout).to.equal(expected('x'));
  });

  const others: readonly [title: string, change: Partial<Target>, words: string][] = [
    ['another architecture', { arch: process.arch === 'x64' ? 'arm64' : 'x64' }, 'this machine is '],
    ['another system', { platform: 'darwin' }, 'this machine runs Linux'],
    ['another libc', { libc: 'musl', loader: '/lib/ld-none.so.1' }, 'this machine has no /lib/ld-none.so.1'],
  ];
  for (const [title, change, words] of others) {
    it(`says what the bundle is for on a machine with ${title}, and how to make another`, async () => {
      const launcher = folder.write('other', launcherText({ ...here, ...change }), 0o755);
      const { code, stderr, stdout } = await run('/', launcher, []);
      expect(stderr).to.contain(words).and.contain('flotilla bundle --node');
      expect(stdout).to.equal('');
      expect(code).to.equal(2);
    });
  }

  it('says that its Node is missing', async () => {
    const launcher = folder.write('alone/flotilla', launcherText(here), 0o755);
    const { code, stderr } = await run('/', launcher, []);
    expect(stderr).to.contain(`${folder.at('alone')}/node/bin/node is not there`);
    expect(code).to.equal(2);
  });
});
