/**
 * What is in use on every node at one moment, as its tasks and slots have it: the oracle for double booking. It knows nothing of pools.
 */
import type { NodeCapacity, SlotClaim } from '../../../../../executors/high-throughput/resources/capacity.ts';
import type { Grant } from '../../../../../executors/high-throughput/resources/grant.ts';

type Uses = Map<string, number>;

export class Occupancy {
  readonly #nodes = new Map<string, { readonly capacity: NodeCapacity; readonly users: Map<string, Uses> }>();

  addNode(id: string, capacity: NodeCapacity): void {
    this.#nodes.set(id, { capacity, users: new Map() });
  }

  /** It is gone, and whatever ran there. */
  removeNode(id: string): void {
    this.#nodes.delete(id);
  }

  /** @throws Error if something of it is in use already. */
  begin(node: string, user: string, what: Grant | SlotClaim): void {
    const known = this.#nodes.get(node);
    if (known === undefined) return;
    known.users.set(user, usesOf(what));
    const total: Uses = new Map();
    for (const uses of known.users.values()) for (const [name, units] of uses) total.set(name, (total.get(name) ?? 0) + units);
    for (const [name, units] of total) {
      const limit = limitOf(known.capacity, name);
      if (units > limit + 1e-6)
        throw new Error(`${name} of ${node} is in use ${units} of ${limit} by ${[...known.users.keys()].join(', ')}`);
    }
  }

  end(user: string): void {
    for (const { users } of this.#nodes.values()) users.delete(user);
  }

  endAt(node: string, user: string): void {
    this.#nodes.get(node)?.users.delete(user);
  }
}

function usesOf(what: Grant | SlotClaim): Uses {
  const uses: Uses = new Map(what.cpus.map(([cpu, share]) => [`cpu ${cpu}`, share]));
  uses.set('memory', what.memoryBytes);
  if ('gpu' in what) return what.gpu < 0 ? uses : uses.set(`gpu ${what.gpu}`, 1);
  for (const [gpu, share] of what.gpus) uses.set(`gpu ${gpu}`, share);
  for (const [kind, given] of Object.entries(what.custom)) {
    if (typeof given === 'number') uses.set(kind, given);
    else for (const name of given) uses.set(`${kind} ${name}`, 1);
  }
  return uses;
}

function limitOf({ memoryBytes, custom }: NodeCapacity, name: string): number {
  if (name === 'memory') return memoryBytes;
  const amount = custom[name];
  return typeof amount === 'number' ? amount : 1;
}
