import { expect } from 'chai';
import { formatKiB, formatMs, formatTable, listSome, nameInvocation } from '../../../bin/runs/words.ts';

describe('words about runs', () => {
  const times: readonly [number, string][] = [
    [0.04, '0.0ms'],
    [9.94, '9.9ms'],
    [12.4, '12ms'],
    [999, '999ms'],
    [1000, '1.0s'],
    [61_000, '1m01s'],
  ];
  for (const [ms, text] of times) it(`writes ${ms} ms as ${text}`, () => expect(formatMs(ms)).to.equal(text));

  const sizes: readonly [number, string][] = [
    [0, ''],
    [512, '512 KiB'],
    [2048, '2 MiB'],
    [1.5 * 1024 ** 2, '1.5 GiB'],
  ];
  for (const [kib, text] of sizes) it(`writes ${kib} KiB as '${text}'`, () => expect(formatKiB(kib)).to.equal(text));

  it('writes how a run was started on one line, and not at any length', () => {
    expect(nameInvocation({ argv: ['/s.ts', 'a\nb'] }, 20)).to.equal('/s.ts a ⏎ b');
    expect(nameInvocation({ argv: ['/dist/bin/flotilla.js', 'map', 'echo', ':::', 'a'], command: 'map' }, 30)).to.equal(
      'flotilla map echo ::: a',
    );
    expect(nameInvocation({ argv: ['/s.ts', '1234'] }, 8)).to.equal('/s.ts 1…');
  });

  it('sets numbers to the right and text to the left, and leaves out columns without a value', () => {
    expect(
      formatTable(
        ['name', 'n', 'none'],
        [
          ['a', 5, 0],
          ['long', 12, ''],
        ],
      ),
    ).to.deep.equal(['name   n', 'a      5', 'long  12']);
  });

  it('keeps a row of a table one line of known width, whatever its cells hold', () => {
    expect(
      formatTable(
        ['name', 'n'],
        [
          ['a\nb', 1],
          ['\u001b[2J\t', 2],
        ],
      ),
    ).to.deep.equal(['name         n', 'a ⏎ b        1', '\\x1b[2J\\x09  2']);
  });

  it('shortens lists', () => {
    expect(listSome(['a', 'b', 'c'], 2)).to.equal('a, b and 1 more');
    expect(listSome(['a'], 2)).to.equal('a');
  });
});
