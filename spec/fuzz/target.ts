/** Something that reads bytes which others have written. */
export interface FuzzTarget {
  readonly name: string;
  /** Bytes that it takes. */
  readonly seeds: readonly Buffer[];
  /** Where bytes are made of values: what they are made of, and how. Half of what is read is then made of distorted ones. */
  readonly made?: { readonly of: readonly unknown[]; from(value: unknown): Buffer } | undefined;
  /**
   * @returns whether it took them.
   * @throws what it must not: refusing is saying so, by whatever means the reader has for that.
   */
  read(bytes: Buffer): boolean;
}

/** For readers that refuse by throwing an Error, of one of these classes where they are named. */
export function refuses(read: () => unknown, ...classes: readonly (new (...args: never[]) => Error)[]): boolean {
  try {
    read();
    return true;
  } catch (error) {
    const isExpected = classes.length === 0 ? error instanceof Error : classes.some((Class) => error instanceof Class);
    if (!isExpected) throw new Error(`refused with ${String(error)}`, { cause: error });
    return false;
  }
}

export function demand(condition: boolean, what: string): void {
  if (!condition) throw new Error(what);
}
