import { expect } from 'chai';
import { describeTarget, targetOf } from '../../../lib/bundle/target.ts';
import { TemporaryFolder } from '../../support/temporary-folder.ts';
import { elfHead, machOHead } from './program-heads.ts';

describe('the machine that a program is for', () => {
  const folder = new TemporaryFolder();
  after(() => folder.remove());

  const rows: readonly [title: string, head: string | Buffer, expected: object | undefined, words?: string][] = [
    [
      'a program of Linux on x64 with glibc',
      elfHead('x64', '/lib64/ld-linux-x86-64.so.2'),
      { platform: 'linux', arch: 'x64', libc: 'glibc', loader: '/lib64/ld-linux-x86-64.so.2' },
      'Linux x64 with glibc',
    ],
    [
      'a program of Linux on arm64 with musl',
      elfHead('arm64', '/lib/ld-musl-aarch64.so.1'),
      { platform: 'linux', arch: 'arm64', libc: 'musl', loader: '/lib/ld-musl-aarch64.so.1' },
      'Linux arm64 with musl',
    ],
    ['a library, which names no libc', elfHead('arm64'), { platform: 'linux', arch: 'arm64' }, 'Linux arm64'],
    ['a program of macOS on arm64', machOHead(0x0100000c), { platform: 'darwin', arch: 'arm64' }, 'macOS arm64'],
    ['a shell script', `#!/bin/sh\n${'# \n'.repeat(100)}`, undefined],
    ['an empty file', '', undefined],
  ];
  for (const [title, head, expected, words] of rows) {
    it(`is told for ${title}`, async () => {
      const target = await targetOf(folder.write('program', head));
      expect(target).to.deep.equal(expected);
      if (target !== undefined) expect(describeTarget(target)).to.equal(words);
    });
  }

  it('is this one for the Node that runs', async () => {
    expect(await targetOf(process.execPath)).to.include({ platform: process.platform, arch: process.arch });
  });
});
