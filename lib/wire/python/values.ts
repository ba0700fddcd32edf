/**
 * What a Python app may return that JavaScript has no value of its own for. Plain holders: nothing here encodes or decodes.
 */
import { inspect } from 'node:util';
import { type ArrayData, type DType, dtypeOf, isDataOf } from './dtypes.ts';

export const ND_ARRAY = Symbol.for('flotilla.ndArray');
export const PYTHON_VALUE = Symbol.for('flotilla.pythonValue');

/** An array of any shape, in C order: what a numpy array is that has not exactly one dimension. */
export class NdArray {
  readonly dtype: DType;
  readonly shape: readonly number[];
  readonly data: ArrayData;

  static {
    Object.defineProperty(this.prototype, ND_ARRAY, { value: true });
  }

  /**
   * @param dtype taken from `data` where it is not given; 'bool' is told from 'uint8' by it.
   * @throws TypeError if `data` is not what `shape` and `dtype` say.
   * @example new NdArray(new Float64Array(6), [2, 3])
   */
  constructor(data: ArrayData, shape: readonly number[], dtype: DType = dtypeOf(data)) {
    const wanted = shape.reduce((product, length) => product * length, 1);
    if (!shape.every((length) => Number.isSafeInteger(length) && length >= 0) || wanted !== data.length) {
      throw new TypeError(`NdArray: shape [${shape.join(', ')}] holds ${wanted} elements, but there are ${data.length}`);
    }
    if (!isDataOf(dtype, data)) throw new TypeError(`NdArray: dtype '${dtype}' cannot be held by a ${data.constructor.name}`);
    this.dtype = dtype;
    this.shape = shape;
    this.data = data;
  }
}

/** The module that a pickle refers to and another worker may never have seen. */
export interface PythonModule {
  readonly module: string;
  readonly kind: 'source' | 'file' | 'directory';
  /** Name of the app, for tracebacks. */
  readonly app: string;
  /** kind 'source': the text; 'file': the absolute path; 'directory': a folder of modules. */
  readonly text: string;
}

/** A value that only Python understands. Hand it to another Python app, which gets the object that it was. */
export class PythonValue {
  /** Qualified name of its class: 'complex', 'pandas.core.frame.DataFrame'. */
  readonly type: string;
  /** Its `repr`, shortened. */
  readonly repr: string;
  /** Its pickle. */
  readonly data: Uint8Array;
  readonly modules: readonly PythonModule[];

  static {
    Object.defineProperty(this.prototype, PYTHON_VALUE, { value: true });
  }

  constructor(type: string, repr: string, data: Uint8Array, modules: readonly PythonModule[] = []) {
    this.type = type;
    this.repr = repr;
    this.data = data;
    this.modules = modules;
  }

  toString(): string {
    return this.repr;
  }

  [inspect.custom](): string {
    return `PythonValue(${this.type}) ${this.repr}`;
  }
}

/** Recognise them also when two copies of the package are loaded. */
export const isNdArray = (value: object): value is NdArray => ND_ARRAY in value;
export const isPythonValue = (value: object): value is PythonValue => PYTHON_VALUE in value;
