/** What a task that asks for resources waits for, in words. */
import type { WaitingLane, WaitingNodes } from '../interchange/core-events.ts';

/** @param lane as the interchange said last; undefined: it has not said anything of such tasks yet. */
export function describeWaiting(lane: WaitingLane | undefined, lanes: readonly WaitingLane[], now: number): string {
  if (lane === undefined) return 'it is on its way, or waits for resources of its own';
  const { tasks, sinceMs, nodes, reserved } = lane;
  const since = `the first of ${tasks} that ask for the same has waited for ${Math.max(0, (now - sinceMs) / 1000).toFixed(0)} s`;
  const where = nodes.length === 0 ? 'no node that could have them is there' : nodes.map(describeNodes).join(', ');
  const kept = reserved.length === 0 ? '' : `; ${reserved.join(', ')} ${reserved.length === 1 ? 'is' : 'are'} kept free for it`;
  const ahead = lanes.slice(0, lanes.indexOf(lane)).reduce((sum, other) => sum + other.tasks, 0);
  return `it waits for resources: ${where}${kept}; ${since}${ahead === 0 ? '' : `, and ${ahead} other(s) that ask for resources come first`}`;
}

function describeNodes({ host, count, lacks }: WaitingNodes): string {
  const nodes = count === 1 ? host : `the least busy of ${count} nodes like ${host}`;
  return lacks.length === 0
    ? `${nodes} has them, but is kept free for others, or is one of too few`
    : `${nodes} lacks them (${lacks.join(', ')})`;
}
