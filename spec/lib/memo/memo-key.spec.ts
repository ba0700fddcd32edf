import { expect } from 'chai';
import fc from 'fast-check';
import { differingParts, type KeyParts, makeKey } from '../../../lib/memo/memo-key.ts';

const word = fc.constantFrom('', 'a', 'b');
const parts: fc.Arbitrary<KeyParts> = fc.record({
  app: word,
  version: word,
  code: word,
  options: word,
  args: fc.uniqueArray(fc.record({ label: fc.constantFrom('args[0]', 'args[1]', 'kw.n'), digest: word }), {
    selector: ({ label }) => label,
    maxLength: 3,
  }),
});

const base: KeyParts = {
  app: 'js f',
  version: '1',
  code: 'c',
  options: 'o',
  args: [
    { label: 'args[0]', digest: 'x' },
    { label: 'args[1]', digest: 'y' },
  ],
};

describe('a memo key', () => {
  it('is equal exactly if no part differs', () => {
    fc.assert(
      fc.property(parts, parts, (a, b) => {
        expect(makeKey(a) === makeKey(b)).to.equal(differingParts(a, b).length === 0);
      }),
    );
  });

  const changes: readonly (readonly [Partial<KeyParts>, readonly string[]])[] = [
    [{}, []],
    [{ code: 'd' }, ['its code']],
    [{ version: '2' }, ['its version']],
    [{ options: 'p', code: 'd' }, ['its code', 'its options']],
    [
      {
        args: [
          { label: 'args[0]', digest: 'x' },
          { label: 'args[1]', digest: 'z' },
        ],
      },
      ['args[1]'],
    ],
    [{ args: [{ label: 'args[0]', digest: 'x' }] }, ['args[1] (which is not given now)']],
    [{ args: [...base.args, { label: 'kw.n', digest: 'x' }] }, ['kw.n (which was not given)']],
  ];
  for (const [change, differing] of changes) {
    it(`says what differs: ${differing.join(', ') || 'nothing'}`, () => {
      expect(differingParts(base, { ...base, ...change })).to.deep.equal(differing);
    });
  }
});
