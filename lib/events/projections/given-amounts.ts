/**
 * How much a try had for itself, without which: what tries of one app have in common. Pure.
 */
import type { TryGranted } from '../events.ts';

export interface GivenAmounts {
  /** Of whole nodes, here and in `gpus`: of the first one. */
  readonly cpus: number;
  readonly gpus: number;
  /** 0: no limit. */
  readonly memoryBytes: number;
  readonly custom: Readonly<Record<string, number>>;
  /** Whole nodes; 0: a part of one. */
  readonly nodes: number;
}

export function amountsOf(granted: Pick<TryGranted, 'cpus' | 'gpus' | 'memoryBytes' | 'custom' | 'hosts'>): GivenAmounts {
  const { cpus, gpus, memoryBytes = 0, custom = {}, hosts = [] } = granted;
  const amounts = Object.entries(custom).map(([kind, given]) => [kind, typeof given === 'number' ? given : given.length]);
  return { cpus: sumOf(cpus), gpus: sumOf(gpus), memoryBytes, custom: Object.fromEntries(amounts), nodes: hosts.length };
}

/** Of shares, which are kept in ten-thousandths. */
const sumOf = (parts: TryGranted['cpus']): number => Number(parts.reduce((sum, [, share]) => sum + share, 0).toFixed(4));
