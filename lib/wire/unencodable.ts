/**
 * What every encoder throws for a value that cannot travel. The kernel turns it into the user's SerializationError.
 */
import { shorten } from '../errors/message-parts.ts';

export interface Refused {
  readonly seen: string;
  readonly advice?: string;
}

export class UnencodableError extends Error {
  /** Where it is: `args[0].model.fn`. */
  readonly path: string;
  /** What is there: 'a function (predict)'. */
  readonly seen: string;
  /** What to do instead, where that is not plain data. */
  readonly advice: string | undefined;

  constructor(path: string, { seen, advice }: Refused) {
    super(`${shorten(path, 160)} is ${seen}, which cannot travel to another process`);
    this.name = 'UnencodableError';
    this.path = path;
    this.seen = seen;
    this.advice = advice;
  }
}

/** `root` and the keys below it, as one would write them in a script: `args[0].model["my key"]`. */
export function formatPath(root: string, keys: readonly unknown[]): string {
  let path = root;
  for (const key of keys) path += formatKey(key);
  return path;
}

function formatKey(key: unknown): string {
  if (typeof key === 'number') return `[${key}]`;
  if (typeof key !== 'string') return `.get(${String(key)})`;
  return /^[A-Za-z_$][\w$]*$/.test(key) ? `.${key}` : `[${JSON.stringify(key)}]`;
}

/** An object that is none of the kinds that travel. */
export function describeInstance(value: object): Refused {
  const name = nameOfClass(value);
  if (typeof (value as { then?: unknown }).then !== 'function')
    return { seen: name === '' ? `an instance of a class without a name${tagOf(value)}` : `an instance of class ${name}` };
  return {
    seen: `${/^[AEIOU]/i.test(name) ? 'an' : 'a'} ${name || 'thenable'} in a place where futures are not waited for`,
    advice: 'pass it directly, in an array or in a plain object',
  };
}

/** Of a generator, `constructor` is an object: it has no name, or one that is no text. */
function nameOfClass(value: object): string {
  const name: unknown = value.constructor?.name;
  return typeof name === 'string' ? name : '';
}

/** ` (Generator)`: what the object calls itself. */
function tagOf(value: object): string {
  const tag: unknown = Reflect.get(value, Symbol.toStringTag);
  return typeof tag === 'string' && tag !== '' ? ` (${tag})` : '';
}
