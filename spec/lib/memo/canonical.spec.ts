import { expect } from 'chai';
import fc from 'fast-check';
import { DataFile } from '../../../lib/files/data-file.ts';
import { canonicalBytes, UnkeyableError } from '../../../lib/memo/canonical.ts';
import { NdArray } from '../../../lib/wire/python-codec.ts';
import { decodeValue, encodeValue } from '../../../lib/wire/value-codec.ts';

const keyOf = (value: unknown): string => canonicalBytes(value, () => undefined).toString('hex');

/** What can be an argument. */
const plain = fc.anything({
  withBigInt: true,
  withDate: true,
  withMap: true,
  withSet: true,
  withTypedArray: true,
  withNullPrototype: true,
});

describe('canonical bytes', () => {
  it('are the same for a value and its copy from the wire', () => {
    fc.assert(
      fc.property(plain, (value) => {
        expect(keyOf(decodeValue(encodeValue(value)))).to.equal(keyOf(value));
      }),
    );
  });

  it('do not depend on the order of keys, entries and members', () => {
    const entries = fc.uniqueArray(fc.tuple(fc.string(), plain), { selector: ([key]) => key, minLength: 2 });
    const shuffled = entries.chain((items) =>
      fc.tuple(fc.constant(items), fc.shuffledSubarray(items, { minLength: items.length, maxLength: items.length })),
    );
    fc.assert(
      fc.property(shuffled, ([items, other]) => {
        expect(keyOf(Object.fromEntries(other))).to.equal(keyOf(Object.fromEntries(items)));
        expect(keyOf(new Map(other))).to.equal(keyOf(new Map(items)));
        expect(keyOf(new Set(other.map(([key]) => key)))).to.equal(keyOf(new Set(items.map(([key]) => key))));
      }),
    );
  });

  it('tell JSON values apart that are not deeply equal', () => {
    const withoutMinusZero = fc.jsonValue().map((value) => JSON.parse(JSON.stringify(value)) as unknown);
    fc.assert(
      fc.property(withoutMinusZero, withoutMinusZero, (a, b) => {
        const isEqual = canonicalJson(a) === canonicalJson(b);
        expect(keyOf(a) === keyOf(b)).to.equal(isEqual);
      }),
    );
  });

  it('take −0 for 0, and every NaN for one', () => {
    expect(keyOf([-0])).to.equal(keyOf([0]));
    const [odd] = new Float64Array(new BigUint64Array([0x7ff8_0000_0000_0001n]).buffer);
    expect(keyOf(odd)).to.equal(keyOf(Number.NaN));
  });

  const look: readonly unknown[] = [
    1,
    1n,
    '1',
    true,
    null,
    undefined,
    [1],
    { 0: 1 },
    new Map([[0, 1]]),
    new Set([1]),
    new Uint8Array([1]),
    Buffer.from([1]),
    new Int8Array([1]),
    new Date(1),
    new Date(Number.NaN),
    /1/,
    /1/g,
    new ArrayBuffer(1),
    [],
    {},
    new Map(),
    new Set(),
    '',
    [undefined],
    Array(1),
    { a: undefined },
    '\uD800',
    '\uDFFF',
    '\uFFFD',
    [[1], 2],
    [[1, 2]],
    new NdArray(new Float64Array(4), [2, 2]),
    new NdArray(new Float64Array(4), [4, 1]),
    new Error('1'),
    new TypeError('1'),
    Object(1),
  ];
  it('tell types apart that look alike', () => {
    expect(new Set(look.map(keyOf)).size).to.equal(look.length);
  });

  it('have an end for what refers to itself, and depend on how', () => {
    const ring = (label: string): object => {
      const first: Record<string, unknown> = { label };
      first.next = { back: first, self: undefined };
      return first;
    };
    expect(keyOf(ring('a'))).to.equal(keyOf(ring('a')));
    expect(keyOf(ring('a'))).to.not.equal(keyOf(ring('b')));
    const shared = { x: 1 };
    expect(keyOf([shared, shared])).to.equal(keyOf([{ x: 1 }, { x: 1 }]));
  });

  it('name files by what they are told stands for them', () => {
    const name = (state: string) => (object: object) => (object instanceof DataFile ? `${object.path} ${state}` : undefined);
    const bytes = (state: string): string => canonicalBytes([{ in: new DataFile('/a') }], name(state)).toString('hex');
    expect(bytes('one')).to.equal(bytes('one')).and.not.equal(bytes('two'));
  });

  const refused: readonly (readonly [unknown, string, string])[] = [
    [[{ on: () => 1 }], 'args[0].on', 'args[0].on is a function (on)'],
    [[new Map([[1, [new URL('http://x')]]])], 'map', 'is an instance of class URL'],
    [[Symbol('s')], 'symbol', 'args[0] is a symbol'],
  ];
  for (const [value, what, message] of refused) {
    it(`refuse what has none, by its path: ${what}`, () => {
      expect(() => canonicalBytes(value, () => undefined, 'args')).to.throw(UnkeyableError, message);
    });
  }

  it('refuse what is too deep, or has too many paths, in place of hanging', () => {
    let deep: unknown = 0;
    for (let i = 0; i < 2000; i++) deep = [deep];
    expect(() => keyOf(deep)).to.throw(UnkeyableError, 'nested more than');
  });
});

const canonicalJson = (value: unknown): string =>
  JSON.stringify(value, (_, item: unknown) =>
    typeof item === 'object' && item !== null && !Array.isArray(item)
      ? Object.fromEntries(
          Object.entries(item)
            .sort(([a], [b]) => (a < b ? -1 : 1))
            .map(([key, inner]) => [`.${key}`, inner]),
        )
      : item,
  );
