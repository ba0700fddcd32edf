/**
 * The table of extras (see extras-table.ts) → the values that belong in the skeleton, in its order.
 */
import { arrayFromBytes, type DType } from './dtypes.ts';
import { NdArray, PythonValue, type PythonModule } from './values.ts';

/** @throws Error if the table is not one of ours, or points outside of `body`. */
export function readExtras(table: unknown, body: Buffer, blobStart: number): unknown[] {
  const [moduleRows, rows] = table as [unknown[][], unknown[][]];
  if (!Array.isArray(moduleRows) || !Array.isArray(rows)) throw new Error('a value of the Python codec with a broken table');
  const modules = moduleRows.map(readModule);
  let at = blobStart;
  return rows.map((row) => {
    const size = row.at(-1);
    if (typeof size !== 'number' || size < 0 || at + size > body.length) throw new RangeError('a value of the Python codec is cut off');
    at += size;
    return readExtra(row, body.subarray(at - size, at), modules);
  });
}

function readModule([module, kind, app, text]: unknown[]): PythonModule {
  return { module: String(module), kind: kind as PythonModule['kind'], app: String(app), text: String(text) };
}

function readExtra([, kind, ...fields]: unknown[], bytes: Buffer, modules: readonly PythonModule[]): unknown {
  switch (kind) {
    case 'date':
      return new Date(Number(fields[0]));
    case 'bytes':
      return Buffer.from(bytes);
    case 'array':
      return readArray(String(fields[0]), fields[1] as number[], bytes);
    case 'python':
      return new PythonValue(String(fields[0]), String(fields[1]), Uint8Array.from(bytes), pick(modules, fields[2] as number[]));
    default:
      throw new Error(`a value of the Python codec with an extra of unknown kind '${String(kind)}'`);
  }
}

/** An array of one dimension is a typed array; JavaScript has none of booleans. */
function readArray(dtype: string, shape: readonly number[], bytes: Buffer): unknown {
  const data = arrayFromBytes(dtype, bytes);
  return shape.length === 1 && dtype !== 'bool' ? data : new NdArray(data, shape, dtype as DType);
}

const pick = (modules: readonly PythonModule[], indices: readonly number[]): PythonModule[] =>
  indices.flatMap((index) => modules[index] ?? []);
