import { expect } from 'chai';
import { compileAppOptions, mergeAppOptions, type AppKind, type AppOptions, type CompiledAppOptions } from '../../../lib/apps/options.ts';
import { InvalidOptionError } from '../../../lib/errors/index.ts';
import { file } from '../../../lib/files/file.ts';

const compile = (options: unknown, kind: AppKind = 'bash'): CompiledAppOptions => compileAppOptions(options as AppOptions, kind, 'hello');

function refusalOf(act: () => unknown): InvalidOptionError {
  try {
    act();
  } catch (error) {
    expect(error).to.be.instanceOf(InvalidOptionError);
    return error as InvalidOptionError;
  }
  throw new Error('it was accepted');
}

describe('options of an app', () => {
  it('are refused by the name that the user gave it, where that is one', () => {
    expect(refusalOf(() => compile({ name: 'myapp', stdout: 5 })).message).to.match(/^app 'myapp': /);
    expect(refusalOf(() => compile({ name: 5, stdout: 'x' })).message).to.match(/^app 'hello': /);
  });

  it('have their defaults when none is given', () => {
    const defaults = {
      name: 'hello',
      executors: 'all',
      retries: undefined,
      walltimeMs: undefined,
      priority: 0,
      cache: false,
      version: undefined,
      ignoreForCache: [],
      resources: undefined,
      stdout: undefined,
      stderr: undefined,
      inputs: [],
      outputs: [],
      cwd: undefined,
      sandbox: false,
      env: undefined,
      python: undefined,
      pty: false,
      label: undefined,
      returns: 'exitCode',
      killGraceMs: 5000,
      onLost: 'retry',
      onFailure: { kind: 'fail' },
      group: undefined,
    };
    expect(compile(undefined)).to.deep.equal(defaults);
    expect(compile({ retries: undefined, name: undefined, sandbox: undefined })).to.deep.equal(defaults);
  });

  const promise = Promise.resolve();
  const local = file('/data/a.csv');
  const remote = file('https://example.org/a.csv');
  const accepted: readonly [given: AppOptions, compiled: Partial<CompiledAppOptions>, kind?: AppKind][] = [
    [{ name: 'other' }, { name: 'other' }],
    [{ executors: ['a', 'b'] }, { executors: ['a', 'b'] }],
    [{ retries: 0 }, { retries: 0 }],
    [{ walltime: '1h30m' }, { walltimeMs: 5_400_000 }],
    [{ walltime: 0.5 }, { walltimeMs: 500 }],
    [{ killGrace: '2s' }, { killGraceMs: 2000 }],
    [{ killGrace: '0s' }, { killGraceMs: 0 }],
    [{ priority: -32_768 }, { priority: -32_768 }],
    [
      { cache: true, version: '2', ignoreForCache: ['verbose', 0] },
      { cache: true, version: '2', ignoreForCache: ['verbose', 0] },
    ],
    [
      { stdout: 'a.out', stderr: 'auto' },
      { stdout: ['a.out', 'a'], stderr: 'auto' },
    ],
    [{ stdout: ['a.out', 'w'] }, { stdout: ['a.out', 'w'] }],
    [{ stdout: file('/tmp/a.out') }, { stdout: ['/tmp/a.out', 'a'] }],
    [{ stdout: ['auto', 'w'] }, { stdout: ['auto', 'w'] }],
    [{ inputs: ['a', local, promise] }, { inputs: ['a', local, promise] }],
    [{ inputs: ['file:///a', 'a:b'] }, { inputs: ['file:///a', 'a:b'] }],
    [{ outputs: ['a', file('/b')] }, { outputs: ['a', file('/b')] }],
    [{ cwd: 'data' }, { cwd: 'data' }],
    [{ sandbox: true }, { sandbox: true }],
    [{ env: { A: '1', B: '' } }, { env: { A: '1', B: '' } }],
    [{ python: '/venv/bin/python' }, { python: '/venv/bin/python' }, 'python'],
    [
      { pty: true, returns: 'lines' },
      { pty: true, returns: 'lines' },
    ],
    [
      { label: 'T = 3', onLost: 'fail' },
      { label: 'T = 3', onLost: 'fail' },
    ],
  ];
  for (const [given, compiled, kind] of accepted) {
    it(`accept ${JSON.stringify(given)}`, () => expect(compile(given, kind)).to.deep.include(compiled));
  }

  const refused: readonly [given: Record<string, unknown>, option: string, ...said: string[]][] = [
    [{ retires: 2 }, 'retires', "Did you mean 'retries'?"],
    [{ ignore_for_cache: [] }, 'ignore_for_cache', "Did you mean 'ignoreForCache'?"],
    [{ frobnicate: 1 }, 'frobnicate', 'Known are: name, executors'],
    [{ constructor: 1 }, 'constructor'],
    [{ name: 4 }, 'name', '4 (number)', 'text'],
    [{ name: '' }, 'name'],
    [{ executors: 'htex' }, 'executors', "Did you mean ['htex']?"],
    [{ executors: [] }, 'executors'],
    [{ retries: '2' }, 'retries', "'2' (string)", 'a whole number, 0 or more'],
    [{ retries: -1 }, 'retries'],
    [{ retries: 1.5 }, 'retries'],
    [{ walltime: '30' }, 'walltime', '30s'],
    [{ walltime: 'soon' }, 'walltime', '"soon"', "'30m'"],
    [{ walltime: 0 }, 'walltime', 'more than 0'],
    [{ walltime: -5 }, 'walltime'],
    [{ walltime: Number.POSITIVE_INFINITY }, 'walltime', 'Infinity'],
    [{ walltime: null }, 'walltime', 'null'],
    [{ killGrace: -1 }, 'killGrace'],
    [{ killGrace: 5 }, 'killGrace', '5 (number)', "Did you mean '5s'?"],
    [{ killGrace: 'soon' }, 'killGrace', '"soon"'],
    [{ priority: 40_000 }, 'priority', '-32768 to 32767'],
    [{ cache: 'yes' }, 'cache', 'true or false'],
    [{ version: 2 }, 'version'],
    [{ ignoreForCache: ['a', -1] }, 'ignoreForCache[1]', '-1'],
    [{ ignoreForCache: 'a' }, 'ignoreForCache', 'a list'],
    [{ resources: { gpu: 1 } }, 'gpu', "Did you mean 'gpus'?"],
    [{ resources: { memory: 6 } }, 'resources.memory', "Did you mean '6GiB'?"],
    [{ resources: { memory: '6' } }, 'resources.memory', '6GiB'],
    [{ resources: { memory: true } }, 'resources.memory'],
    [{ resources: { cores: 0 } }, 'resources.cores', 'more than 0'],
    [{ resources: 4 }, 'resources', '{ cores: 2'],
    [{ stdout: ['a', 'x'] }, 'stdout', "Did you mean ['a', 'w']?"],
    [{ stdout: ['a', 'w', 'b'] }, 'stdout'],
    [{ stdout: [] }, 'stdout'],
    [{ stdout: 4 }, 'stdout', "'auto'"],
    [{ stdout: '' }, 'stdout'],
    [{ stderr: 'https://example.org/a' }, 'stderr'],
    [{ stderr: remote }, 'stderr'],
    [{ inputs: [4] }, 'inputs[0]', '4'],
    [{ inputs: ['a', remote] }, 'inputs[1]', 'https://example.org/a.csv', 'this release fetches no others'],
    [{ inputs: [new URL('https://example.org/a')] }, 'inputs[0]', 'https://example.org/a'],
    [{ inputs: ['ftp://example.org/a'] }, 'inputs[0]', 'ftp://example.org/a'],
    [{ outputs: ['a', remote] }, 'outputs[1]'],
    [{ cwd: 4 }, 'cwd'],
    [{ cwd: 'a\0b' }, 'cwd'],
    [{ sandbox: '/tmp' }, 'sandbox'],
    [{ sandbox: true, cwd: '/tmp' }, 'sandbox', 'exclude each other'],
    [{ env: { A: 4 } }, 'env.A', "Did you mean '4'?"],
    [{ env: { 'A=B': 'x' } }, 'env', 'A=B'],
    [{ env: ['A=1'] }, 'env'],
    [{ pty: 1 }, 'pty'],
    [{ returns: 'jsn' }, 'returns', "Did you mean 'json'?"],
    [{ onLost: 'ignore' }, 'onLost', "'retry', 'fail'"],
    [{ onFailure: 'ignroe' }, 'onFailure', "Did you mean 'ignore'?"],
    [{ onFailure: 'CANCEL_SUCCESSORS' }, 'onFailure', '{ ignore: value }'],
    [{ onFailure: { ignored: 1 } }, 'onFailure', "'cancelSuccessors'"],
    [{ onFailure: { ignore: 1, fail: 2 } }, 'onFailure'],
    [{ onFailure: { ignore: promise } }, 'onFailure', 'no promise'],
    [{ onFailure: null }, 'onFailure', 'null'],
    [{ group: 'sweep' }, 'group', "as group('name') makes it"],
  ];
  for (const [given, option, ...said] of refused) {
    it(`refuse ${JSON.stringify(given)}, naming app and option`, () => {
      const error = refusalOf(() => compile(given));
      expect(error.option).to.equal(option);
      for (const part of ["app 'hello'", ...said]) expect(error.message).to.contain(part);
    });
  }

  it('tell the nearest name and the value seen as fields', () => {
    expect(refusalOf(() => compile({ retires: 2 }))).to.include({ of: "app 'hello'", option: 'retires', value: 2, nearest: 'retries' });
    expect(refusalOf(() => compile({ returns: 'jsn' })).nearest).to.equal('json');
    expect(refusalOf(() => compile({ cache: 3 })).nearest).to.equal(undefined);
  });

  for (const options of [4, 'x', null, ['retries']]) {
    it(`must be an object, not ${JSON.stringify(options)}`, () => {
      expect(refusalOf(() => mergeAppOptions(compile({}), options as never, 'js')).message).to.contain('{ retries: 2 }');
    });
  }

  const meaningless: readonly [kind: AppKind, ...options: (keyof AppOptions)[]][] = [
    ['js', 'returns', 'pty', 'python'],
    ['python', 'returns', 'pty'],
    ['bash', 'python'],
    ['join', 'returns', 'pty', 'python', 'stdout', 'cwd', 'sandbox', 'env', 'resources', 'executors', 'walltime', 'outputs'],
  ];
  for (const [kind, ...options] of meaningless) {
    for (const option of options) {
      it(`refuse '${option}' for a ${kind} app`, () => {
        expect(refusalOf(() => compile({ [option]: 'x' }, kind)).message).to.contain(`'${option}' has no meaning for a ${kind} app`);
      });
    }
  }

  it('are copies: what the script changes later does not matter', () => {
    const given = { executors: ['a'], env: { A: '1' }, inputs: ['x'] };
    const compiled = compile(given);
    given.executors.push('b');
    given.env.A = '2';
    given.inputs.push('y');
    expect(compiled).to.deep.include({ executors: ['a'], env: { A: '1' }, inputs: ['x'] });
  });
});

describe('options of one call', () => {
  const base = compile({ retries: 2, env: { A: '1', B: '1' }, cwd: 'data', stdout: 'a.out' });
  const merge = (call: AppOptions, over = base): CompiledAppOptions => mergeAppOptions(over, call, 'bash');

  it("replace the app's, and leave the others", () => {
    expect(merge({ stdout: 'b.out', retries: undefined })).to.deep.equal({ ...base, stdout: ['b.out', 'a'] });
    expect(base.stdout).to.deep.equal(['a.out', 'a']);
  });

  it("add to the app's environment", () => {
    expect(merge({ env: { B: '2', C: '2' } }).env).to.deep.equal({ A: '1', B: '2', C: '2' });
    expect(merge({}, compile({})).env).to.equal(undefined);
    expect(base.env).to.deep.equal({ A: '1', B: '1' });
  });

  it("a sandbox takes the place of the app's directory, and a directory that of its sandbox", () => {
    expect(merge({ sandbox: true })).to.include({ sandbox: true, cwd: undefined });
    expect(merge({ cwd: 'x' }, merge({ sandbox: true }))).to.include({ sandbox: false, cwd: 'x' });
    expect(merge({ sandbox: false })).to.include({ sandbox: false, cwd: 'data' });
  });

  it('are refused as those of the app are', () => {
    expect(refusalOf(() => merge({ stdot: 'x' } as AppOptions)).message)
      .to.contain("app 'hello'")
      .and.to.contain("'stdout'");
  });
});
