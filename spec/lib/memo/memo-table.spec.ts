import { expect } from 'chai';
import type { KeyParts } from '../../../lib/memo/memo-key.ts';
import { MemoTable } from '../../../lib/memo/memo-table.ts';

const parts = (args: readonly (readonly [string, string])[], more: Partial<KeyParts> = {}): KeyParts => ({
  app: 'js a',
  version: '',
  code: 'c',
  options: 'o',
  args: args.map(([label, digest]) => ({ label, digest })),
  ...more,
});

function tableOf(...all: readonly KeyParts[]): MemoTable {
  const table = new MemoTable();
  for (const [task, each] of all.entries()) {
    const meta = { key: `k${task}`, run: '000', task, parts: each, outputs: [] };
    table.add(meta, { path: '/x', at: 0, length: 0, body: undefined });
  }
  return table;
}

describe('what of a key is in no result of the app', () => {
  const first = parts([
    ['args[0]', 'a'],
    ['args[1]', 'b'],
  ]);
  const second = parts([
    ['args[0]', 'a2'],
    ['args[1]', 'b2'],
  ]);

  const rows: [string, KeyParts, readonly string[] | undefined][] = [
    ['is unknown where the app has none', parts([], { app: 'js b' }), undefined],
    ['is an argument with a new value', parts([['args[0]', 'x']]), ['args[0]']],
    ['is an argument that was never given', parts([['args[2]', 'a']]), ['args[2]']],
    ['is code, version and options', parts([], { code: 'x', version: 'x', options: 'x' }), ['code', 'version', 'options']],
    [
      'is the code alone, where there is a result of the same arguments and other code',
      parts(
        [
          ['args[0]', 'a'],
          ['args[1]', 'b'],
        ],
        { code: 'new' },
      ),
      ['code'],
    ],
    [
      'is nothing where each part is in some result',
      parts([
        ['args[0]', 'a'],
        ['args[1]', 'b2'],
      ]),
      [],
    ],
  ];
  for (const [title, wanted, unknown] of rows) {
    it(title, () => expect(tableOf(first, second).unknownParts(wanted)).to.deep.equal(unknown));
  }

  it('is the code for each of a sweep that is run again, though by then some have results of the new code', () => {
    const callOf = (code: string, x: string): KeyParts => parts([['args[0]', x]], { code });
    const table = tableOf(callOf('old', '1'), callOf('old', '2'), callOf('new', '1'));
    expect(table.unknownParts(callOf('new', '2'))).to.deep.equal(['code']);
    expect(table.unknownParts(callOf('new', '3'))).to.deep.equal(['args[0]']);
  });

  it('is no argument that a sweep goes over, and remembers but so many of its values', () => {
    const sweep = Array.from({ length: 1001 }, (_, i) =>
      parts([
        ['args[0]', String(i)],
        ['args[1]', 'same'],
      ]),
    );
    const next = parts([
      ['args[0]', 'new'],
      ['args[1]', 'other'],
    ]);
    expect(tableOf(...sweep.slice(0, 1000)).unknownParts(next)).to.deep.equal(['args[0]', 'args[1]']);
    expect(tableOf(...sweep).unknownParts(next)).to.deep.equal(['args[1]']);
  });
});
