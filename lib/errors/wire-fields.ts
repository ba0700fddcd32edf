/**
 * Which of an error's own fields can travel. What cannot (functions, class instances, cycles, errors) becomes a short text in
 * its place: an error must never be lost because something hangs on it.
 */
import { previewValue } from './message-parts.ts';

const MAX_DEPTH = 8;
const INT64_MAX = 2n ** 63n - 1n;

/** The value itself where it is plain, else a copy with texts in place of what cannot travel. */
export function toTravelling(value: unknown, above: readonly unknown[] = []): unknown {
  switch (typeof value) {
    case 'function':
    case 'symbol':
      return previewValue(value);
    case 'bigint':
      return value >= -INT64_MAX && value <= INT64_MAX ? value : previewValue(value);
    case 'object':
      return value === null ? null : toTravellingObject(value, above);
    default:
      return value;
  }
}

function toTravellingObject(value: object, above: readonly unknown[]): unknown {
  try {
    return copyTravelling(value, above);
  } catch (error) {
    return `[looking at it threw ${previewValue(error)}]`; // a getter of its own, or a trap of a Proxy
  }
}

function copyTravelling(value: object, above: readonly unknown[]): unknown {
  if (isPlainBuiltin(value)) return value;
  if (above.includes(value) || above.length >= MAX_DEPTH) return previewValue(value);
  const path = [...above, value];
  if (Array.isArray(value)) return value.map((item: unknown) => toTravelling(item, path));
  if (value instanceof Map) return new Map([...value].map(([key, item]) => [toTravelling(key, path), toTravelling(item, path)]));
  if (value instanceof Set) return new Set([...value].map((item) => toTravelling(item, path)));
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null ? travellingFields(value, Object.keys(value), path) : previewValue(value);
}

const isPlainBuiltin = (value: object): boolean =>
  value instanceof Date || (ArrayBuffer.isView(value) && !(value instanceof DataView) && !(value.buffer instanceof SharedArrayBuffer));

/** The named own fields of `owner`; a getter that throws is told as such. */
export function travellingFields(owner: object, names: readonly string[], above: readonly unknown[] = []): Record<string, unknown> {
  const fields: Record<string, unknown> = {};
  for (const name of names) {
    try {
      fields[name] = toTravelling(Reflect.get(owner, name), above);
    } catch (error) {
      fields[name] = `[reading it threw ${previewValue(error)}]`;
    }
  }
  return fields;
}
