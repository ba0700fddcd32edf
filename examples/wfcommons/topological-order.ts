/**
 * Puts things after what they need. Pure, and without recursion: a chain may be long.
 */

export interface Order {
  /** Each after all that it needs; among those that are free, as in `ids`. */
  readonly sorted: readonly string[];
  /** Each needs the next, and the last the first; undefined where there is no cycle. */
  readonly cycle: readonly string[] | undefined;
}

/** @param needs By id; names that are not in `ids` do not count. */
export function orderByNeeds(ids: readonly string[], needs: ReadonlyMap<string, Iterable<string>>): Order {
  const open = new Map(ids.map((id) => [id, new Set([...(needs.get(id) ?? [])])]));
  for (const wanted of open.values()) for (const need of wanted) if (!open.has(need)) wanted.delete(need);
  const dependents = invert(open);
  const sorted = ids.filter((id) => open.get(id)?.size === 0);
  for (let i = 0; i < sorted.length; i++) {
    const id = sorted[i] as string;
    open.delete(id);
    for (const dependent of dependents.get(id) ?? []) {
      const left = open.get(dependent);
      if (left?.delete(id) && left.size === 0) sorted.push(dependent);
    }
  }
  return { sorted, cycle: findCycle(open) };
}

function invert(needs: ReadonlyMap<string, Iterable<string>>): Map<string, string[]> {
  const dependents = new Map<string, string[]>();
  for (const [id, wanted] of needs) {
    for (const need of wanted) {
      const list = dependents.get(need);
      if (list) list.push(id);
      else dependents.set(need, [id]);
    }
  }
  return dependents;
}

/** Whatever is left needs something that is left too: going from need to need comes around. */
function findCycle(left: ReadonlyMap<string, ReadonlySet<string>>): string[] | undefined {
  const path: string[] = [];
  let [at] = left.keys();
  while (at !== undefined) {
    const before = path.indexOf(at);
    if (before >= 0) return path.slice(before);
    path.push(at);
    at = [...(left.get(at) ?? [])].find((need) => left.has(need));
  }
  return undefined;
}
