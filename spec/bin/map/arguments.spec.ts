import { expect } from 'chai';
import { readArguments } from '../../../bin/map/read-arguments.ts';
import { combine, countCombinations, parseOperands } from '../../../bin/map/sources.ts';
import { listJobs } from '../../../bin/map/list-jobs.ts';
import { compileTemplate } from '../../../bin/map/template.ts';
import { UsageError } from '../../../bin/usage-error.ts';

async function* chunks(...texts: (string | Uint8Array)[]): AsyncGenerator<Uint8Array> {
  for (const text of texts) yield Buffer.from(text as string);
}

describe('arguments from a stream', () => {
  const rows: [string[], '\n' | '\0', string[]][] = [
    [[], '\n', []],
    [['a\nb\n'], '\n', ['a', 'b']],
    [['a\n\nb'], '\n', ['a', '', 'b']],
    [['on', 'e\ntw', 'o\n'], '\n', ['one', 'two']],
    [['a\nb\0c\0'], '\0', ['a\nb', 'c']],
    [['\uFEFFa\r\n'], '\n', ['\uFEFFa\r']],
  ];
  for (const [texts, separator, expected] of rows) {
    it(`${JSON.stringify(texts)} are ${JSON.stringify(expected)}`, async () =>
      expect(await Array.fromAsync(readArguments(chunks(...texts), separator))).to.deep.equal(expected));
  }

  it('keeps characters whole whose bytes come apart', async () => {
    const bytes = Buffer.from('é\n€');
    const apart = [...bytes].map((byte) => Uint8Array.of(byte));
    expect(await Array.fromAsync(readArguments(chunks(...apart), '\n'))).to.deep.equal(['é', '€']);
  });

  it('refuses bytes that are no text, and says behind which argument', async () => {
    const read = Array.fromAsync(readArguments(chunks('a\nb\n', Uint8Array.of(0xff, 10)), '\n'));
    const error = await read.then(
      () => undefined,
      (reason: unknown) => reason,
    );
    expect(error).to.be.instanceOf(UsageError).with.property('message').that.contains('behind argument 2');
  });

  it('is read only as far as jobs are asked for', async () => {
    let read = 0;
    async function* endless(): AsyncGenerator<Uint8Array> {
      for (;;) yield Buffer.from(`${++read}\n`);
    }
    const { jobs, total } = await listJobs({
      sources: [],
      template: compileTemplate('echo'),
      separator: '\n',
      stdin: endless(),
      counted: false,
    });
    const first = await jobs[Symbol.asyncIterator]().next();
    expect(first.value).to.deep.equal({ seq: 1, args: ['1'], command: 'echo 1' });
    expect(total).to.equal(undefined);
    expect(read).to.be.below(3);
  });
});

describe('several sources', () => {
  const combined = (...operands: string[]): string[] => {
    const { sources } = parseOperands(operands);
    const read = sources.map(({ linked, words }) => ({ linked, args: words }));
    const all = [...combine(read)].map((args) => args.join(''));
    expect(countCombinations(read)).to.equal(all.length);
    return all;
  };
  const rows: [string, string[]][] = [
    ['::: a b ::: 1 2', ['a1', 'a2', 'b1', 'b2']],
    ['::: a b c :::+ 1 2', ['a1', 'b2']],
    ['::: a b :::+ 1 2 :::+ x y ::: - +', ['a1x-', 'a1x+', 'b2y-', 'b2y+']],
    ['::: a b :::', []],
    [':::', []],
  ];
  for (const [operands, expected] of rows)
    it(`${operands} gives ${expected.join(' ') || 'nothing'}`, () => expect(combined(...operands.split(' '))).to.deep.equal(expected));

  it('begin behind the command', () =>
    expect(parseOperands(['echo', '{}', '::::', 'f', ':::', '-x'])).to.deep.equal({
      command: 'echo {}',
      sources: [
        { kind: 'files', linked: false, words: ['f'] },
        { kind: 'list', linked: false, words: ['-x'] },
      ],
    }));

  it('cannot begin in step with nothing', () => expect(() => parseOperands(['echo', ':::+', 'a'])).to.throw(UsageError, 'in step'));
});
