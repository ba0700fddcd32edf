import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { type ExampleFolder, makeExampleFolder } from '../support/example.ts';

describe('examples/pipeline.ts', () => {
  let folder: ExampleFolder;
  beforeEach(async () => {
    folder = await makeExampleFolder();
  });
  afterEach(() => folder.remove());

  it('comes to the words that one process finds, through every file that it declares', async () => {
    const { code, stdout, stderr } = await folder.run('pipeline.ts');
    expect(code, stderr).to.equal(0);
    expect(stdout).to.match(/^pipeline-files\/words\.txt: sha256 [0-9a-f]{64}\nthe same as computed here\n$/);
    const files = readdirSync(join(folder.path, 'pipeline-files')).sort();
    const each = (name: string) => [0, 1, 2, 3].map((i) => `${name}-${i}.txt`);
    expect(files).to.deep.equal([...each('part'), ...each('sorted'), 'words.txt']);
  });

  it('takes a text of any name, also one with fewer lines than parts', async () => {
    await folder.write("two 'odd' $lines.txt", 'beta Alpha\n\nalpha, gamma!');
    const { code, stderr } = await folder.run('pipeline.ts', ["two 'odd' $lines.txt"]);
    expect(code, stderr).to.equal(0);
    expect(readFileSync(join(folder.path, 'pipeline-files/words.txt'), 'utf8')).to.equal('alpha\nalpha\nbeta\ngamma\n');
  });

  it('fails with the name of the text that is not there', async () => {
    const { code, stderr } = await folder.run('pipeline.ts', ['nowhere.txt']);
    expect(code).to.equal(1);
    expect(stderr).to.contain('nowhere.txt');
  });
});
