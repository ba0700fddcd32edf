import { readFileSync } from 'node:fs';
import { expect } from 'chai';
import { TreeReduction } from '../../examples/map-reduce/tree-reduction.ts';
import { type ExampleFolder, examplePath, makeExampleFolder } from '../support/example.ts';

describe('examples/map-reduce.ts', () => {
  let folder: ExampleFolder;
  beforeEach(async () => {
    folder = await makeExampleFolder();
  });
  afterEach(() => folder.remove());

  it('counts the words of a real text as one process does', async () => {
    const { code, stdout, stderr } = await folder.run('map-reduce.ts');
    expect(code, stderr).to.equal(0);
    const words =
      readFileSync(examplePath('data/us-constitution.txt'), 'utf8')
        .toLowerCase()
        .match(/\p{L}+/gu) ?? [];
    expect(stdout).to.match(new RegExp(`^${words.length} words, ${new Set(words).size} different, counted in 23 pieces\n`));
    expect(stdout).to.match(new RegExp(`\n +${words.filter((word) => word === 'the').length} the\n`));
  });

  it('takes texts as arguments, also none with a word', async () => {
    await folder.write('a.txt', 'Ja ja\nnein');
    await folder.write('empty.txt', '');
    expect((await folder.run('map-reduce.ts', ['a.txt', 'empty.txt'])).stdout).to.match(
      /^3 words, 2 different, counted in 1 pieces\n +2 ja\n/,
    );
    expect((await folder.run('map-reduce.ts', ['empty.txt'])).stdout).to.equal('0 words, 0 different, counted in 0 pieces\n');
  });
});

describe('TreeReduction', () => {
  const depthOf = (text: string): number => {
    let depth = 0;
    return Math.max(0, ...[...text].map((character) => (depth += character === '(' ? 1 : character === ')' ? -1 : 0)));
  };

  for (const [n, depth] of [
    [0, 0],
    [1, 0],
    [2, 1],
    [3, 2],
    [8, 3],
    [13, 4],
    [1000, 10],
  ] as const) {
    it(`combines ${n} values in their order, none through more than ${depth} combinations`, async () => {
      const tree = new TreeReduction<string>(async (a, b) => `(${await a} ${await b})`);
      for (let i = 0; i < n; i++) tree.add(String(i));
      const result = await tree.result();
      expect(result?.match(/\d+/g)?.map(Number) ?? []).to.deep.equal(Array.from({ length: n }, (_, i) => i));
      expect(depthOf(result ?? '')).to.be.at.most(depth);
    });
  }
});
