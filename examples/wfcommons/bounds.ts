/**
 * How fast a workflow could be at best: along its longest chain, and by the work that there is. Pure.
 */
import type { FileLinks } from './file-links.ts';

export interface CriticalPath {
  readonly seconds: number;
  /** Ids, first to last. */
  readonly tasks: readonly string[];
}

/** The chain of tasks that takes longest, as recorded. */
export function findCriticalPath({ ordered, links }: FileLinks): CriticalPath {
  const finish = new Map<string, { readonly seconds: number; readonly after: string | undefined }>();
  let last: string | undefined;
  for (const { id, runtimeSeconds } of ordered) {
    let after: string | undefined;
    for (const { writer } of links.get(id) ?? []) if (secondsOf(writer) > secondsOf(after)) after = writer;
    finish.set(id, { seconds: secondsOf(after) + runtimeSeconds, after });
    if (last === undefined || secondsOf(id) > secondsOf(last)) last = id;
  }
  return { seconds: secondsOf(last), tasks: trace(last) };

  function secondsOf(id: string | undefined): number {
    return id === undefined ? 0 : (finish.get(id)?.seconds ?? 0);
  }

  function trace(end: string | undefined): string[] {
    const path: string[] = [];
    for (let id = end; id !== undefined; id = finish.get(id)?.after) path.push(id);
    return path.reverse();
  }
}

export interface Bound {
  readonly seconds: number;
  readonly reason: 'critical path' | 'work / workers';
}

/** No schedule is shorter than the longest chain, nor than all work shared evenly. */
export function boundOf(criticalSeconds: number, totalSeconds: number, workers: number): Bound {
  const shared = totalSeconds / Math.max(1, workers);
  return shared > criticalSeconds ? { seconds: shared, reason: 'work / workers' } : { seconds: criticalSeconds, reason: 'critical path' };
}
