/**
 * What every encoder throws for a value that cannot travel. The kernel turns it into the user's SerializationError.
 */

export class UnencodableError extends Error {
  /** Where it is: `args[0].model.fn`. */
  readonly path: string;
  /** What is there: 'a function (predict)'. */
  readonly seen: string;

  constructor(path: string, seen: string) {
    super(`${path} is ${seen}, which cannot travel to another process`);
    this.name = 'UnencodableError';
    this.path = path;
    this.seen = seen;
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
