/**
 * Finds and names the first thing inside a value that cannot travel. Only runs once something was refused, so it may take its time.
 */
import { inspect } from 'node:util';
import { isTraveller } from './travellers.ts';
import { describeInstance, type Refused, UnencodableError } from './unencodable.ts';

/** @throws UnencodableError always. */
export function refuse(value: unknown, root: string, cause?: unknown): never {
  const found = findCulprit(value, root, new Set());
  if (found) throw new UnencodableError(found.path, found);
  throw new UnencodableError(root, { seen: cause instanceof Error ? cause.message : 'a value that cannot be cloned' });
}

interface Culprit extends Refused {
  readonly path: string;
}

function findCulprit(value: unknown, path: string, seen: Set<object>): Culprit | undefined {
  if (typeof value === 'function') return { path, seen: `a function (${value.name || 'anonymous'})` };
  if (typeof value === 'symbol') return { path, seen: `a symbol (${String(value)})` };
  if (typeof value !== 'object' || value === null || seen.has(value)) return undefined;
  seen.add(value);
  if (value instanceof Map) return first(mapParts(value, path), seen);
  if (value instanceof Set)
    return first(
      [...value].map((item, i) => [item, `${path}.values()[${i}]`] as const),
      seen,
    );
  const prototype: unknown = Object.getPrototypeOf(value);
  if (Array.isArray(value))
    return first(
      value.map((item: unknown, i) => [item, `${path}[${i}]`] as const),
      seen,
    );
  if (prototype === Object.prototype || prototype === null) return first(recordParts(value, path), seen);
  if (isTraveller(value) || ArrayBuffer.isView(value)) return undefined;
  return instanceAt(value, path);
}

function first(parts: Iterable<readonly [unknown, string]>, seen: Set<object>): Culprit | undefined {
  for (const [item, path] of parts) {
    const found = findCulprit(item, path, seen);
    if (found) return found;
  }
  return undefined;
}

function* mapParts(map: Map<unknown, unknown>, path: string): Iterable<readonly [unknown, string]> {
  for (const [key, item] of map) {
    yield [key, `${path}.keys()`];
    yield [item, `${path}.get(${inspect(key, { depth: 0 })})`];
  }
}

function* recordParts(record: object, path: string): Iterable<readonly [unknown, string]> {
  for (const [key, item] of Object.entries(record)) {
    yield [item, /^[A-Za-z_$][\w$]*$/.test(key) ? `${path}.${key}` : `${path}[${JSON.stringify(key)}]`];
  }
}

function instanceAt(value: object, path: string): Culprit | undefined {
  const name = value.constructor?.name ?? 'unknown';
  if (value instanceof Error) return { path, seen: `an error with fields of its own (${name})` };
  if (['Date', 'RegExp', 'ArrayBuffer', 'Boolean', 'Number', 'String'].includes(name)) return undefined;
  return { path, ...describeInstance(value) };
}
