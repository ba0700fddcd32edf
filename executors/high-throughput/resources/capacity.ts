/**
 * What a node has, as its manager says when it registers. Data; travels as MessagePack.
 */
export interface NodeCapacity {
  /** Ids of the CPUs that the manager may use, one list per NUMA node, ascending. */
  readonly cpus: readonly (readonly number[])[];
  /** Names of its accelerators, as workers find them in their environment. */
  readonly gpus: readonly string[];
  /** CPUs near to each accelerator, where the config says so (`cpuAffinity: 'list:…'`); else empty. */
  readonly gpuCpus: readonly (readonly number[])[];
  readonly memoryBytes: number;
  /** Of the config's own kinds: an amount, or names that are given out one by one. */
  readonly custom: Readonly<Record<string, number | readonly string[]>>;
  /** What each slot takes of the above while it serves tasks that ask for nothing. */
  readonly slots: readonly SlotClaim[];
}

/** The same for nodes that differ in little: in which CPUs they have, in less than a GiB of memory. */
export const classOf = ({ cpus, gpus, memoryBytes, custom, slots }: NodeCapacity): string =>
  JSON.stringify([cpus.flat().length, gpus.length, Math.floor(memoryBytes / 2 ** 30), custom, slots.length]);

export interface SlotClaim {
  /** CPUs, each with the share of it; also where the slot is not pinned to them. */
  readonly cpus: readonly (readonly [cpu: number, share: number])[];
  /** Index into `gpus`; -1: none. */
  readonly gpu: number;
  readonly memoryBytes: number;
}
