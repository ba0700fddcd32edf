/**
 * What every encoder throws for a value that cannot travel. The kernel turns it into the user's SerializationError.
 */

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
    super(`${path} is ${seen}, which cannot travel to another process`);
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
  const name = value.constructor?.name || 'unknown';
  if (typeof (value as { then?: unknown }).then !== 'function') return { seen: `an instance of class ${name}` };
  return {
    seen: `${/^[AEIOU]/i.test(name) ? 'an' : 'a'} ${name} in a place where futures are not waited for`,
    advice: 'pass it directly, in an array or in a plain object',
  };
}
