import { deepStrictEqual } from 'node:assert/strict';
import { inspect } from 'node:util';
import { expect } from 'chai';
import { Packr } from 'msgpackr';
import * as errors from '../../../lib/errors/index.ts';
import {
  encodeError,
  isAppError,
  packWireError,
  reviveError,
  unpackWireError,
  type TaskRef,
  type WireError,
} from '../../../lib/errors/index.ts';
import { onePerClass } from './one-per-class.ts';

const task: TaskRef = { id: 7, app: 'simulate', try: 2, host: 'n012', worker: '3' };
const travel = (error: unknown): Error => reviveError(unpackWireError(packWireError(encodeError(error))), task);
const revive = (wire: Partial<WireError>): Error => reviveError({ kind: 'js', name: 'Error', message: '', ...wire }, task);

class SolverError extends Error {
  override readonly name = 'SolverError';
  readonly code = 'E_DIVERGED';
  readonly iterations: number;
  readonly history = { residuals: [0.5, 2], at: new Date(0), data: new Float64Array([1, 2]) };

  constructor(message: string, iterations: number, options?: ErrorOptions) {
    super(message, options);
    this.iterations = iterations;
  }
}

describe('a JavaScript error on its way from worker to driver', () => {
  it('keeps name, message, own fields, its own code and the remote stack', () => {
    const thrown = new SolverError('diverged', 12);
    const arrived = travel(thrown);
    expect(arrived.name).to.equal('SolverError');
    expect(arrived.message).to.equal('diverged');
    expect(arrived.stack).to.equal(thrown.stack);
    deepStrictEqual({ ...arrived }, { ...thrown });
  });

  it('has ours under one property that comparing and listing do not see', () => {
    const arrived = travel(new SolverError('diverged', 12));
    expect(arrived).to.satisfy(isAppError);
    expect((arrived as errors.TaggedError).flotilla).to.deep.equal({ code: 'FLOTILLA_APP_ERROR', task });
    expect(Object.keys(arrived)).not.to.include('flotilla');
    expect(Object.getOwnPropertySymbols({ ...arrived })).to.deep.equal([]);
    expect(isAppError(new Error('x'))).to.equal(false);
    expect(isAppError(Object.assign(new Error('x'), { flotilla: {} }))).to.equal(false);
  });

  it('shows which task it was when it is printed, also as the cause of another', () => {
    const arrived = travel(new SolverError('diverged', 12));
    for (const printed of [inspect(arrived), inspect(new Error('outer', { cause: arrived }))]) {
      expect(printed).to.contain('diverged').and.to.contain('iterations: 12');
      expect(printed).to.contain('[FLOTILLA_APP_ERROR: task 7 (simulate), try 2, on n012, worker 3]');
    }
  });

  for (const Class of [TypeError, RangeError, SyntaxError, ReferenceError, EvalError, URIError, Error]) {
    it(`a ${Class.name} is one again`, () => {
      const arrived = travel(new Class('x'));
      expect(Object.getPrototypeOf(arrived)).to.equal(Class.prototype);
      expect(Object.keys(arrived)).to.deep.equal([]);
    });
  }

  it('a name that is not a class of the language arrives as a plain error of that name', () => {
    const thrown = Object.defineProperty(new TypeError('x'), 'name', { value: 'toString' });
    const arrived = travel(thrown);
    expect(Object.getPrototypeOf(arrived)).to.equal(Error.prototype);
    expect(arrived.name).to.equal('toString');
    expect(Object.keys(arrived)).to.deep.equal([]);
  });

  it('keeps nested causes and the errors of an AggregateError, what is no error among them too', () => {
    const inner = new TypeError('inner', { cause: 'a text' });
    const arrived = travel(new AggregateError([inner, 42], 'several', { cause: new SolverError('deep', 1) })) as AggregateError;
    expect(arrived).to.be.instanceOf(AggregateError);
    expect(arrived.errors[0]).to.be.instanceOf(TypeError).and.to.include({ message: 'inner', cause: 'a text', stack: inner.stack });
    expect(arrived.errors[1]).to.equal(42);
    expect(arrived.cause).to.include({ name: 'SolverError', iterations: 1 });
    expect(Object.keys(arrived)).to.deep.equal([]);
  });

  it('that is its own cause arrives all the same', () => {
    const thrown = new Error('loop');
    thrown.cause = thrown;
    expect(travel(thrown).message).to.equal('loop');
  });

  const leftBehind: readonly [what: string, value: unknown, shown: RegExp][] = [
    ['a function', function onDone() {}, /onDone/],
    ['a symbol', Symbol('mark'), /mark/],
    ['a promise', Promise.resolve(1), /Promise/],
    [
      'a class instance',
      new (class Socket {
        port = 80;
      })(),
      /Socket.*80/,
    ],
    ['another error', new TypeError('inner'), /^TypeError: inner$/],
    ['an integer beyond 64 bits', 10n ** 30n, /^10+n$/],
    [
      'a value that throws when it is looked at',
      new Proxy(
        {},
        {
          getPrototypeOf: () => {
            throw new Error('no');
          },
        },
      ),
      /./,
    ],
  ];
  for (const [what, value, shown] of leftBehind) {
    it(`leaves ${what} behind as a text, and keeps the fields beside it`, () => {
      const thrown = Object.assign(new Error('x'), { field: value, list: [1, value], count: 3 });
      const { field, list, count } = travel(thrown) as never as Record<string, unknown>;
      expect(field).to.match(shown);
      expect(list).to.be.an('array').with.property('0', 1);
      expect(count).to.equal(3);
    });
  }

  it('keeps undefined, null, bytes, sets and bigints of 64 bits as they are', () => {
    const fields = { u: undefined, n: null, s: new Set([1]), b: 2n ** 62n, bytes: new Float64Array([1.5]) };
    deepStrictEqual({ ...travel(Object.assign(new Error('x'), fields)) }, fields);
  });

  it('shortens what goes round in circles', () => {
    const circle: Record<string, unknown> = { n: 1 };
    circle['self'] = circle;
    const arrived = travel(Object.assign(new Error('x'), { circle })) as never as { circle: { n: number; self: string } };
    expect(arrived.circle.n).to.equal(1);
    expect(arrived.circle.self).to.be.a('string');
  });

  it('survives getters that throw, a message that is no text and a stack that is none', () => {
    const thrown = Object.defineProperty(new Error('x'), 'field', {
      get: () => {
        throw new Error('no field');
      },
      enumerable: true,
    });
    thrown.message = 4 as never;
    thrown.stack = undefined as never;
    const arrived = travel(thrown);
    expect(arrived.message).to.equal('4');
    expect(arrived.stack).to.equal('Error: 4');
    expect(arrived).to.have.property('field').that.contains('no field');
  });

  for (const value of ['a text', 42, null, undefined, { reason: 'full' }]) {
    it(`carries ${inspect(value)}, which was thrown and is no error, in an error that says so`, () => {
      const arrived = travel(value);
      expect(arrived.name).to.equal('NonError');
      expect(arrived.message).to.contain('not an error').and.to.contain(inspect(value));
      expect(arrived).to.have.property('value').that.deep.equals(value);
    });
  }

  it('does not touch the prototype of anything', () => {
    const arrived = revive({ fields: JSON.parse('{"__proto__": {"bad": true}}') as Record<string, unknown> });
    expect(arrived).not.to.have.property('bad');
    expect(arrived).to.be.instanceOf(Error);
  });
});

describe('errors of ours on their way from worker to driver', () => {
  const travelling = [
    'BashExitError',
    'CancelledError',
    'DefinitionError',
    'ManagerLost',
    'MemoryLimitError',
    'MissingOutputsError',
    'PlacementError',
    'PythonError',
    'SerializationError',
    'WalltimeError',
    'WorkerLost',
  ];
  for (const name of travelling) {
    it(`${name} is one again, with its fields and the task in its message`, () => {
      const made = onePerClass[name] as errors.FlotillaError;
      const arrived = travel(made);
      expect(Object.getPrototypeOf(arrived)).to.equal(Object.getPrototypeOf(made));
      deepStrictEqual({ ...arrived }, { ...made });
      expect((arrived as errors.TaggedError).flotilla).to.deep.equal({ code: made.code, task });
      if (name !== 'PythonError') expect(arrived.message).to.contain('task 7 (simulate)');
    });
  }

  it('one that is not known to travel arrives with its name, code and fields', () => {
    const arrived = travel(new errors.SubmitError('sbatch: no', { fields: { job: 4 } }));
    expect(arrived).to.include({ name: 'SubmitError', code: 'FLOTILLA_SUBMIT_ERROR', job: 4, message: 'sbatch: no' });
  });

  it('makes the message from the fields where the writer left it empty', () => {
    const fields = { exitCode: 3, signal: null, command: 'false', stdoutTail: '', stderrTail: 'oh\n' };
    expect(revive({ kind: 'bash', fields }).message).to.equal('task 7 (simulate): the command exited with 3: false\noh');
    expect(revive({ kind: 'worker-lost', fields: { signal: 'SIGKILL' } }).message).to.contain('worker 3 on n012 was lost by SIGKILL');
  });

  it("names the task in a writer's own message, once", () => {
    expect(revive({ kind: 'walltime', message: 'took too long' }).message).to.equal('task 7 (simulate): took too long');
    expect(revive({ kind: 'walltime', message: 'task 7 (simulate) took too long' }).message).to.equal('task 7 (simulate) took too long');
    expect(revive({ kind: 'walltime', message: 'task 71 took too long' }).message).to.match(/^task 7 \(simulate\): task 71/);
  });

  it('keeps where a function could not be loaded', () => {
    const arrived = revive({ kind: 'definition', message: 'no module', stack: 'Error: no module\n    at worker.ts:1:1' });
    expect(arrived).to.be.instanceOf(errors.DefinitionError);
    expect(arrived.stack).to.contain('at worker.ts:1:1');
  });

  it('revives a kind that it does not know as an error with name and message', () => {
    expect(revive({ kind: 'quantum' as never, name: 'Decohered', message: 'gone' })).to.include({ name: 'Decohered', message: 'gone' });
  });

  it('leaves no frames of the driver on them, and the limit of stack traces alone', () => {
    const limit = Error.stackTraceLimit;
    expect(revive({ kind: 'walltime', message: 'late' }).stack).to.equal('WalltimeError: task 7 (simulate): late');
    expect(Error.stackTraceLimit).to.equal(limit);
  });
});

describe('an exception from Python', () => {
  const wire: WireError = {
    kind: 'python',
    name: 'ValueError',
    message: 'bad value',
    stack: 'Traceback (most recent call last):\nValueError: bad value\n',
    cause: { kind: 'python', name: 'KeyError', message: "'x'", stack: 'Traceback: inner\n' },
  };

  it('arrives with type, message, traceback and its cause', () => {
    const arrived = travelAsPython(wire) as errors.PythonError;
    expect(arrived).to.be.instanceOf(errors.PythonError).and.to.be.instanceOf(errors.AppError);
    expect(arrived).to.include({
      type: 'ValueError',
      message: 'ValueError: bad value',
      traceback: wire.stack,
      code: 'FLOTILLA_PYTHON_ERROR',
    });
    expect(arrived.cause).to.be.instanceOf(errors.PythonError).and.to.include({ type: 'KeyError', message: "KeyError: 'x'" });
  });

  it('keeps its code, whatever its fields are called', () => {
    const arrived = revive({ ...wire, fields: { code: 7, exitCode: 7 } });
    expect(arrived).to.include({ code: 'FLOTILLA_PYTHON_ERROR', exitCode: 7 });
    expect(arrived).to.have.nested.property('flotilla.code', 'FLOTILLA_PYTHON_ERROR');
  });

  it('takes type and traceback from the fields where the writer put them there', () => {
    const fields = { type: 'numpy.linalg.LinAlgError', traceback: 'Traceback: here' };
    expect(revive({ kind: 'python', name: 'LinAlgError', fields })).to.include(fields);
  });

  /** As another writer of MessagePack packs it: plain maps, nothing of ours. */
  function travelAsPython(error: WireError): Error {
    const plain = new Packr({ useRecords: false, variableMapSize: true });
    return reviveError(unpackWireError(plain.pack(error)), task);
  }
});

describe('bytes of a WireError', () => {
  it('can be read by any MessagePack reader as plain maps', () => {
    const bytes = packWireError(encodeError(Object.assign(new TypeError('x'), { exitCode: 3, note: 'n' })));
    const fields = { exitCode: 3, note: 'n' };
    expect(new Packr({ useRecords: false }).unpack(bytes)).to.deep.include({ kind: 'js', name: 'TypeError', message: 'x', fields });
  });

  it('are not looked at again once they were read', () => {
    const bytes = packWireError({ kind: 'js', name: 'Error', message: 'x', fields: { data: Buffer.from('abc') } });
    const read = unpackWireError(bytes);
    bytes.fill(0);
    expect(String(read.fields?.['data'])).to.equal('abc');
  });

  const unreadable: readonly [string, Buffer][] = [
    ['none', Buffer.alloc(0)],
    ['a number', Buffer.from([5])],
    ['a torn map', Buffer.from([0x83, 0xa4, 0x6b])],
  ];
  for (const [what, bytes] of unreadable) {
    it(`give an error that says so when they are ${what}`, () => {
      expect(reviveError(unpackWireError(bytes), task).message).to.contain('could not be read');
    });
  }
});
