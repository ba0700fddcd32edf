/**
 * Futures where nobody looks for them: inside a Map, a Set or a class instance. What travels is refused when it is encoded; what stays
 * in the driver (arguments of bash and join bodies, what a join returns) is looked through here. Refused, not ignored.
 */
import { inspect } from 'node:util';
import { SerializationError } from '../errors/index.ts';
import { formatPath } from '../wire/unencodable.ts';
import type { Task } from './task.ts';

interface Place {
  readonly value: object;
  /** As one would write it in a script. */
  readonly path: string;
  /** Whether it lies inside something that futures are not looked for in. */
  readonly isHidden: boolean;
}

/** @throws SerializationError naming the path of the first one, from `root`. */
export function refuseHiddenFutures(value: unknown, root: string, task: Task): void {
  if (typeof value !== 'object' || value === null) return;
  const seen = new Set<object>();
  const stack: Place[] = [{ value, path: root, isHidden: false }];
  for (let place = stack.pop(); place !== undefined; place = stack.pop()) {
    const { value: at, path, isHidden } = place;
    if (isThenable(at)) {
      if (isHidden) throw refusal(path, at, task);
      continue;
    }
    if (seen.has(at) || ArrayBuffer.isView(at)) continue;
    seen.add(at);
    const hides = isHidden || !isPlain(at);
    for (const [step, item] of partsOf(at)) {
      if (typeof item === 'object' && item !== null) stack.push({ value: item, path: path + step, isHidden: hides });
    }
  }
}

function refusal(path: string, found: object, task: Task): SerializationError {
  const name = found.constructor?.name ?? 'object';
  const seen = `${/^[AEIOU]/.test(name) ? 'an' : 'a'} ${name} where futures are not waited for; pass it directly, in an array or in a plain object`;
  const message = `task ${task.taskId} (${task.appName}): ${path} is ${seen}`;
  return new SerializationError({ path, seen }, { message });
}

const isThenable = (value: object): boolean => typeof (value as { then?: unknown }).then === 'function';

function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return Array.isArray(value) || prototype === Object.prototype || prototype === null;
}

/** What lies in it, and how one gets there. */
function* partsOf(value: object): Iterable<readonly [step: string, item: unknown]> {
  if (value instanceof Map) {
    for (const [key, item] of value) yield [`.get(${inspect(key, { depth: 0 })})`, item];
  } else if (value instanceof Set) {
    for (const [i, item] of [...value].entries()) yield [`.values()[${i}]`, item];
  } else {
    for (const [key, item] of Array.isArray(value) ? value.entries() : Object.entries(value)) yield [formatPath('', [key]), item];
  }
}
