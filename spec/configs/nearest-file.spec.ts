import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { didYouMeanFile } from '../../configs/nearest-file.ts';

describe('didYouMeanFile', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'flotilla-nearest-file-'));
    writeFileSync(join(folder, 'polaris.yaml'), '');
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  it('names the nearest file as the path was written', () =>
    expect(didYouMeanFile(`${folder}/polarsi.yaml`)).to.equal(` Did you mean '${folder}/polaris.yaml'?`));
  it('compares names, however long the folder is', () => expect(didYouMeanFile(`${folder}/zzzzzz.toml`)).to.equal(''));
  it('says nothing where the folder is missing too', () => expect(didYouMeanFile(`${folder}/none/polaris.yaml`)).to.equal(''));
});
