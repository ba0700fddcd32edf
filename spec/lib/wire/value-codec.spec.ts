import { inspect } from 'node:util';
import { expect } from 'chai';
import fc from 'fast-check';
import { AppFuture, type TaskView } from '../../../lib/futures/app-future.ts';
import { DataFile } from '../../../lib/files/data-file.ts';
import { decodePython, encodePython, NdArray, PythonValue } from '../../../lib/wire/python-codec.ts';
import { UnencodableError } from '../../../lib/wire/unencodable.ts';
import { decodeStored, decodeValue, encodeStored, encodeValue, isStored, ValueTag } from '../../../lib/wire/value-codec.ts';

const roundTrip = (value: unknown): unknown => decodeValue(encodeValue(value));

function refusal(value: unknown): UnencodableError {
  try {
    encodeValue(value, 'args[0]');
  } catch (error) {
    if (error instanceof UnencodableError) return error;
    throw error;
  }
  throw new Error(`${inspect(value)} was not refused`);
}

/** Another copy of the package: other classes, the same brands. */
const [otherFiles, otherValues] = (await Promise.all([
  import(`${new URL('../../../lib/files/data-file.ts', import.meta.url).href}?copy`),
  import(`${new URL('../../../lib/wire/python/values.ts', import.meta.url).href}?copy`),
])) as [typeof import('../../../lib/files/data-file.ts'), typeof import('../../../lib/wire/python/values.ts')];

class Point {
  x = 1;
}

const sparse: unknown[] = [1];
sparse[3] = 4;

const KEPT: readonly (readonly [what: string, value: unknown])[] = [
  ['null', null],
  ['undefined', undefined],
  ['fields that have the name of a function', { toJSON: 1, then: 'x', constructor: null, valueOf: [] }],
  ['booleans', [true, false]],
  ['whole numbers', [0, 1, -1, 2 ** 31, -(2 ** 31), 2 ** 53 - 1, -(2 ** 53), 2 ** 64]],
  ['fractions', [0.1, -1e-300, 1e300, Number.MIN_VALUE]],
  ['what is no number', [Number.NaN, Infinity, -Infinity]],
  ['−0', -0],
  ['−0 deep inside', { a: [{ b: -0 }] }],
  ['bigints', [0n, -1n, 2n ** 63n - 1n, 2n ** 64n, -(2n ** 200n)]],
  ['strings', ['', 'plain', 'naïve 😀', '\0', 'x'.repeat(70_000)]],
  ['lone surrogates', ['\ud800', 'a\udc00b']],
  ['lone surrogates as keys', { '\ud800': 1 }],
  ['empty collections', [[], {}, new Map(), new Set()]],
  ['undefined in objects and arrays', { a: undefined, b: [undefined, 1] }],
  ['sparse arrays', sparse],
  ['keys like numbers and odd ones', { 1: 'a', '': 'b', 'two words': 'c', constructor: 'd' }],
  [
    'Maps of anything',
    new Map<unknown, unknown>([
      [1, 'a'],
      ['1', 'b'],
      [{ k: 1 }, new Map([[null, undefined]])],
    ]),
  ],
  ['Sets', new Set<unknown>([1, '1', null, Number.NaN])],
  ['Dates', [new Date(0), new Date('2026-11-20T12:00:00.123Z'), new Date(Number.NaN)]],
  ['regular expressions', /a+b/giu],
  ['bytes', Uint8Array.of(1, 2, 255)],
  ['typed arrays', [Float64Array.of(1.5, -0), Int8Array.of(-1), Uint16Array.of(65_535), BigInt64Array.of(-5n), Float32Array.of(0.5)]],
  ['an ArrayBuffer', Uint8Array.of(1, 2).buffer],
  ['deep values', nest(1000)],
];

function nest(depth: number): unknown {
  let value: unknown = 'bottom';
  for (let i = 0; i < depth; i++) value = i % 2 === 0 ? [value] : { value };
  return value;
}

describe('encoded values', () => {
  for (const [what, value] of KEPT) {
    it(`keep ${what}`, () => expect(roundTrip(value)).to.deep.equal(value));
  }

  it('tell −0 from 0', () => {
    expect(Object.is(roundTrip(-0), -0)).to.equal(true);
    expect(Object.is((roundTrip({ a: [-0] }) as { a: number[] }).a[0], -0)).to.equal(true);
    expect(Object.is(roundTrip(0), 0)).to.equal(true);
  });

  it('keep cycles and what is there twice', () => {
    const cyclic: { self?: unknown; list: unknown[] } = { list: [] };
    cyclic.self = cyclic;
    cyclic.list.push(cyclic.list);
    const read = roundTrip(cyclic) as typeof cyclic;
    expect(read.self).to.equal(read);
    expect(read.list[0]).to.equal(read.list);
  });

  it('keep what refers to each other in many ways, in no time', () => {
    const parent: { children: unknown[] } = { children: [] };
    for (let i = 0; i < 3; i++) parent.children.push({ parent, i });
    const read = roundTrip([parent]) as [typeof parent];
    expect(read[0].children[2]).to.have.property('parent', read[0]);
    let shared: unknown = ['x'];
    for (let i = 0; i < 60; i++) shared = [shared, shared];
    expect((roundTrip(shared) as unknown[])[0]).to.be.an('array');
  });

  it('keep the holes of sparse arrays', () => {
    const read = roundTrip(sparse) as unknown[];
    expect(1 in read).to.equal(false);
    expect(read.length).to.equal(4);
  });

  it('do not take a key named __proto__ for a prototype', () => {
    const hostile = JSON.parse('{"__proto__": {"admin": true}}') as object;
    const read = roundTrip([hostile]) as [{ admin?: boolean }];
    expect(read[0].admin).to.equal(undefined);
    expect(Object.keys(read[0])).to.deep.equal(['__proto__']);
  });

  it('keep files, plainly and beside what only a clone keeps', () => {
    const file = new DataFile('/data/a b.csv');
    for (const value of [file, [file], { deep: [{ file }] }, [new Map([['f', file]]), new Set([file]), -0]]) {
      const read = roundTrip(value);
      expect(inspect(read, { depth: 9 })).to.equal(inspect(value, { depth: 9 }));
    }
    expect((roundTrip([new Map([['f', file]])]) as [Map<string, DataFile>])[0].get('f'))
      .to.be.instanceOf(DataFile)
      .with.property('url', file.url);
  });

  it('of classes of another copy of the package arrive as those of this one', () => {
    const file = new otherFiles.DataFile('/data/a.csv');
    const array = new otherValues.NdArray(Float64Array.of(1, 2), [2, 1]);
    const opaque = new otherValues.PythonValue('complex', '1j', Uint8Array.of(1));
    expect(file).not.to.be.instanceOf(DataFile);
    const read = roundTrip({ file, rest: new Map([['array', array]]), opaque }) as {
      file: DataFile;
      rest: Map<string, NdArray>;
      opaque: object;
    };
    expect(read.file).to.be.instanceOf(DataFile).with.property('url', file.url);
    expect(read.rest.get('array'))
      .to.be.instanceOf(NdArray)
      .and.deep.include({ shape: [2, 1], data: Float64Array.of(1, 2) });
    expect(read.opaque).to.be.instanceOf(PythonValue).with.property('repr', '1j');
    expect((roundTrip(file) as DataFile).path).to.equal('/data/a.csv');
    expect(decodePython(encodePython([file, array]))).to.deep.equal(['/data/a.csv', new NdArray(Float64Array.of(1, 2), [2, 1])]);
  });

  it('of a class derived from one of ours are refused as others are', () => {
    class Labelled extends DataFile {}
    expect(refusal([new Labelled('/a')]).message).to.contain('an instance of class Labelled');
  });

  it('keep bare errors', () => {
    const read = roundTrip(new RangeError('far')) as Error;
    expect(read).to.be.instanceOf(RangeError).with.property('message', 'far');
  });

  it('are views of nothing that is used again', () => {
    const bytes = encodeValue({ data: Uint8Array.of(1, 2, 3) });
    const read = decodeValue(bytes) as { data: Uint8Array };
    bytes.fill(0);
    expect([...read.data]).to.deep.equal([1, 2, 3]);
    for (const array of [Uint8Array.of(1), Float64Array.of(1, 2), Buffer.of(1, 2, 3), new DataView(new ArrayBuffer(5))]) {
      const [, { buffer, constructor }] = roundTrip(['before', array]) as [string, typeof array];
      expect(buffer.byteLength).to.equal(array.byteLength);
      expect(constructor).to.equal(array.constructor);
    }
  });

  it('of plain values take the short way', () => {
    for (const value of [1, 'x', [1, 2], { a: { b: [null] } }, 2n, undefined])
      expect(encodeValue(value)[0], inspect(value)).to.equal(ValueTag.Plain);
    for (const value of [-0, new Map(), sparse, '\ud800', Uint8Array.of(1)])
      expect(encodeValue(value)[0], inspect(value)).to.equal(ValueTag.Clone);
  });

  it('keep whatever fast-check makes of plain data', () => {
    const anything = fc.anything({
      withBigInt: true,
      withMap: true,
      withSet: true,
      withDate: true,
      withTypedArray: true,
      withSparseArray: true,
      withNullPrototype: false,
    });
    fc.assert(
      fc.property(anything, (value) => {
        expect(inspect(roundTrip(value), { depth: 20 })).to.equal(inspect(value, { depth: 20 }));
      }),
      { numRuns: 1000 },
    );
  });

  const refused: readonly (readonly [what: string, value: unknown, path: string, seen: RegExp])[] = [
    ['a function', { callbacks: [0, { onDone() {} }] }, 'args[0].callbacks[1].onDone', /a function \(onDone\)/],
    ['an arrow', [() => 1], 'args[0][0]', /a function/],
    ['a symbol', { tag: Symbol('x') }, 'args[0].tag', /a symbol \(Symbol\(x\)\)/],
    ['an instance of a class', { at: new Point() }, 'args[0].at', /an instance of class Point/],
    ['an instance of a class without a name', [new (class {})()], 'args[0][0]', /^an instance of a class without a name$/],
    ['a generator', [(function* () {})()], 'args[0][0]', /^an instance of a class without a name \(Generator\)$/],
    ['a promise', [[Promise.resolve()]], 'args[0][0][0]', /a Promise in a place where futures are not waited for/],
    ['a future', [new Map([['f', new AppFuture<number>({} as TaskView)]])], "args[0][0].get('f')", /an AppFuture in a place/],
    ['a value in a Map', new Map([['key', Symbol('y')]]), "args[0].get('key')", /a symbol/],
    ['a key of a Map', new Map([[() => 1, 1]]), 'args[0].keys()', /a function/],
    ['a value in a Set', new Set([1, () => 1]), 'args[0].values()[1]', /a function/],
    ['an error with fields of its own', { e: Object.assign(new Error('x'), { code: 1 }) }, 'args[0].e', /an error with fields/],
    ['a WeakMap', [new WeakMap()], 'args[0][0]', /WeakMap/],
    ['a Proxy of a function', { p: new Proxy(() => 1, {}) }, 'args[0].p', /a function/],
    ['a key that is no name', { 'two words': { '0x': () => 1 } }, 'args[0]["two words"]["0x"]', /a function/],
    ['what lies behind a cycle', cyclicWith(() => 1), 'args[0].bad', /a function/],
    ['what lies very deep', [nestWith(Symbol('deep'), 400)], `args[0]${'[0]'.repeat(401)}`, /a symbol/],
  ];

  for (const [what, value, path, seen] of refused) {
    it(`refuse ${what}, and name its path`, () => {
      const error = refusal(value);
      expect(error.path).to.equal(path);
      expect(error.seen).to.match(seen);
    });
  }

  it('leave the middle of a very long path out of the message', () =>
    expect(refusal([nestWith(Symbol('deep'), 400)]).message)
      .to.match(/^args\[0\].* … .*\[0\] is a symbol/)
      .and.to.have.property('length')
      .that.is.lessThan(300));

  it('say where a value lies that is not here', () => {
    const stored = { store: 'file', key: '/runinfo/000/store/x', size: 7 } as const;
    const bytes = encodeStored(stored);
    expect(isStored(bytes)).to.equal(true);
    expect(isStored(encodeValue(1))).to.equal(false);
    expect(decodeStored(bytes)).to.deep.equal(stored);
    expect(() => decodeValue(bytes)).to.throw();
  });

  it('of an unknown kind are an error, not a guess', () => {
    expect(() => decodeValue(Buffer.of(99, 1, 2))).to.throw('tag 99');
  });
});

function cyclicWith(bad: unknown): unknown {
  const value: Record<string, unknown> = { again: undefined, bad };
  value['again'] = value;
  return value;
}

function nestWith(bottom: unknown, depth: number): unknown {
  let value = bottom;
  for (let i = 0; i < depth; i++) value = [value];
  return value;
}
