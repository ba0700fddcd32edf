import { expect } from 'chai';
import { printLines, sayLines } from '../../bin/print.ts';

/** What is written to a stream meanwhile. */
function written(stream: NodeJS.WriteStream, work: () => void): string {
  const { write } = stream;
  let text = '';
  stream.write = (chunk: string | Uint8Array) => {
    text += String(chunk);
    return true;
  };
  try {
    work();
  } finally {
    stream.write = write;
  }
  return text;
}

describe('what commands print', () => {
  const lines = ['  task 7 (a\nb)', '\u001b[2J\rgone\u0007'];

  it('is a line for each, whatever text of others is in it', () =>
    expect(written(process.stdout, () => printLines(lines))).to.equal('  task 7 (a ⏎ b)\n\\x1b[2J\\x0dgone\\x07\n'));

  it("has the command's name before it on stderr", () =>
    expect(written(process.stderr, () => sayLines(lines))).to.equal('flotilla:   task 7 (a ⏎ b)\nflotilla: \\x1b[2J\\x0dgone\\x07\n'));
});
