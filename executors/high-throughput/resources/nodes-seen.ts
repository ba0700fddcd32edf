/**
 * Which kinds of nodes an executor's blocks have, as far as they have shown: so a request that none of them could ever meet is refused
 * at once, and how much work is waiting can be told in nodes. One provider makes all blocks alike: once all nodes of one have come up, those
 * of the next will be no others.
 */
import { packWireError } from '../../../lib/errors/index.ts';
import type { NodeShortfall } from '../../../lib/errors/task-errors.ts';
import type { TryOutcome, TryRequest } from '../../../lib/executor.ts';
import type { RequestVariant, ResourceRequest } from '../../../lib/resources/request.ts';
import { ResultStatus } from '../../../lib/wire/records.ts';
import { classOf, type NodeCapacity } from './capacity.ts';
import { couldFit, describeShortage, type Shortage, shortagesOf, wholeRoom } from './shortage.ts';

interface Kind {
  capacity: NodeCapacity;
  /** Of the first one. */
  readonly host: string;
  readonly managers: Set<string>;
}

interface SeenManager {
  readonly managerId: string;
  readonly host: string;
  readonly blockId: string;
  readonly capacity?: NodeCapacity | undefined;
}

export class NodesSeen {
  readonly #label: string;
  readonly #nodesPerBlock: number;
  readonly #kinds = new Map<string, Kind>();
  /** Block → manager → what its node is. */
  readonly #blocks = new Map<string, Map<string, Kind>>();
  #isComplete = false;

  constructor(label: string, nodesPerBlock: number) {
    this.#label = label;
    this.#nodesPerBlock = nodesPerBlock;
  }

  /** @returns whether from now on tasks may be hopeless that were not. */
  registered({ managerId, host, blockId, capacity }: SeenManager): boolean {
    if (capacity === undefined) return false;
    const key = classOf(capacity);
    const kind = this.#kinds.get(key) ?? { capacity, host, managers: new Set() };
    this.#kinds.set(key, kind);
    // What the largest of them has not, none has.
    if (capacity.memoryBytes > kind.capacity.memoryBytes) kind.capacity = capacity;
    kind.managers.add(managerId);
    const block = this.#blocks.get(blockId) ?? new Map<string, Kind>();
    this.#blocks.set(blockId, block);
    block.set(managerId, kind);
    if (this.#isComplete || block.size < this.#nodesPerBlock) return false;
    this.#isComplete = true;
    return true;
  }

  /** @returns how the try ends because no node will ever have what it asks for; undefined if one may. */
  refuse({ taskId, tryNumber, resources }: TryRequest): TryOutcome | undefined {
    if (resources === undefined || !this.neverHas(resources)) return undefined;
    const shortfalls = this.#shortfallsOf(resources);
    const list = shortfalls.map(({ nodes, missing }) => `${nodes} (${missing.join('; or ')})`).join(', ');
    const message = `it asks for resources that nothing at executor '${this.#label}' has: ${list}; ask for less in its 'resources', or for other nodes in the config`;
    const body = packWireError({ kind: 'placement', name: 'PlacementError', message, fields: { shortfalls } });
    return { taskId, tryNumber, status: ResultStatus.Failed, body, host: '', worker: '', startMs: 0, durationUs: 0 };
  }

  /** As far as is known. */
  neverHas({ variants }: ResourceRequest): boolean {
    return !variants.some((variant) => this.#mayFit(variant));
  }

  /** Those that have waited for nodes which there will never be. */
  hopelessAmong(requests: Iterable<TryRequest>): TryOutcome[] {
    return [...requests].flatMap((request) => this.refuse(request) ?? []);
  }

  #mayFit(variant: RequestVariant): boolean {
    if ((variant.nodes?.count ?? 1) > this.#nodesPerBlock) return false;
    return !this.#isComplete || [...this.#blocks.values()].some((block) => fitsBlock(block, variant));
  }

  #shortfallsOf({ variants }: ResourceRequest): NodeShortfall[] {
    const tooMany = variants.filter(({ nodes }) => (nodes?.count ?? 1) > this.#nodesPerBlock);
    const ofBlock = tooMany.map(({ nodes }) => describeShortage({ part: 'nodes', wanted: nodes?.count ?? 1, there: this.#nodesPerBlock }));
    const blocks = ofBlock.length === 0 ? [] : [{ nodes: 'a block', missing: ofBlock }];
    const others = variants.filter((variant) => !tooMany.includes(variant));
    if (others.length === 0) return blocks;
    const kinds = [...this.#kinds.values()].map((kind) => ({
      nodes: nameOf(kind),
      missing: others.map((variant) => this.#lackOf(kind, variant)),
    }));
    return [...blocks, ...kinds];
  }

  #lackOf(kind: Kind, variant: RequestVariant): string {
    const shortages = shortagesOf(variant, wholeRoom(kind.capacity));
    return (shortages.length > 0 ? shortages : [this.#tooFew(variant)]).map(describeShortage).join(', ');
  }

  /** Each node would do, but no block has as many of them; or units with names are asked for in parts. */
  #tooFew(variant: RequestVariant): Shortage {
    const [kind, amount] = Object.entries(variant.custom).find(([, wanted]) => !Number.isInteger(wanted)) ?? [];
    if (variant.nodes === undefined) return { part: `whole ${kind}`, wanted: amount ?? 0, there: Math.floor(amount ?? 0) };
    const there = Math.max(0, ...[...this.#blocks.values()].map((block) => countFitting(block, variant)));
    return { part: 'nodes', wanted: variant.nodes.count, there };
  }

  /** As how many slots it counts where it can run; 1 as long as that is not known. */
  weightOf({ variants }: ResourceRequest): number {
    const each = variants.flatMap((variant) => [...this.#kinds.values()].flatMap((kind) => slotsFor(kind.capacity, variant)));
    return each.length > 0 ? Math.min(...each) : Math.max(1, ...variants.map(({ nodes }) => nodes?.count ?? 1));
  }
}

const nameOf = ({ managers, host }: Kind): string => (managers.size === 1 ? `1 node, ${host}` : `${managers.size} nodes like ${host}`);

const countFitting = (block: ReadonlyMap<string, Kind>, variant: RequestVariant): number =>
  [...block.values()].filter(({ capacity }) => couldFit(capacity, variant)).length;

const fitsBlock = (block: ReadonlyMap<string, Kind>, variant: RequestVariant): boolean =>
  countFitting(block, variant) >= (variant.nodes?.count ?? 1);

/** Nothing, if it does not fit there. */
function slotsFor(capacity: NodeCapacity, variant: RequestVariant): number[] {
  if (!couldFit(capacity, variant)) return [];
  const slots = Math.max(1, capacity.slots.length);
  if (variant.nodes !== undefined) return [variant.nodes.count * slots];
  const whole = wholeRoom(capacity);
  const parts = [variant.cores / whole.cores, variant.gpus / Math.max(1, whole.gpus), variant.memoryBytes / Math.max(1, whole.memoryBytes)];
  const custom = Object.entries(variant.custom).map(([kind, amount]) => amount / whole.custom(kind));
  return [Math.max(...parts, ...custom) * slots];
}
