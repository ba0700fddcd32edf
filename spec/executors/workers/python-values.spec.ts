import { expect } from 'chai';
import fc from 'fast-check';
import { encodePython, NdArray, PythonValue } from '../../../lib/wire/python-codec.ts';
import { barePython, numpyPython, systemPython } from '../../support/python.ts';
import { PythonWorker } from '../../support/python-worker.ts';

const ECHO = 'def f(x): return x';
const DESCRIBE = 'def f(x): return [type(x).__name__, repr(x)]';

describe('values between JavaScript and a Python worker', function () {
  this.timeout(120_000);
  let worker: PythonWorker;
  before(async () => {
    worker = await PythonWorker.start({ python: barePython() });
  });
  after(() => worker.kill());

  const seenInPython: [from: unknown, type: string, repr: string][] = [
    [1, 'int', '1'],
    [-5, 'int', '-5'],
    [2 ** 40, 'int', '1099511627776'],
    [-(2 ** 53) + 1, 'int', '-9007199254740991'],
    [3.0, 'int', '3'],
    [-0, 'float', '-0.0'],
    [0.1, 'float', '0.1'],
    [2 ** 53, 'float', '9007199254740992.0'],
    [NaN, 'float', 'nan'],
    [-Infinity, 'float', '-inf'],
    [10n ** 40n, 'int', `1${'0'.repeat(40)}`],
    [-(2n ** 45n), 'int', '-35184372088832'],
    [7n, 'int', '7'],
    [null, 'NoneType', 'None'],
    [undefined, 'NoneType', 'None'],
    [true, 'bool', 'True'],
    ['añ😀', 'str', "'añ😀'"],
    ['\udc80', 'str', "'\\udc80'"],
    [Uint8Array.of(1, 255), 'bytes', "b'\\x01\\xff'"],
    [[1, 1.5, 'a'], 'list', "[1, 1.5, 'a']"],
    [[1, 2.5], 'list', '[1, 2.5]'],
    [{ a: { b: 1 } }, 'dict', "{'a': {'b': 1}}"],
    [new Map([[1, 'x']]), 'dict', "{1: 'x'}"],
    [new Set(['a']), 'set', "{'a'}"],
    [new Date(1_700_000_000_123), 'datetime', 'datetime.datetime(2023, 11, 14, 22, 13, 20, 123000, tzinfo=datetime.timezone.utc)'],
    [Float64Array.of(1, 2.5), 'array', "array('d', [1.0, 2.5])"],
    [BigInt64Array.of(-1n), 'array', "array('q', [-1])"],
    [Float16Array.of(1.5), 'array', "array('f', [1.5])"],
  ];
  for (const [from, type, repr] of seenInPython) {
    it(`is ${type} ${repr} in Python`, async () => expect(await worker.call(DESCRIBE, [from])).to.deep.equal([type, repr]));
  }

  const seenInJs: [expression: string, to: unknown][] = [
    ['1.0', 1],
    ['2**53 - 1', 2 ** 53 - 1],
    ['2**53', 2n ** 53n],
    ['-(2**200)', -(2n ** 200n)],
    ['-0.0', -0],
    ['float("inf")', Infinity],
    ['(1, (2.5, "x"))', [1, [2.5, 'x']]],
    [
      '[(1, 2), (3, 4)]',
      [
        [1, 2],
        [3, 4],
      ],
    ],
    [
      '{1: "a", "b": 2}',
      new Map<unknown, unknown>([
        [1, 'a'],
        ['b', 2],
      ]),
    ],
    ['{None: (1,)}', new Map([[null, [1]]])],
    ['{1, "a"}', new Set([1, 'a'])],
    ['[frozenset([1])]', [new Set([1])]],
    ['"\\udc80"', '\udc80'],
    ['b"ab"', Buffer.from('ab')],
    ['[bytearray(b"ab")]', [Buffer.from('ab')]],
    ['memoryview(b"ab")', Buffer.from('ab')],
    ['__import__("collections").OrderedDict(b=1, a=(2,))', { b: 1, a: [2] }],
    ['__import__("collections").Counter("aab")', { a: 2, b: 1 }],
    ['__import__("collections").namedtuple("P", "x y")(1, 2)', [1, 2]],
    ['__import__("datetime").datetime(1969, 12, 31, 23, 59, 59, 999999, tzinfo=__import__("datetime").timezone.utc)', new Date(-1)],
    ['__import__("array").array("d", [1, 2])', Float64Array.of(1, 2)],
    ['[__import__("array").array("l", [-1])]', [BigInt64Array.of(-1n)]],
    ['memoryview(bytes(range(6))).cast("B", (2, 3))', new NdArray(Uint8Array.of(0, 1, 2, 3, 4, 5), [2, 3])],
  ];
  for (const [expression, to] of seenInJs) {
    it(`is ${expression} in JavaScript`, async () => expect(await worker.call(`def f(): return ${expression}`)).to.deep.equal(to));
  }

  it('keeps any nesting of plain values, there and back', async () => {
    const fnId = worker.define({ form: 'source', source: ECHO, function: 'f' });
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
    await fc.assert(
      fc.asyncProperty(value, async (sample) => {
        expect(await worker.value({ fnId, args: [sample] })).to.deep.equal(sample);
      }),
      { numRuns: 100 },
    );
  });

  it('writes plain values byte for byte as Python does', async () => {
    const value = { a: [1, 2 ** 40, -1.5, 'é', true, null], b: Buffer.from('x') };
    const python = await worker.call('import marshal\ndef f(x): return marshal.dumps(x, 2)', [value]);
    expect(encodePython(value).subarray(2)).to.deep.equal(python);
  });

  it('puts extras where they belong, however deep', async () => {
    const value = {
      rows: [{ at: new Date(5), v: [Float32Array.of(1), Buffer.alloc(70_000, 1)] }],
      map: new Map([[2n ** 60n, Int8Array.of(1)]]),
    };
    expect(await worker.call(ECHO, [value])).to.deep.equal(value);
    expect(
      await worker.call('def f(x): return [x["rows"][0]["v"][0].typecode, len(x["rows"][0]["v"][1]), x["map"][2**60][0]]', [value]),
    ).to.deep.equal(['f', 70_000, 1]);
  });

  it('gives arrays of other shapes as memoryviews without numpy', async () => {
    const matrix = new NdArray(Float64Array.of(1, 2, 3, 4, 5, 6), [2, 3]);
    expect(await worker.call('def f(m): return [m[1, 2], list(m.shape)]', [matrix])).to.deep.equal([6, [2, 3]]);
    const flags = new NdArray(Uint8Array.of(1, 0), [2], 'bool');
    expect(await worker.call('def f(m): return m.tolist()', [flags])).to.deep.equal([true, false]);
    for (const array of [matrix, flags, new NdArray(Int32Array.of(7), [])]) expect(await worker.call(ECHO, [array])).to.deep.equal(array);
  });

  it('takes keyword arguments', async () => {
    expect(await worker.call('def f(a, *, n=1): return [a, n]', [1], { kwargs: { n: 5 } })).to.deep.equal([1, 5]);
  });

  it('sends a large array there and back', async () => {
    const array = Float64Array.from({ length: 2_000_000 }, (_, i) => i);
    expect(await worker.call(ECHO, [array])).to.deep.equal(array);
  });

  it('names the path of what cannot travel', async () => {
    const generator = await worker.callError('def f(): return {"model": [1, (i for i in [1])]}');
    expect(generator).to.include({ kind: 'serialization', name: 'SerializationError' });
    expect(generator.message).to.match(/result\['model'\]\[1\] is of type generator.*cannot pickle/);
    expect(generator.fields).to.include({ path: "result['model'][1]" });
    const cycle = await worker.callError('def f():\n  a = [1, {}]\n  a[1]["back"] = a\n  return a');
    expect(cycle.message).to.match(/result\[1\]\['back'\] is a cycle \(it is result again\)/);
    const wide = await worker.callError('def f():\n  a = []\n  a.extend([a] * 1000)\n  return a');
    expect(wide.message).to.match(/result\[0\] is a cycle/);
    const deep = await worker.callError('def f():\n  a = 1\n  for _ in range(600): a = [a]\n  return a');
    expect(deep.message).to.match(/nested deeper than 500 levels/);
  });

  it('accepts values as deep as JavaScript does', async () => {
    let value: unknown = new Date(1);
    for (let i = 0; i < 495; i++) value = [value];
    expect(await worker.call(ECHO, [value])).to.deep.equal(value);
  });

  describe('that only Python understands', () => {
    let other: PythonWorker;
    beforeEach(async () => {
      other = await PythonWorker.start({ python: systemPython() });
    });
    afterEach(() => other.kill());

    it('are opaque in JavaScript and whole in another worker', async () => {
      const value = await worker.call('def f(): return {"z": 1+2j, "t": {(1, 2): 3}}');
      const { z, t } = value as Record<string, PythonValue>;
      expect(z).to.be.instanceOf(PythonValue).and.include({ type: 'complex', repr: '(1+2j)' });
      expect(t).to.include({ type: 'dict', repr: '{(1, 2): 3}' });
      expect(await other.call('def f(v): return [v["z"].imag, v["t"][(1, 2)]]', [value])).to.deep.equal([2, 3]);
    });

    it('bring the source of their class to a worker that has never seen it', async () => {
      const source =
        'class Model:\n  def __init__(self, k): self.k = k\n  def twice(self): return self.k * 2\ndef f(): return [Model(21), Model]';
      const value = (await worker.call(source)) as PythonValue[];
      expect(value[0]).to.include({ type: 'Model' });
      expect(value[0]?.repr).to.match(/Model object at/);
      expect(await other.call('def f(v): return [v[0].twice(), isinstance(v[0], v[1])]', [value])).to.deep.equal([42, true]);
      const passedOn = await other.call('def f(v): return [v[0]]', [value]);
      expect(await worker.call('def f(v): return v[0].k', [passedOn])).to.equal(21);
    });

    it('can be functions of the app', async () => {
      const fn = await worker.call('def _double(x): return x * 2\ndef f(): return _double');
      expect(await other.call('def f(g): return g(4)', [fn])).to.equal(8);
    });

    it('have a bounded repr, whatever their class does', async () => {
      const long = (await worker.call('class A:\n  def __repr__(self): return "x" * 10**6\ndef f(): return A()')) as PythonValue;
      expect(long.repr.length).to.be.at.most(200);
      const broken = (await worker.call('class A:\n  def __repr__(self): raise ValueError()\ndef f(): return A()')) as PythonValue;
      expect(broken.repr).to.be.a('string');
    });

    it('say what failed where they cannot be restored', async () => {
      const value = await worker.call(
        'import sys, types\nm = types.ModuleType("gone"); sys.modules["gone"] = m\nclass A: pass\nA.__module__ = "gone"; A.__qualname__ = "A"; m.A = A\ndef f(): return [A()]',
      );
      const error = await other.callError(ECHO, [value]);
      expect(error).to.include({ kind: 'serialization' });
      expect(error.message).to.match(/args\[0\]\[0\] cannot be restored \(python\): ModuleNotFoundError: No module named 'gone'/);
    });
  });

  describe('with numpy', () => {
    let numeric: PythonWorker | undefined;
    before(async function () {
      const numpy = numpyPython();
      if ('missing' in numpy) {
        console.warn(`      skipped: ${numpy.missing}`);
        return this.skip();
      }
      numeric = await PythonWorker.start({ python: numpy.python });
    });
    after(() => numeric?.kill());
    const call = (source: string, args: readonly unknown[] = []): Promise<unknown> => {
      if (!numeric) throw new Error('no numpy');
      return numeric.call(source, args);
    };
    const make = (expression: string): Promise<unknown> => call(`import numpy as np\ndef f(): return ${expression}`);

    it('says its version in the Hello', () => expect(numeric?.hello.numpy).to.match(/^\d+\.\d+/));

    it('imports numpy only once an array arrives', async () => {
      expect(await call('import sys\ndef f(): return "numpy" in sys.modules')).to.equal(false);
    });

    it('gives typed arrays as numpy arrays of their dtype, which may be written to', async () => {
      const arrays = [
        Int8Array.of(-1),
        Uint32Array.of(4e9),
        BigUint64Array.of(2n ** 64n - 1n),
        Float16Array.of(1.5),
        Float64Array.of(0.1),
        new Float32Array(0),
      ];
      const described = await call('def f(*a): return [[type(x).__name__, str(x.dtype), x.flags.writeable] for x in a]', arrays);
      expect(described).to.deep.equal(
        ['int8', 'uint32', 'uint64', 'float16', 'float64', 'float32'].map((dtype) => ['ndarray', dtype, true]),
      );
      expect(await call('def f(*a): return a', arrays)).to.deep.equal(arrays);
    });

    it('gives NdArrays their shape', async () => {
      const matrix = new NdArray(Float64Array.of(1, 2, 3, 4, 5, 6), [2, 3]);
      expect(await call('def f(m): return [m.sum(axis=0).tolist(), m.T.shape]', [matrix])).to.deep.equal([
        [5, 7, 9],
        [3, 2],
      ]);
      expect(await call('def f(m): return m.T', [matrix])).to.deep.equal(new NdArray(Float64Array.of(1, 4, 2, 5, 3, 6), [3, 2]));
    });

    const numpyInJs: [expression: string, to: unknown][] = [
      ['np.arange(3)', BigInt64Array.of(0n, 1n, 2n)],
      ['np.arange(10, dtype="f4")[::3]', Float32Array.of(0, 3, 6, 9)],
      ['np.array([1, 2], dtype=">i4")', Int32Array.of(1, 2)],
      ['np.array(7.5)', new NdArray(Float64Array.of(7.5), [])],
      ['np.zeros((0, 3))', new NdArray(new Float64Array(0), [0, 3])],
      ['np.array([True, False])', new NdArray(Uint8Array.of(1, 0), [2], 'bool')],
      [
        '[np.float64(1.5), np.float32(0.5), np.int64(2**60), np.uint8(7), np.bool_(True), np.str_("s")]',
        [1.5, 0.5, 2n ** 60n, 7, true, 's'],
      ],
      ['{"mean": np.float64(2.0)}', { mean: 2 }],
    ];
    for (const [expression, to] of numpyInJs) {
      it(`turns ${expression} into JavaScript`, async () => expect(await make(expression)).to.deep.equal(to));
    }

    it('keeps dtypes that JavaScript has no array for as opaque values', async () => {
      const value = (await make('[np.array([1+2j]), np.array(["a"]), np.datetime64("2020-01-01"), np.complex128(1j)]')) as PythonValue[];
      expect(value.map((one) => one.type)).to.deep.equal(['numpy.ndarray', 'numpy.ndarray', 'numpy.datetime64', 'numpy.complex128']);
      expect(await call('def f(v): return [v[0][0].imag, str(v[1][0]), str(v[2]), v[3].imag]', [value])).to.deep.equal([
        2,
        'a',
        '2020-01-01',
        1,
      ]);
    });
  });
});
