/**
 * Copies a value with some of its objects replaced. Knows arrays, plain objects, Maps and Sets, and cycles through them.
 */

/** @param replace what to put in an object's place; undefined: keep it (or a copy of it, where something inside was replaced). */
export function mapValues(value: unknown, replace: (object: object) => unknown): unknown {
  return mapIn(value, new Map(), replace);
}

type Done = Map<object, unknown>;

function mapIn(value: unknown, done: Done, replace: (object: object) => unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  const known = done.get(value);
  if (known !== undefined) return known;
  const replacement = replace(value);
  if (replacement !== undefined) return replacement;
  const again = (item: unknown): unknown => mapIn(item, done, replace);
  if (Array.isArray(value)) return mapArray(value, done, again);
  if (value instanceof Map) return mapMap(value, done, again);
  if (value instanceof Set) return mapSet(value, done, again);
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null ? mapRecord(value, done, again) : value;
}

function mapArray(items: readonly unknown[], done: Done, again: (item: unknown) => unknown): unknown[] {
  // Holes stay holes.
  const copy: unknown[] = new Array(items.length);
  done.set(items, copy);
  for (const key of items.keys()) if (key in items) copy[key] = again(items[key]);
  return copy;
}

function mapMap(map: ReadonlyMap<unknown, unknown>, done: Done, again: (item: unknown) => unknown): Map<unknown, unknown> {
  const copy = new Map<unknown, unknown>();
  done.set(map, copy);
  for (const [key, item] of map) copy.set(again(key), again(item));
  return copy;
}

function mapSet(set: ReadonlySet<unknown>, done: Done, again: (item: unknown) => unknown): Set<unknown> {
  const copy = new Set<unknown>();
  done.set(set, copy);
  for (const item of set) copy.add(again(item));
  return copy;
}

function mapRecord(record: object, done: Done, again: (item: unknown) => unknown): object {
  const copy: Record<string, unknown> = {};
  done.set(record, copy);
  // Defined, not assigned: a key may be called __proto__.
  for (const [key, item] of Object.entries(record)) {
    Object.defineProperty(copy, key, { value: again(item), enumerable: true, writable: true, configurable: true });
  }
  return copy;
}
