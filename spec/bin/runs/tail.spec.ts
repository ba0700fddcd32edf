import { expect } from 'chai';
import { appendFile, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { follow, readTail } from '../../../bin/runs/tail.ts';

describe('the end of a file', () => {
  let folder: string;
  let path: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'flotilla-tail-'));
    path = join(folder, 'file');
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  const rows: readonly [string, number, string][] = [
    ['', 3, ''],
    ['a\nb\nc\n', 2, 'b\nc\n'],
    ['a\nb\nc', 2, 'b\nc'],
    ['a\nb\n', 5, 'a\nb\n'],
    ['a\n\n\n', 2, '\n\n'],
    ['a\nb\n', 0, ''],
    ['one line', 1, 'one line'],
  ];
  for (const [text, lines, end] of rows) {
    it(`of ${JSON.stringify(text)}, ${lines} lines, is ${JSON.stringify(end)}`, async () => {
      await writeFile(path, text);
      expect(await readTail(path, lines)).to.deep.equal({ text: end, end: text.length });
    });
  }

  it('is found in a file of many megabytes', async () => {
    const line = `${'x'.repeat(99)}\n`;
    await writeFile(path, line.repeat(50_000));
    expect((await readTail(path, 2000))?.text).to.equal(line.repeat(2000));
  });

  it('of no file is undefined', async () => expect(await readTail(path, 1)).to.equal(undefined));

  it('is followed from where it was, also a file that comes later, up to what was written before it was over', async () => {
    let over = false;
    let text = '';
    const reading = (async () => {
      for await (const piece of follow(path, 0, () => over)) text += piece;
    })();
    await writeFile(path, 'a');
    // Half a character: the rest of it follows.
    await appendFile(path, Buffer.from('ä').subarray(0, 1));
    await appendFile(path, Buffer.from('ä').subarray(1));
    over = true;
    await reading;
    expect(text).to.equal('aä');
  });
});
