/** What a task that asks for resources waits for, in words. */
import type { WaitingLane, WaitingNodes, WaitingWhole } from '../interchange/core-events.ts';

/** @param lane as the interchange said last; undefined: it has not said anything of such tasks yet. */
export function describeWaiting(lane: WaitingLane | undefined, lanes: readonly WaitingLane[], now: number): string {
  if (lane === undefined) return 'it is on its way, or waits for resources of its own';
  const { tasks, sinceMs, nodes, reserved } = lane;
  const since = `the first of ${tasks} that ask for the same has waited for ${Math.max(0, (now - sinceMs) / 1000).toFixed(0)} s`;
  const where = nodes.length === 0 ? 'no node that could have them is there' : nodes.map(describeNodes).join(', ');
  const kept = reserved.length === 0 ? '' : `; ${reserved.join(', ')} ${reserved.length === 1 ? 'is' : 'are'} kept free for it`;
  const ahead = lanes.slice(0, lanes.indexOf(lane)).reduce((sum, other) => sum + other.tasks, 0);
  return `it waits for ${nameWanted(nodes)}: ${where}${kept}; ${since}${ahead === 0 ? '' : `, and ${ahead} other(s) that ask for resources come first`}`;
}

function nameWanted(nodes: readonly WaitingNodes[]): string {
  const wanted = new Set(nodes.map(({ whole }) => whole?.wanted));
  const [count] = wanted;
  if (wanted.size !== 1 || count === undefined) return 'resources';
  return count === 1 ? 'a whole node that nobody uses' : `${count} whole nodes of one block that nobody uses`;
}

function describeNodes({ host, count, lacks, whole }: WaitingNodes): string {
  if (whole !== undefined) return describeWhole(host, count, whole);
  const nodes = count === 1 ? host : `the least busy of ${count} nodes like ${host}`;
  return lacks.length === 0
    ? `${nodes} has them, but is kept free for others, or is one of too few`
    : `${nodes} lacks them (${lacks.join(', ')})`;
}

function describeWhole(host: string, count: number, { wanted, free, mostInBlock }: WaitingWhole): string {
  const state = (number: number): string => (number === 0 ? 'none is free' : `${number} ${number === 1 ? 'is' : 'are'} free`);
  const nodes = count === 1 ? `${host} is ${free === 1 ? 'free' : 'in use'}` : `of ${count} nodes like ${host} ${state(free)}`;
  const spread = free > mostInBlock ? `, ${mostInBlock} at most in one block` : '';
  return `${nodes}${spread}${mostInBlock < wanted ? '' : ', but kept free for others, too near the end of their time, or of blocks that have as many such tasks as they may'}`;
}
