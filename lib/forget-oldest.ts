/**
 * Tables of what is over and may still be asked for: a run has no end of managers, blocks and jobs, and a table of them has to have one.
 */

interface Ordered<K> {
  readonly size: number;
  keys(): IterableIterator<K>;
  delete(key: K): boolean;
}

/** Maps and sets keep the order in which things came: the oldest beyond `most` are let go. @returns these. */
export function forgetOldest<K>(table: Ordered<K>, most: number): K[] {
  const forgotten: K[] = [];
  for (const key of table.keys()) {
    if (table.size <= most) break;
    table.delete(key);
    forgotten.push(key);
  }
  return forgotten;
}
