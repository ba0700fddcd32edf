/**
 * Values between JavaScript and Python: tag byte 2, see python/marshal-code.ts for the layout. Its other half: executors/workers/python/.
 *
 * JavaScript → Python: integral safe numbers → int, other numbers (−0 too) → float, bigint → int, null and undefined → None,
 * Uint8Array → bytes, Array → list, object → dict, Map → dict, Set → set, Date → aware datetime (UTC), other typed arrays and NdArray →
 * numpy.ndarray or array.array, PythonValue → the object that it was, DataFile → its path.
 * Python → JavaScript: int → number, beyond ±(2^53 − 1) bigint; bytes → Buffer; list and tuple → Array; dict → object, Map where a key is
 * no string; set and frozenset → Set; aware datetime → Date (whole milliseconds); arrays → typed array, NdArray unless of one dimension;
 * the rest → PythonValue.
 */
import { decodeBody } from './python/decoder.ts';
import { Encoder, type NamePath } from './python/encoder.ts';
import { formatPath } from './unencodable.ts';

export { NdArray, PythonValue, type PythonModule } from './python/values.ts';
export type { ArrayData, DType } from './python/dtypes.ts';

let idleEncoder: Encoder | undefined;

/**
 * @param root what error messages call the value.
 * @throws UnencodableError naming the path of what cannot travel.
 */
export function encodePython(value: unknown, root = 'value'): Buffer {
  return encodeWith(value, (keys) => formatPath(root, keys));
}

/**
 * The arguments of a call: what a Python task record carries. Paths in errors are `args[0].x` and `kw.n`.
 * @throws UnencodableError
 */
export function encodePythonCall(args: readonly unknown[], kwargs: Readonly<Record<string, unknown>> = {}): Buffer {
  return encodeWith([args, kwargs], nameOfArgument);
}

/** @throws Error if the bytes are not a whole body of this codec. */
export const decodePython = (body: Buffer): unknown => decodeBody(body);

const nameOfArgument: NamePath = ([side, ...keys]) => formatPath(side === 1 ? 'kw' : 'args', keys);

function encodeWith(value: unknown, namePath: NamePath): Buffer {
  // A getter of the user's may encode something itself: it gets an encoder of its own.
  const encoder = idleEncoder ?? new Encoder();
  idleEncoder = undefined;
  const body = encoder.encode(value, namePath);
  idleEncoder = encoder;
  return body;
}
