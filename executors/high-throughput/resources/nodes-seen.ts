/**
 * Which kinds of nodes an executor's blocks have, as far as they have shown: so a request that none of them could ever meet is refused
 * at once, and how much work is waiting can be told in nodes. One provider makes all blocks alike: once all nodes of one have come up, those
 * of the next will be no others.
 */
import { packWireError } from '../../../lib/errors/index.ts';
import { forgetOldest } from '../../../lib/forget-oldest.ts';
import type { NodeShortfall } from '../../../lib/errors/task-errors.ts';
import type { TryOutcome, TryRequest } from '../../../lib/executor.ts';
import type { RequestVariant, ResourceRequest } from '../../../lib/resources/request.ts';
import { ResultStatus } from '../../../lib/wire/records.ts';
import { isBuiltIn } from '../../../lib/resources/names.ts';
import { nearest } from '../../../lib/suggest.ts';
import { classOf, type NodeCapacity } from './capacity.ts';
import { couldFit, describeShortage, type Shortage, shortagesOf, wholeRoom } from './shortage.ts';

interface Kind {
  readonly name: string;
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

/** Nodes of a block, by kind. */
type Nodes = ReadonlyMap<Kind, number>;

/** Beyond that it does not matter how many there were. */
const MOST_COUNTED = 10_000;
/** Of blocks that have not come up as a whole: the older ones of more than this never will. */
const MOST_PARTIAL = 1000;

export class NodesSeen {
  readonly #label: string;
  readonly #nodesPerBlock: number;
  readonly #declared: readonly string[];
  readonly #kinds = new Map<string, Kind>();
  /** Block → manager → what its node is, until all its nodes are there. */
  readonly #partial = new Map<string, Map<string, Kind>>();
  /** Blocks that have come up as a whole; those of the same nodes are one. */
  readonly #whole = new Map<string, Nodes>();

  /** @param declared kinds of its own, as its config names them: nodes have no others. */
  constructor(label: string, nodesPerBlock: number, declared: readonly string[]) {
    this.#label = label;
    this.#nodesPerBlock = nodesPerBlock;
    this.#declared = declared;
  }

  /** @returns whether from now on tasks may be hopeless that were not. */
  registered({ managerId, host, blockId, capacity }: SeenManager): boolean {
    if (capacity === undefined) return false;
    const key = classOf(capacity);
    const kind = this.#kinds.get(key) ?? { name: key, capacity, host, managers: new Set() };
    this.#kinds.set(key, kind);
    // What the largest of them has not, none has.
    if (capacity.memoryBytes > kind.capacity.memoryBytes) kind.capacity = capacity;
    kind.managers.add(managerId);
    forgetOldest(kind.managers, MOST_COUNTED);
    const wasComplete = this.#isComplete;
    this.#addToBlock(blockId, managerId, kind);
    return this.#isComplete && !wasComplete;
  }

  #addToBlock(blockId: string, managerId: string, kind: Kind): void {
    const block = this.#partial.get(blockId) ?? new Map<string, Kind>();
    block.set(managerId, kind);
    this.#partial.set(blockId, block);
    forgetOldest(this.#partial, MOST_PARTIAL);
    if (block.size < this.#nodesPerBlock) return;
    this.#partial.delete(blockId);
    const nodes = countKinds(block);
    const make = [...nodes].map(([{ name }, count]) => `${count} × ${name}`).sort();
    this.#whole.set(make.join('\n'), nodes);
  }

  get #isComplete(): boolean {
    return this.#whole.size > 0;
  }

  get #blocks(): Nodes[] {
    return [...this.#whole.values(), ...[...this.#partial.values()].map(countKinds)];
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
    if (Object.keys(variant.custom).some((kind) => !this.#declared.includes(kind))) return false;
    return !this.#isComplete || this.#blocks.some((block) => fitsBlock(block, variant));
  }

  #shortfallsOf({ variants }: ResourceRequest): NodeShortfall[] {
    const tooMany = variants.filter(({ nodes }) => (nodes?.count ?? 1) > this.#nodesPerBlock);
    const ofBlock = tooMany.map(({ nodes }) => describeShortage({ part: 'nodes', wanted: nodes?.count ?? 1, there: this.#nodesPerBlock }));
    const blocks = ofBlock.length === 0 ? [] : [{ nodes: 'a block', missing: ofBlock }];
    const others = variants.filter((variant) => !tooMany.includes(variant));
    if (others.length === 0) return blocks;
    if (this.#kinds.size === 0) return [...blocks, { nodes: 'any node', missing: others.map((variant) => this.#undeclaredIn(variant)) }];
    const kinds = [...this.#kinds.values()].map((kind) => ({
      nodes: nameOf(kind),
      missing: others.map((variant) => this.#lackOf(kind, variant)),
    }));
    return [...blocks, ...kinds];
  }

  #lackOf(kind: Kind, variant: RequestVariant): string {
    const shortages = shortagesOf(variant, wholeRoom(kind.capacity));
    return (shortages.length > 0 ? shortages : [this.#tooFew(variant)]).map((shortage) => this.#describe(shortage)).join(', ');
  }

  #undeclaredIn({ custom }: RequestVariant): string {
    const parts = Object.entries(custom).filter(([part]) => !this.#declared.includes(part));
    return parts.map(([part, wanted]) => this.#describe({ part, wanted, there: 0 })).join(', ');
  }

  #describe(shortage: Shortage): string {
    const { part } = shortage;
    const near = isBuiltIn(part) || this.#declared.includes(part) ? undefined : nearest(part, this.#declared);
    return `${describeShortage(shortage)}${near === undefined ? '' : ` (did you mean '${near}'?)`}`;
  }

  /** Each node would do, but no block has as many of them; or units with names are asked for in parts. */
  #tooFew(variant: RequestVariant): Shortage {
    const [kind, amount] = Object.entries(variant.custom).find(([, wanted]) => !Number.isInteger(wanted)) ?? [];
    if (variant.nodes === undefined) return { part: `whole ${kind}`, wanted: amount ?? 0, there: Math.floor(amount ?? 0) };
    const there = Math.max(0, ...this.#blocks.map((block) => countFitting(block, variant)));
    return { part: 'nodes', wanted: variant.nodes.count, there };
  }

  /** As how many slots it counts where it can run; 1 as long as that is not known. */
  weightOf({ variants }: ResourceRequest): number {
    const each = variants.flatMap((variant) => [...this.#kinds.values()].flatMap((kind) => slotsFor(kind.capacity, variant)));
    return each.length > 0 ? Math.min(...each) : Math.max(1, ...variants.map(({ nodes }) => nodes?.count ?? 1));
  }
}

const nameOf = ({ managers, host }: Kind): string => (managers.size === 1 ? `1 node, ${host}` : `${managers.size} nodes like ${host}`);

function countKinds(block: ReadonlyMap<string, Kind>): Nodes {
  const nodes = new Map<Kind, number>();
  for (const kind of block.values()) nodes.set(kind, (nodes.get(kind) ?? 0) + 1);
  return nodes;
}

function countFitting(block: Nodes, variant: RequestVariant): number {
  let fitting = 0;
  for (const [{ capacity }, count] of block) if (couldFit(capacity, variant)) fitting += count;
  return fitting;
}

const fitsBlock = (block: Nodes, variant: RequestVariant): boolean => countFitting(block, variant) >= (variant.nodes?.count ?? 1);

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
