/**
 * What the interchange remembers of tasks that ask for resources, between one turn and the next. Data only.
 */
import type { Manager } from './core-state.ts';
import type { NodeKind } from './node-kinds.ts';
import type { Lane } from './task-queue.ts';

/** For whom a manager is kept free: a lane's next task, or any task that asks for nothing. */
export type Holder = Lane | 'plain';

export interface Demand {
  /** Something has changed that may let a task be placed, or make another plan the better one. */
  isDue: boolean;
  /** What is asked back from whom is to be looked at again, not before `nextPlanMs`. */
  isPlanDue: boolean;
  nextPlanMs: number;
  /** All lanes are to be tried on all managers. */
  isFresh: boolean;
  /** Managers with more room than when all lanes were tried on them. */
  readonly stirred: Set<Manager>;
  readonly reserved: Map<Manager, Holder>;
  /** Managers whose slots a waiting task counts on. */
  readonly wanted: Set<Manager>;
  /** Managers that were asked for slots and have not released them all. */
  readonly reclaiming: Set<Manager>;
  /** Managers with slots that are not leased. */
  readonly released: Set<Manager>;
  /** By their capacity. */
  readonly kinds: Map<string, NodeKind>;
  /** When a task that asks for nothing was last placed. */
  plainPlacedMs: number;
}

export const createDemand = (): Demand => ({
  isDue: false,
  isPlanDue: false,
  nextPlanMs: 0,
  isFresh: false,
  stirred: new Set(),
  reserved: new Map(),
  wanted: new Set(),
  reclaiming: new Set(),
  released: new Set(),
  kinds: new Map(),
  plainPlacedMs: 0,
});

/** The manager has more room than before. */
export function stir(demand: Demand, manager: Manager): void {
  demand.stirred.add(manager);
  demand.isDue = true;
}

/** There are other managers than before, or other tasks. */
export function reconsider(demand: Demand): void {
  demand.isFresh = true;
  demand.isDue = true;
}
