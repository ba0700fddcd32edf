/**
 * What a task was given: decided by the interchange, carried out by the manager. Data; travels as MessagePack.
 */
export interface Grant {
  /** Which of the request's variants it is. */
  readonly variant: number;
  /** CPUs, each with the share of it. */
  readonly cpus: readonly (readonly [cpu: number, share: number])[];
  /** Index into the node's `gpus`, and the share of it. */
  readonly gpus: readonly (readonly [gpu: number, share: number])[];
  /** 0: not limited. */
  readonly memoryBytes: number;
  /** An amount, or the names that it was given. */
  readonly custom: Readonly<Record<string, number | readonly string[]>>;
  /** Of a task on whole nodes: all of them, the one that runs it first. */
  readonly nodes?: readonly GrantedNode[] | undefined;
  /** Of a task on whole nodes: what it asked for, completed. */
  readonly ranks?: GrantedRanks | undefined;
}

export interface GrantedNode {
  readonly managerId: string;
  readonly host: string;
}

export interface GrantedRanks {
  readonly ranksPerNode: number;
  readonly threadsPerRank: number;
  readonly gpusPerRank: number;
  readonly cpuBind?: string | undefined;
}

/** In a Granted frame, one per record. */
export interface TaskGrant {
  readonly taskId: number;
  readonly tryNumber: number;
  readonly grant: Grant;
}

/**
 * Which slots serve tasks that ask for nothing. `add` serve again at once. `reclaim`: so many more are to be released, each as soon as it is
 * idle, those first that are; each is reported by a record of status SlotReleased among the results, behind those of its tasks. A later
 * lease replaces what is still to be reclaimed.
 */
export interface SlotLease {
  readonly add: readonly number[];
  readonly reclaim: number;
}
