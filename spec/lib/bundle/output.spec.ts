import { existsSync, mkdirSync, readFileSync, readdirSync, statSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname } from 'node:path';
import { expect } from 'chai';
import { type BundleEntry, fileEntry, textEntry } from '../../../lib/bundle/bundle-entry.ts';
import { digestOfEntries, MANIFEST, newManifest } from '../../../lib/bundle/manifest.ts';
import { outputAt, requireFree, writeBundle } from '../../../lib/bundle/output.ts';
import { runWell } from '../../support/package-copy.ts';
import { TemporaryFolder } from '../../support/temporary-folder.ts';

describe('what a bundle is written to', () => {
  let folder: TemporaryFolder;
  let entries: BundleEntry[];
  beforeEach(() => {
    folder = new TemporaryFolder();
    const files = [
      textEntry('flotilla', 'flotilla', '#!/bin/sh\n', true),
      fileEntry('deep/a.txt', 'script', folder.write('a.txt', 'text')),
    ];
    const manifest = newManifest({
      flotilla: '1.0.0',
      node: { version: '24.0.0', platform: 'linux', arch: 'x64' },
      digest: '',
      files: files.map(({ to }) => to),
    });
    entries = [...files, textEntry(MANIFEST, 'flotilla', JSON.stringify(manifest))];
  });
  afterEach(() => folder.remove());

  const write = (name: string) => writeBundle(outputAt(folder.at(name)), entries);
  const problemOf = (name: string, force = false, kept: string[] = []): Promise<string | undefined> =>
    requireFree(outputAt(folder.at(name)), force, kept).then(
      () => undefined,
      (error: Error) => error.message,
    );

  it('is a folder with all files, programs executable', async () => {
    await write('out');
    expect(readFileSync(folder.at('out/deep/a.txt'), 'utf8')).to.equal('text');
    expect(statSync(folder.at('out/flotilla')).mode & 0o777).to.equal(0o755);
    expect(statSync(folder.at('out/deep/a.txt')).mode & 0o777).to.equal(0o644);
  });

  for (const [name, top] of [
    ['out.tar', 'out'],
    ['out.tar.gz', 'out'],
    ['out.tgz', 'out'],
  ] as const) {
    it(`is an archive of a folder ${top} for ${name}, and leaves nothing beside it`, async () => {
      await write(name);
      const { stdout } = await runWell(folder.path, 'tar', ['-tf', name]);
      expect(stdout.split('\n')).to.include.members([`${top}/flotilla`, `${top}/deep/a.txt`, `${top}/bundle.json`]);
      expect(readdirSync(folder.path).sort()).to.deep.equal(['a.txt', name].sort());
    });
  }

  for (const name of ['out.zip', 'out.tar.xz', 'out.txz']) {
    it(`is not ${name}`, () => expect(() => outputAt(`/tmp/${name}`)).to.throw('a bundle is written as a folder, .tar, .tar.gz or .tgz'));
  }

  it('leaves nothing behind where a file cannot be read', async () => {
    const missing = [...entries, fileEntry('b', 'script', folder.at('none'))];
    const failed = await writeBundle(outputAt(folder.at('out')), missing).then(
      () => false,
      () => true,
    );
    expect(failed).to.equal(true);
    expect(readdirSync(folder.path)).to.deep.equal(['a.txt']);
  });

  for (const name of ['out', 'out.tar']) {
    it(`may be there already as a bundle (${name}), which is replaced`, async () => {
      await write(name);
      expect(await problemOf(name)).to.equal(undefined);
      await write(name);
      expect(existsSync(folder.at(name))).to.equal(true);
    });
  }

  it('may be an empty folder', async () => {
    mkdirSync(folder.at('out'));
    expect(await problemOf('out')).to.equal(undefined);
  });

  it('is refused where a bundle has been run and holds results, and taken with --force', async () => {
    await write('out');
    folder.write('out/runinfo/000/events.log', '');
    folder.write('out/deep/__pycache__/a.pyc', '');
    expect(await problemOf('out'))
      .to.contain('holds 1 file(s) that are not of the bundle (runinfo/000/events.log)')
      .and.contain('--force');
    expect(await problemOf('out', true)).to.equal(undefined);
  });

  const refused: readonly [title: string, make: () => unknown, name: string, words: string][] = [
    ['a folder of other things', () => folder.write('out/thesis.tex'), 'out', 'exists and is no bundle'],
    ['a file in the place of a folder', () => folder.write('out'), 'out', 'exists and is a file'],
    ['a folder in the place of an archive', () => mkdirSync(folder.at('out.tar')), 'out.tar', 'exists and is a folder'],
    ['an archive of other things', () => folder.write('out.tar', 'text'), 'out.tar', 'exists and is no bundle'],
    ['a folder that is not there', () => undefined, 'none/out', 'there is no folder'],
  ];
  for (const [title, make, name, words] of refused) {
    it(`is refused: ${title}`, async () => {
      make();
      expect(await problemOf(name)).to.contain(words);
    });
  }

  it('is never a folder that holds the script, the working directory or the home, not with --force either', async () => {
    const script = folder.write('work/script.ts');
    expect(await problemOf('work', true, [script])).to.contain(`${script} lies in it`);
    const problem = await requireFree(outputAt(dirname(homedir())), true, []).then(
      () => '',
      (error: Error) => error.message,
    );
    expect(problem).to.contain('lies in it');
  });

  it('has the same digest for the same contents, wherever they come from', async () => {
    const digest = (text: string, isProgram: boolean) =>
      digestOfEntries([textEntry('b', 'script', text, isProgram), textEntry('a', 'script', '1')]);
    expect(await digest('2', false)).to.equal(
      await digestOfEntries([textEntry('a', 'node', '1'), fileEntry('b', 'script', folder.write('copy', '2'))]),
    );
    expect(new Set([await digest('2', false), await digest('3', false), await digest('2', true)]).size).to.equal(3);
  });
});
