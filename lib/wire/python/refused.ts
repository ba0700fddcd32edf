/**
 * What cannot travel to Python, in words.
 */
import { describeInstance, type Refused } from '../unencodable.ts';

export const isPlainObject = (value: object): boolean => {
  const prototype: unknown = Object.getPrototypeOf(value);
  // The second line is the Object.prototype of another realm.
  if (prototype === Object.prototype || prototype === null) return true;
  return Object.getPrototypeOf(prototype) === null && Object.hasOwn(prototype as object, 'hasOwnProperty');
};

export function describeRefused(value: unknown): Refused {
  if (typeof value === 'function') return { seen: `a function (${value.name || 'anonymous'})` };
  if (typeof value === 'symbol') return { seen: `a symbol (${String(value)})` };
  return typeof value === 'object' && value !== null ? describeInstance(value) : { seen: `a ${typeof value}` };
}

/** What Python could not put in a set or use as a key of a dict; undefined where it could. */
export function describeUnhashable(value: unknown): string | undefined {
  if (value === null || value instanceof Uint8Array) return undefined;
  if (typeof value === 'object' || typeof value === 'function' || typeof value === 'symbol') {
    return Array.isArray(value) ? 'an array' : isNamedObject(value) ? describeRefused(value).seen : 'an object';
  }
  return undefined;
}

const isNamedObject = (value: object | symbol): boolean => typeof value !== 'object' || !isPlainObject(value);

/** Whether `key` is another key of `keys` to Python, for which 1 == True == 1n. */
export function collides(keys: { has(key: unknown): boolean }, key: unknown): boolean {
  if (typeof key === 'boolean') return keys.has(Number(key)) || keys.has(BigInt(key));
  if (typeof key === 'bigint') return keys.has(Number(key)) && BigInt(Number(key)) === key;
  return key === undefined && keys.has(null);
}
