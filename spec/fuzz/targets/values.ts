/** Values and errors, which workers write and drivers read. */
import { inspect } from 'node:util';
import { packWireError, reviveError, unpackWireError } from '../../../lib/errors/index.ts';
import type { WireError } from '../../../lib/errors/wire-error.ts';
import { summarizeError } from '../../../lib/events/error-summary.ts';
import { describeFailure } from '../../../lib/kernel/failure-line.ts';
import { decodePython, encodePython, encodePythonCall, NdArray, PythonValue } from '../../../lib/wire/python-codec.ts';
import { decodeStored, decodeValue, encodeStored, encodeValue, pack } from '../../../lib/wire/value-codec.ts';
import { CANARY } from '../fuzz.ts';
import { packAnything } from '../odd-values.ts';
import { demand, type FuzzTarget, refuses } from '../target.ts';

const cyclic: Record<string, unknown> = { name: 'it' };
cyclic['self'] = cyclic;
const nested = { a: [1, 2.5, 'text', null, true, { b: [[[]]], c: -1 }], 'a key': 2n ** 60n, bytes: 'x'.repeat(300) };

const error: WireError = {
  kind: 'js',
  name: 'RangeError',
  message: 'too large',
  stack: 'RangeError: too large\n    at f (x.ts:1:2)',
  fields: { code: 'E', at: [1, 2], nested: { deep: true } },
  cause: { kind: 'python', name: 'ValueError', message: 'no', stack: 'Traceback' },
  errors: [{ kind: 'js', name: 'Error', message: 'inner' }],
};
const KINDS: readonly WireError['kind'][] = [
  ...([
    'bash',
    'missing-outputs',
    'serialization',
    'walltime',
    'worker-lost',
    'manager-lost',
    'cancelled',
    'definition',
    'placement',
  ] as const),
];
const FIELDS = { exitCode: 1, signal: null, command: 'ls', stdoutTail: 'out', stderrTail: 'err', missing: ['x'], walltimeMs: 5, host: 'h' };

/** A MessagePack extension by which errors travel: a name, looked up and called by readers that are careless. */
const extensionError = (name: string): Buffer =>
  Buffer.concat([Buffer.from([0xd4, 0x65, 0x00]), pack([name, `globalThis.${CANARY}()`, null])]);

function readError(bytes: Buffer): boolean {
  const task = { id: 7, app: 'simulate', try: 1, host: 'here', worker: '0' };
  const revived = reviveError(unpackWireError(bytes), task) as Error & { flotilla: { task: { id: number } } };
  demand(revived instanceof Error && revived.flotilla.task.id === 7, 'no error of the task came out');
  inspect(revived);
  demand(JSON.stringify(summarizeError(revived)).length < 20_000, 'what is kept of it in the event log has no bound');
  demand(
    describeFailure({ taskId: 7, name: 'simulate', label: undefined, error: revived, stderr: undefined }).message.length < 1000,
    'its line has no bound',
  );
  return !summarizeError(revived).message.includes('could not be read');
}

export const valueTargets: readonly FuzzTarget[] = [
  {
    name: 'values of JavaScript',
    seeds: [
      encodeValue(nested),
      encodeValue([new Map<unknown, unknown>([[1, new Set([2])]]), new Date(0), /x/u, new Float64Array(4), -0]),
      encodeValue(cyclic),
      encodeValue([new NdArray(new Float64Array(6), [2, 3]), new PythonValue('complex', '1j', Uint8Array.of(1, 2))]),
      Buffer.concat([Buffer.of(0), extensionError('eval')]),
      Buffer.concat([Buffer.of(0), extensionError(CANARY)]),
    ],
    read: (bytes) => refuses(() => decodeValue(bytes)),
  },
  {
    name: 'stored values',
    seeds: [encodeStored({ store: 'file', key: '/run/store/1', size: 10 })],
    read: (bytes) => refuses(() => decodeStored(bytes)),
  },
  {
    name: 'values of Python, read by JavaScript',
    seeds: [
      encodePython(nested),
      encodePythonCall([1, 2n ** 70n, -(2n ** 70n), 'é\ud800'], { k: new Map([[1, 2]]), s: new Set([1]) }),
      encodePython([new Date(0), new Float32Array(5), new NdArray(new Int16Array(6), [2, 3]), Buffer.from('bytes')]),
      encodePython(new PythonValue('complex', '1j', Uint8Array.of(1, 2), [{ module: 'm', kind: 'source', app: 'a', text: 'x = 1' }])),
    ],
    read: (bytes) => refuses(() => decodePython(bytes)),
  },
  {
    name: 'errors of tasks',
    seeds: [
      packWireError(error),
      ...KINDS.map((kind) => packWireError({ kind, name: 'X', message: '', fields: FIELDS, cause: error })),
      pack({ kind: 'js', name: CANARY, message: 'x', errors: 7 }),
      extensionError('eval'),
    ],
    made: { of: [error, ...KINDS.map((kind) => ({ kind, name: 'X', message: '', fields: FIELDS, cause: error }))], from: packAnything },
    read: readError,
  },
];
