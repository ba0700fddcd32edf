/**
 * What no block of an executor will ever have for a task: time (block-time.ts), or what it asks for (resources/nodes-seen.ts).
 */
import type { TryOutcome, TryRequest } from '../../lib/executor.ts';
import type { ResourceRequest } from '../../lib/resources/request.ts';
import { type BlockTime, blockTimeOf } from './block-time.ts';
import type { CompiledHighThroughput } from './compiled.ts';
import type { DurableState } from './durable-state.ts';
import type { RegisteredManager } from './reports.ts';
import { NodesSeen } from './resources/nodes-seen.ts';
import type { Tries } from './tries.ts';

export class PlacementLimits {
  readonly #time: BlockTime;
  readonly #nodes: NodesSeen;

  constructor(compiled: CompiledHighThroughput, from: DurableState | undefined) {
    this.#time = blockTimeOf(compiled, from);
    this.#nodes = new NodesSeen(compiled.label, compiled.provider.limits.nodesPerBlock, Object.keys(compiled.resources));
  }

  /** @returns how the try ends because there will never be a place for it; undefined if there may be. */
  refuse(request: TryRequest): TryOutcome | undefined {
    return this.#time.refuse(request) ?? this.#nodes.refuse(request);
  }

  /** @returns the ends of those among the tries that are hopeless since. */
  registered(manager: RegisteredManager, { requests }: Tries): TryOutcome[] {
    const timeless = this.#time.registered(manager.blockId, manager.timeLeftMs) ? this.#time.hopelessAmong(requests.values()) : [];
    return this.#nodes.registered(manager) ? [...timeless, ...this.#nodes.hopelessAmong(requests.values())] : timeless;
  }

  neverHas(resources: ResourceRequest): boolean {
    return this.#nodes.neverHas(resources);
  }

  /** As how many slots all that is at hand counts. */
  slotsWorth({ size, asking }: Tries): number {
    let worth = size;
    for (const [resources, count] of asking) worth += count * (this.#nodes.weightOf(resources) - 1);
    return worth;
  }
}
