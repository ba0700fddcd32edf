/**
 * numpy's names for the element types of typed arrays.
 */

const ARRAYS = {
  int8: Int8Array,
  uint8: Uint8Array,
  int16: Int16Array,
  uint16: Uint16Array,
  int32: Int32Array,
  uint32: Uint32Array,
  int64: BigInt64Array,
  uint64: BigUint64Array,
  float16: Float16Array,
  float32: Float32Array,
  float64: Float64Array,
  /** One byte each, 0 or 1. */
  bool: Uint8Array,
} as const;

export type DType = keyof typeof ARRAYS;
export type ArrayData = InstanceType<(typeof ARRAYS)[DType]>;

const DTYPES: Readonly<Record<string, DType>> = {
  Int8Array: 'int8',
  Uint8Array: 'uint8',
  Uint8ClampedArray: 'uint8',
  Int16Array: 'int16',
  Uint16Array: 'uint16',
  Int32Array: 'int32',
  Uint32Array: 'uint32',
  BigInt64Array: 'int64',
  BigUint64Array: 'uint64',
  Float16Array: 'float16',
  Float32Array: 'float32',
  Float64Array: 'float64',
};

/** @throws TypeError if it is not a typed array. */
export function dtypeOf(data: ArrayBufferView): DType {
  const dtype = DTYPES[(data as ArrayData)[Symbol.toStringTag]];
  if (dtype === undefined) throw new TypeError(`not a typed array: ${Object.prototype.toString.call(data)}`);
  return dtype;
}

export const isDataOf = (dtype: DType, data: ArrayBufferView): boolean => dtypeOf(data) === (dtype === 'bool' ? 'uint8' : dtype);

/**
 * A typed array of its own memory, from bytes in little-endian order.
 * @throws Error if the bytes are no whole number of elements, or `dtype` is not one of ours.
 */
export function arrayFromBytes(dtype: string, bytes: Uint8Array): ArrayData {
  const Array = ARRAYS[dtype as DType];
  if (Array === undefined) throw new Error(`an array of unknown dtype '${dtype}'`);
  const memory = new ArrayBuffer(bytes.length);
  new Uint8Array(memory).set(bytes);
  return new Array(memory);
}

export const bytesOf = (data: ArrayBufferView): Uint8Array => new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
