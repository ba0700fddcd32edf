/** What a try was given of a node, in words. Pure. */
import { formatSize } from '../../../lib/size.ts';
import { formatCpuList } from '../cpu-list.ts';
import type { Grant } from './grant.ts';

/** @example "CPUs 0-3, GPU 1, 4 GiB, licence 2"; "0.5 of CPU 3, 0.25 of GPU 0" */
export function describeGrant({ cpus, gpus, memoryBytes, custom }: Pick<Grant, 'cpus' | 'gpus' | 'memoryBytes' | 'custom'>): string {
  return [
    ...describeDevices('CPU', cpus),
    ...describeDevices('GPU', gpus),
    ...(memoryBytes === 0 ? [] : [formatSize(memoryBytes)]),
    ...Object.entries(custom).map(([kind, given]) => `${kind} ${typeof given === 'number' ? given : given.join(', ')}`),
  ].join(', ');
}

function describeDevices(name: string, devices: Grant['cpus']): string[] {
  const [first] = devices;
  if (first === undefined) return [];
  if (first[1] < 1) return [`${first[1]} of ${name} ${first[0]}`];
  return [`${name}${devices.length === 1 ? '' : 's'} ${formatCpuList(devices.map(([index]) => index))}`];
}
