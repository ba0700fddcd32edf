/** Nodes and requests for specs: what is not said is as plain as can be. */
import type { NodeCapacity, SlotClaim } from '../../executors/high-throughput/resources/capacity.ts';
import type { RequestVariant } from '../../lib/resources/request.ts';

/** @param slots how many; each has a CPU of its own as long as there are some, and an accelerator. */
export function nodeWith({ slots = 0, ...given }: Partial<Omit<NodeCapacity, 'slots'>> & { readonly slots?: number } = {}): NodeCapacity {
  const node = { cpus: [[0, 1, 2, 3]], gpus: [], gpuCpus: [], memoryBytes: 2 ** 30, custom: {}, ...given };
  const ids = node.cpus.flat();
  const count = Math.min(slots, ids.length);
  return {
    ...node,
    slots: Array.from(
      { length: count },
      (_, i): SlotClaim => ({ cpus: [[ids[i] as number, 1]], gpu: i < node.gpus.length ? i : -1, memoryBytes: 0 }),
    ),
  };
}

export const variantOf = (given: Partial<RequestVariant>): RequestVariant => ({
  cores: 1,
  layout: 'compact',
  gpus: 0,
  memoryBytes: 0,
  custom: {},
  ...given,
});
