/**
 * The type codes of CPython's marshal format, version 2: what `marshal.dumps(value, 2)` writes and every CPython from 3.4 on reads.
 * Source: Python/marshal.c. The worker checks at its start that its interpreter still writes these.
 */
export const Code = {
  None: 0x4e, // N
  True: 0x54, // T
  False: 0x46, // F
  /** s32. */
  Int: 0x69, // i
  /** s32 number of digits, negative for a negative number; then u16 digits of 15 bits, lowest first. */
  Long: 0x6c, // l
  /** f64. */
  Float: 0x67, // g
  /** u32 length, UTF-8 in which a lone surrogate is three bytes like any other code point of its size. */
  String: 0x75, // u
  /** u32 length. */
  Bytes: 0x73, // s
  /** u32 length, items. */
  List: 0x5b, // [
  Tuple: 0x28, // (
  Set: 0x3c, // <
  FrozenSet: 0x3e, // >
  /** Keys and values in turn, up to End. */
  Dict: 0x7b, // {
  End: 0x30, // 0
  /** Ours: `...` stands where an extra belongs. */
  Extra: 0x2e, // .
} as const;

/** Second byte of a body. */
export const Form = {
  /** marshal of the value. */
  Plain: 0,
  /**
   * u32 length of the skeleton, u32 length of the table, marshal of both, then the bytes of the extras one behind the other.
   * The skeleton is the value with `...` for each extra; the table is `[modules, extras]`, extras in the order of the skeleton.
   */
  WithExtras: 1,
} as const;

export const PYTHON_TAG = 2;
export const PLAIN_HEADER_BYTES = 2;
export const EXTRAS_HEADER_BYTES = 10;

/** Deeper values are refused on both sides; CPython's reader stops at 2,000. */
export const MAX_DEPTH = 500;

/** Lengths are signed 32-bit numbers in CPython. */
export const MAX_LENGTH = 0x7fffffff;
