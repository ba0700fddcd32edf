/**
 * Whether workers with different grants can be alive beside each other: what their tasks were given one after the other may be the same.
 * Pure.
 */
import type { Grant } from '../resources/grant.ts';

export interface Holding {
  /** The same for equal grants. */
  readonly key: string;
  readonly grant: Grant;
}

/** Shares are sums of fractions. */
const SLACK = 1e-6;

/** What it may have opened and will not give back: accelerators ('gpu 0') and whatever is given out by name ('port a'). */
export const devicesOf = ({ grant }: Holding): string[] => [...grant.gpus.map(([gpu]) => gpuDevice(gpu)), ...namesOf(grant)];

export const gpuDevice = (gpu: number): string => `gpu ${gpu}`;

/** Whether no CPU and no device has more than it can, if the others go on having theirs. */
export function fitsBeside({ grant }: Holding, others: readonly Holding[]): boolean {
  const taken = new Map<string, number>();
  for (const other of others) for (const [name, share] of sharesOf(other.grant)) taken.set(name, (taken.get(name) ?? 0) + share);
  return sharesOf(grant).every(([name, share]) => (taken.get(name) ?? 0) + share <= 1 + SLACK);
}

const sharesOf = (grant: Grant): (readonly [name: string, share: number])[] => [
  ...grant.cpus.map(([cpu, share]) => [`cpu ${cpu}`, share] as const),
  ...grant.gpus.map(([gpu, share]) => [gpuDevice(gpu), share] as const),
  ...namesOf(grant).map((name) => [name, 1] as const),
];

const namesOf = ({ custom }: Grant): string[] =>
  Object.entries(custom).flatMap(([kind, given]) => (typeof given === 'number' ? [] : given.map((name) => `${kind} ${name}`)));
