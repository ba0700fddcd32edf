import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { type ExampleFolder, makeExampleFolder } from '../support/example.ts';

const GREETING = /^hello (\d) from \S+, device (\S+), CPUs [\d,-]+$/;

describe('examples/hello.ts', () => {
  let folder: ExampleFolder;
  beforeEach(async () => {
    folder = await makeExampleFolder();
  });
  afterEach(() => folder.remove());

  const greetingsIn = (): (RegExpExecArray | null)[] =>
    [0, 1, 2, 3].map((n) => GREETING.exec(readFileSync(join(folder.path, `hello_${n}.stdout`), 'utf8').trimEnd()));

  it('has each of four devices say hello, in a file of its own in the current directory', async () => {
    const { code, stdout, stderr } = await folder.run('hello.ts');
    expect(code, stderr).to.equal(0);
    const greetings = greetingsIn();
    expect(greetings.map((greeting) => greeting?.[1])).to.deep.equal(['0', '1', '2', '3']);
    expect(greetings.map((greeting) => greeting?.[2])).to.have.members(['0', '1', '2', '3']);
    for (const [n, greeting] of greetings.entries()) expect(stdout).to.contain(`hello_${n}.stdout: ${greeting?.[0]}\n`);
    expect(stdout).to.contain(`the files are in ${folder.path}\n`);
  });

  it('runs where another config is chosen, and leaves no line of an earlier run', async () => {
    for (const _ of ['once', 'again']) {
      const { code, stderr } = await folder.run('hello.ts', [], ['--config', 'local-threads']);
      expect(code, stderr).to.equal(0);
    }
    expect(greetingsIn().map((greeting) => greeting?.[2])).to.deep.equal(['none', 'none', 'none', 'none']);
  });
});
