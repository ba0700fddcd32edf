import { mkdirSync } from 'node:fs';
import { expect } from 'chai';
import { findNode, type NodeChoice } from '../../../lib/bundle/node-binary.ts';
import { runWell } from '../../support/package-copy.ts';
import { TemporaryFolder } from '../../support/temporary-folder.ts';
import { elfHead } from './program-heads.ts';

const OTHER = process.arch === 'x64' ? 'arm64' : 'x64';
const version = process.versions.node;

/** As an official Node for another machine: it names its own headers. */
const otherNode = (release: string): Buffer =>
  Buffer.concat([
    elfHead(OTHER, '/lib/ld-linux.so.1'),
    Buffer.from(`\0https://nodejs.org/download/release/v${release}/node-v${release}.tar.gz\0`),
  ]);

describe('the Node of a bundle', () => {
  let folder: TemporaryFolder;
  beforeEach(() => {
    folder = new TemporaryFolder();
    mkdirSync(folder.at('scratch'));
  });
  afterEach(() => folder.remove());

  const find = (choice: Omit<NodeChoice, 'scratch'>) => findNode({ ...choice, scratch: folder.at('scratch') });
  const messageOf = async (choice: Omit<NodeChoice, 'scratch'>): Promise<string> =>
    find(choice).then(
      () => expect.fail('it was taken'),
      (error: unknown) => {
        expect(error).to.have.property('code', 'FLOTILLA_BUNDLE_ERROR');
        return (error as Error).message;
      },
    );

  it('is the one that runs', async () => {
    expect(await find({})).to.deep.include({ path: process.execPath, version });
    expect(await find({ arch: process.arch })).to.deep.include({ path: process.execPath });
  });

  for (const text of [version, `v${version}`, version.split('.')[0] ?? '', version.split('.').slice(0, 2).join('.')]) {
    it(`is the one that runs for the version ${text.replace(/\d+/g, 'N')}`, async () =>
      expect((await find({ node: text })).path).to.equal(process.execPath));
  }

  it('can be a file, a folder or an archive for another machine, whose version it finds without running it', async () => {
    const binary = folder.write(`node-v24.9.1-linux-${OTHER}/bin/node`, otherNode('24.9.1'), 0o755);
    const licence = folder.write(`node-v24.9.1-linux-${OTHER}/LICENSE`, 'text');
    const archive = folder.at('node.tar.gz');
    await runWell(folder.path, 'tar', ['-czf', archive, `node-v24.9.1-linux-${OTHER}`]);
    for (const node of [binary, folder.at(`node-v24.9.1-linux-${OTHER}`)]) {
      expect(await find({ node, arch: OTHER })).to.deep.include({ path: binary, version: '24.9.1', licence });
    }
    const unpacked = await find({ node: archive });
    expect(unpacked).to.deep.include({ version: '24.9.1' }).and.have.nested.property('target.arch', OTHER);
    expect(unpacked.path).to.satisfy((path: string) => path.startsWith(folder.at('scratch')));
  });

  it('for another architecture must be given, and the message says where to get it', async () => {
    const message = await messageOf({ arch: OTHER });
    expect(message).to.contain(`the Node that runs here is for ${process.arch}, not for ${OTHER}`);
    expect(message)
      .to.contain(`https://nodejs.org/dist/v${version}/node-v${version}-linux-${OTHER}.tar.xz`)
      .and.contain('nothing is downloaded');
  });

  it('is not downloaded for a version that is not here', async () => {
    expect(await messageOf({ node: '24.0.1' }))
      .to.contain('Node 24.0.1')
      .and.contain('https://nodejs.org/dist/v24.0.1/');
  });

  const wrong: readonly [title: string, make: (folder: TemporaryFolder) => Omit<NodeChoice, 'scratch'>, words: string][] = [
    [
      'one of another architecture than --arch says',
      (at) => ({ node: at.write('node', otherNode('24.9.1')), arch: process.arch }),
      `and --arch says ${process.arch}`,
    ],
    ['one that is too old', (at) => ({ node: at.write('node', otherNode('22.1.0')) }), 'is Node 22.1.0; Flotilla needs 24 or newer'],
    ['a text', (at) => ({ node: at.write('node', '#!/bin/sh\n') }), 'is not a program for Linux or macOS'],
    ['another program', () => ({ node: '/bin/sleep' }), "/bin/sleep is not Node: asked for its --version, it says 'sleep"],
    ['a path that is not there', (at) => ({ node: at.at('none') }), 'there is no such file, folder or archive, and it is no version'],
    ['a folder without one', (at) => ({ node: at.path }), 'there is no bin/node in that folder'],
    ['an archive that is none', (at) => ({ node: at.write('node.tar.xz', 'text') }), 'tar -tf'],
  ];
  for (const [title, make, words] of wrong) it(`is refused: ${title}`, async () => expect(await messageOf(make(folder))).to.contain(words));

  it('is refused: an archive without one', async () => {
    folder.write('a/readme', '');
    await runWell(folder.path, 'tar', ['-cf', 'a.tar', 'a']);
    expect(await messageOf({ node: folder.at('a.tar') })).to.contain('has no NAME/bin/node in it');
  });
});
