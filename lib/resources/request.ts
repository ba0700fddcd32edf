/**
 * What a task needs of a node, or of several, once its options have been checked: data that travels from the driver to the interchange.
 *
 * A task without a request takes one slot. See docs/decisions/019.
 */

/** One of several ways in which a task can run; the first that can be had soonest is taken. */
export interface RequestVariant {
  /** CPUs of its own. A fraction below 1 shares one with others; from 1 on a whole number. */
  readonly cores: number;
  /** 'compact': as few NUMA nodes as possible. 'scattered': spread over all of them. */
  readonly layout: 'compact' | 'scattered';
  /** A fraction below 1 comes from one GPU; from 1 on a whole number. 0: none. */
  readonly gpus: number;
  /** What it may use at most, and is ended beyond; 0: nothing was said. */
  readonly memoryBytes: number;
  /** Of the node's own kinds, by name (`resources` of HighThroughputExecutor). */
  readonly custom: Readonly<Record<string, number>>;
  /** It runs on whole nodes of one block; the fields above are then those of each node. */
  readonly nodes?: NodesRequest | undefined;
}

/** Of an MPI program. */
export interface NodesRequest {
  readonly count: number;
  /** undefined: as many as a node has cores for, by `threadsPerRank`. */
  readonly ranksPerNode: number | undefined;
  readonly threadsPerRank: number;
  readonly gpusPerRank: number;
  /** As the launcher has it: 'none', 'cores', … undefined: the launcher's default. */
  readonly cpuBind: string | undefined;
}

export interface ResourceRequest {
  /** At least one. */
  readonly variants: readonly RequestVariant[];
}
