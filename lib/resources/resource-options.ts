/**
 * The `resources` option as people write it.
 */

/** What one task needs. What is not named: one core, and nothing else. */
export interface ResourceOptions {
  /** CPUs of its own. A whole number, or a fraction below 1, which shares one with others. Default 1. */
  readonly cores?: number | undefined;
  /** 'compact' (default): as few NUMA nodes as possible. 'scattered': spread over all of them. */
  readonly coreLayout?: 'compact' | 'scattered' | undefined;
  /** '6GiB': what it may use at most. A list: for the first try, the second, …; the last holds for all further ones. */
  readonly memory?: string | readonly string[] | undefined;
  /** A whole number, or a fraction below 1, which comes from one GPU. Default 0. */
  readonly gpus?: number | undefined;
  /** bashApp: whole nodes of one block; what else is named is of each node. */
  readonly nodes?: number | undefined;
  /** bashApp: ranks of an MPI program on each node; default: as many as its cores allow. With it, `nodes` is 1 unless it is named. */
  readonly ranksPerNode?: number | undefined;
  /** bashApp: default 1. */
  readonly threadsPerRank?: number | undefined;
  /** bashApp: default 0. */
  readonly gpusPerRank?: number | undefined;
  /** bashApp: how ranks are bound, in the launcher's own words ('none', 'cores'); default: the launcher's. */
  readonly cpuBind?: string | undefined;
  /** How much of a kind that the executor's own `resources` name. */
  readonly [custom: string]: number | string | readonly string[] | undefined;
}

type Needs = ResourceOptions | readonly ResourceOptions[];

/** A list: any of them will do, and the first that can be had soonest is taken. A function: of the task's arguments, once they are known. */
export type ResourcesOption = Needs | ((...args: never[]) => Needs);
