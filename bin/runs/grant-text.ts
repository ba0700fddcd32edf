/**
 * What tries had of nodes for themselves, in words. Pure.
 */
import { describeGrant } from '../../executors/high-throughput/resources/grant-words.ts';
import type { GivenAmounts } from '../../lib/events/projections/given-amounts.ts';
import type { GrantedParts } from '../../lib/events/projections/task-histories.ts';
import { formatSize } from '../../lib/size.ts';

/** @example "CPUs 0-3, GPU 1, 4 GiB on n013"; "the whole of n013, n014; of the first CPUs 0-63, GPUs 0, 1" */
export function describeGranted(granted: GrantedParts): string {
  const { host, hosts } = granted;
  const parts = describeParts(granted);
  if (hosts === undefined) return `${parts} on ${host}`;
  return hosts.length === 1 ? `the whole of ${host}: ${parts}` : `the whole of ${hosts.join(', ')}; of the first ${parts}`;
}

/** The same without where. */
export const describeParts = ({ cpus, gpus, memoryBytes = 0, custom = {} }: GrantedParts): string =>
  describeGrant({ cpus, gpus, memoryBytes, custom });

/** @example "4 CPUs, 1 GPU, 200 MB"; "2 whole nodes, the first with 64 CPUs, 4 GPUs" */
export function describeAmounts({ cpus, gpus, memoryBytes, custom, nodes }: GivenAmounts): string {
  const parts = [
    countOf(cpus, 'CPU'),
    ...(gpus === 0 ? [] : [countOf(gpus, 'GPU')]),
    ...(memoryBytes === 0 ? [] : [formatSize(memoryBytes)]),
    ...Object.entries(custom).map(([kind, amount]) => `${amount} ${kind}`),
  ].join(', ');
  if (nodes === 0) return parts;
  return nodes === 1 ? `1 whole node with ${parts}` : `${nodes} whole nodes, the first with ${parts}`;
}

const countOf = (count: number, what: string): string => `${count} ${what}${count === 1 || count < 1 ? '' : 's'}`;
