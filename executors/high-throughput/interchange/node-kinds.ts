/**
 * Managers whose nodes have the same: whether a request could ever be had there is found out once for all of them.
 */
import type { RequestVariant, ResourceRequest } from '../../../lib/resources/request.ts';
import { classOf, type NodeCapacity } from '../resources/capacity.ts';
import { couldFit } from '../resources/shortage.ts';
import type { Core, Manager } from './core-state.ts';

export interface NodeKind {
  readonly key: string;
  /** The same for nodes that differ in little. */
  readonly name: string;
  readonly capacity: NodeCapacity;
  readonly managers: Set<Manager>;
  /** Variant → whether a node of this kind could have it, or be part of it. */
  readonly fits: WeakMap<RequestVariant, boolean>;
}

export function joinKind({ demand: { kinds } }: Core, manager: Manager, capacity: NodeCapacity): void {
  const key = JSON.stringify(capacity);
  const kind = kinds.get(key) ?? { key, name: classOf(capacity), capacity, managers: new Set(), fits: new WeakMap() };
  kinds.set(key, kind);
  kind.managers.add(manager);
  manager.kind = kind;
}

export function leaveKind({ demand: { kinds } }: Core, manager: Manager): void {
  const { kind } = manager;
  manager.kind = undefined;
  kind?.managers.delete(manager);
  if (kind?.managers.size === 0) kinds.delete(kind.key);
}

/** Whether a node of the kind could ever have it, or be part of it. */
export function canHave(kind: NodeKind | undefined, variant: RequestVariant): boolean {
  if (kind === undefined) return false;
  const known = kind.fits.get(variant);
  if (known !== undefined) return known;
  const fits = couldFit(kind.capacity, variant);
  kind.fits.set(variant, fits);
  return fits;
}

/** Those that could ever have it, or be part of it. */
export function* managersFor({ demand: { kinds } }: Core, variant: RequestVariant): Generator<Manager> {
  for (const kind of kinds.values()) if (canHave(kind, variant)) yield* kind.managers;
}

/** How many nodes it takes. */
export const nodeCount = ({ variants }: ResourceRequest): number => Math.max(...variants.map(({ nodes }) => nodes?.count ?? 0));
