import { inspect } from 'node:util';
import { runInNewContext } from 'node:vm';
import { expect } from 'chai';
import fc from 'fast-check';
import { DataFile } from '../../../lib/files/data-file.ts';
import { decodePython, encodePython, encodePythonCall, NdArray, PythonValue } from '../../../lib/wire/python-codec.ts';
import { UnencodableError } from '../../../lib/wire/unencodable.ts';

const roundTrip = (value: unknown): unknown => decodePython(encodePython(value));

function refusal(encode: () => unknown): UnencodableError {
  try {
    encode();
  } catch (error) {
    if (error instanceof UnencodableError) return error;
    throw error;
  }
  throw new Error('nothing was refused');
}

describe('the Python codec', () => {
  const kept: unknown[] = [
    0,
    1,
    -1,
    127,
    2 ** 31 - 1,
    2 ** 31,
    -(2 ** 31),
    -(2 ** 31) - 1,
    2 ** 45,
    Number.MAX_SAFE_INTEGER,
    Number.MIN_SAFE_INTEGER,
    -0,
    0.1,
    2 ** 53,
    1e300,
    -1e-300,
    Infinity,
    -Infinity,
    NaN,
    2n ** 53n,
    -(2n ** 53n),
    2n ** 60n - 1n,
    2n ** 64n,
    -(10n ** 100n),
    1n << 9000n,
    '',
    'plain',
    'a'.repeat(24),
    'a'.repeat(25),
    'é'.repeat(30),
    'añ😀',
    '\ufffd',
    'lone \udc80 and \ud800',
    'z'.repeat(10_000),
    '\0',
    true,
    false,
    null,
    [],
    [1, 1.5, 'x', [null]],
    {},
    { a: 1, 'two words': { b: [] }, '': 0 },
    new Map<unknown, unknown>([
      ['1', 'b'],
      [1, 'a'],
      [2n ** 70n, null],
      [false, [0]],
      [null, 1.5],
    ]),
    new Set<unknown>([1, 'a', null, 1.5]),
    Buffer.from([0, 255, 2]),
    Buffer.alloc(100_000, 7),
    new Date(0),
    new Date(-1),
    new Date(1_700_000_000_123),
    new Date('0001-01-01T00:00:00Z'),
    Int8Array.of(-1, 1),
    Uint16Array.of(1, 65535),
    Int16Array.of(-2),
    Int32Array.of(-3),
    Uint32Array.of(4e9),
    BigInt64Array.of(-(2n ** 63n)),
    BigUint64Array.of(2n ** 64n - 1n),
    Float32Array.of(0.5),
    Float64Array.of(0.1, NaN, -0),
    Float16Array.of(1.5),
    new Float64Array(0),
    new NdArray(Float64Array.of(1, 2, 3, 4, 5, 6), [2, 3]),
    new NdArray(Int32Array.of(7), []),
    new NdArray(Uint8Array.of(1, 0), [2], 'bool'),
    new PythonValue('complex', '(1+2j)', Uint8Array.of(1, 2), [{ module: 'flotilla_app_1', kind: 'source', app: 'f', text: 'x = 1' }]),
    { deep: [{ at: new Date(5) }, Float32Array.of(1)], and: new Map([[1, Int8Array.of(1)]]) },
  ];
  for (const value of kept) {
    it(`keeps ${inspect(value, { breakLength: Infinity, maxStringLength: 20, maxArrayLength: 4 }).slice(0, 90)}`, () => {
      expect(roundTrip(value)).to.deep.equal(value);
    });
  }

  it('keeps any nesting of plain values', () => {
    const leaf = fc.oneof(
      fc.integer(),
      fc.double(),
      fc.string({ unit: 'binary' }),
      fc.boolean(),
      fc.constant(null),
      fc.bigInt({ min: 2n ** 53n }),
    );
    const value = fc.letrec((tie) => ({
      node: fc.oneof(
        { depthSize: 'small' },
        leaf,
        fc.array(tie('node')),
        fc.dictionary(fc.string(), tie('node'), { noNullPrototype: true }),
      ),
    })).node;
    fc.assert(
      fc.property(value, (sample) => {
        expect(roundTrip(sample)).to.deep.equal(sample);
      }),
      { numRuns: 300 },
    );
  });

  const turned: [title: string, from: unknown, to: unknown][] = [
    ['undefined into null', { a: undefined, b: [undefined] }, { a: null, b: [null] }],
    ['holes into null', [, 1], [null, 1]], // oxlint-disable-line no-sparse-arrays
    ['a small bigint into a number', 5n, 5],
    ['a Map with string keys into an object', new Map([['a', 1]]), { a: 1 }],
    ['an ArrayBuffer into a Buffer', new Uint8Array([1, 2]).buffer, Buffer.from([1, 2])],
    ['a DataView into a Buffer', new DataView(new Uint8Array([1, 2, 3]).buffer, 1), Buffer.from([2, 3])],
    ['a Uint8Array into a Buffer', Uint8Array.of(9), Buffer.from([9])],
    ['a view into its own part', new Float64Array([1, 2, 3]).subarray(1, 2), Float64Array.of(2)],
    ['a file into its path', new DataFile('/data/a.csv'), '/data/a.csv'],
    ['a remote file into its URL', new DataFile('https://example.org/a.csv'), 'https://example.org/a.csv'],
    ['an object of another realm into one of ours', runInNewContext('({ a: [1, new Map([[1, 2]])] })'), { a: [1, new Map([[1, 2]])] }],
    ['an object without prototype into one with', Object.assign(Object.create(null), { a: 1 }), { a: 1 }],
  ];
  for (const [title, from, to] of turned) {
    it(`turns ${title}`, () => expect(roundTrip(from)).to.deep.equal(to));
  }

  it('reads a key __proto__ as a key', () => {
    const record = roundTrip(JSON.parse('{"__proto__": {"polluted": true}}')) as object;
    expect(Object.keys(record)).to.deep.equal(['__proto__']);
    expect(Object.getPrototypeOf(record)).to.equal(Object.prototype);
  });

  it('gives results memory of their own', () => {
    const body = encodePython([Float64Array.of(1), Buffer.from('abc')]);
    const [array, bytes] = decodePython(body) as [Float64Array, Buffer];
    body.fill(0);
    expect([array[0], bytes.toString()]).to.deep.equal([1, 'abc']);
  });

  it('sends a module that several values refer to once', () => {
    const module = { module: 'flotilla_app_1', kind: 'source', app: 'f', text: 'y'.repeat(50_000) } as const;
    const value = (): PythonValue => new PythonValue('M', 'M()', Uint8Array.of(1), [module]);
    expect(encodePython([value(), value(), value()]).length).to.be.within(50_000, 51_000);
  });

  it('gives an encoder of its own to a getter that encodes', () => {
    const value = {
      get inner() {
        return encodePython([1, 2]).length;
      },
      after: 'x',
    };
    expect(roundTrip(value)).to.deep.equal({ inner: encodePython([1, 2]).length, after: 'x' });
  });

  class Model {}
  const cycle: unknown[] = [1];
  cycle.push({ back: cycle });
  const deep = (levels: number): unknown => (levels === 0 ? 1 : [deep(levels - 1)]);
  const refused: [title: string, value: unknown, path: string | RegExp, seen: RegExp][] = [
    ['a function', { model: { fn: () => 1 } }, 'value.model.fn', /a function \(fn\)/],
    ['a symbol', [[Symbol('s')]], 'value[0][0]', /symbol/],
    ['a promise', { 'my key': [Promise.resolve()] }, 'value["my key"][0]', /a Promise in a place where futures are not waited for/],
    ['a class instance', new Map([[3, new Model()]]), 'value[3]', /an instance of class Model/],
    ['an error', [new TypeError('x')], 'value[0]', /TypeError/],
    ['an invalid date', { d: new Date(NaN) }, 'value.d', /invalid Date/],
    ['a date that Python cannot hold', { d: new Date(253_402_300_800_000) }, 'value.d', /years 1 to 9999/],
    ['an array in a Set', { s: new Set([[1]]) }, 'value.s', /an array as an element of a Set \(Python cannot hash it\)$/],
    ['an object as a key', { m: new Map([[{}, 1]]) }, 'value.m', /an object as a key of a Map/],
    [
      'keys that are one to Python',
      new Map<unknown, number>([
        [1, 1],
        [true, 2],
      ]),
      'value',
      /true as a key of a Map is the same as another to Python$/,
    ],
    ['a value too deep', deep(600), /^value(\[0\]){501}$/, /deeper than 500/],
  ];
  for (const [title, value, path, seen] of refused) {
    it(`refuses ${title}, naming its path`, () => {
      const error = refusal(() => encodePython(value));
      if (typeof path === 'string') expect(error.path).to.equal(path);
      else expect(error.path).to.match(path);
      expect(error.seen).to.match(seen);
    });
  }

  it('refuses a cycle, and names where it closes once', () =>
    expect(refusal(() => encodePython(cycle))).to.include({ path: 'value[1].back', seen: 'a cycle (it is value again)' }));

  it('names arguments and keyword arguments of a call', () => {
    expect(refusal(() => encodePythonCall([1, { fn: Math.max }])).path).to.equal('args[1].fn');
    expect(refusal(() => encodePythonCall([], { model: [Math.max] })).path).to.equal('kw.model[0]');
    expect(decodePython(encodePythonCall([1], { n: 2 }))).to.deep.equal([[1], { n: 2 }]);
  });

  it('encodes again after a refusal', () => {
    refusal(() => encodePython([new Date(), Math.max]));
    expect(roundTrip([1])).to.deep.equal([1]);
  });

  it('throws an Error, and never hangs, on bytes that are cut off or wrong', () => {
    const whole = encodePython({ a: [1, 'text', 2n ** 80n, Float64Array.of(1), new Date(1)], b: Buffer.alloc(5) });
    for (let end = 0; end < whole.length; end++) expect(() => decodePython(whole.subarray(0, end))).to.throw(Error);
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => {
        try {
          decodePython(Buffer.from([2, bytes.length % 2, ...bytes]));
        } catch (error) {
          expect(error).to.be.instanceOf(Error);
        }
      }),
    );
  });

  it('refuses an NdArray whose shape or dtype does not fit its data', () => {
    expect(() => new NdArray(new Float64Array(5), [2, 3])).to.throw(TypeError, /shape \[2, 3\] holds 6 elements, but there are 5/);
    expect(() => new NdArray(new Float64Array(1), [1], 'bool')).to.throw(TypeError, /'bool' cannot be held by a Float64Array/);
  });
});
