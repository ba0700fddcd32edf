/**
 * How many workers a node gets, and what each of them owns. Pure: the node's facts come in (node-facts.ts), a plan goes out.
 * Knows nothing of worker processes.
 */
import { acceleratorEnv, listAccelerators } from './accelerators.ts';
import type { CpuAffinity } from './affinity-option.ts';
import { assignCpus } from './cpu-sets.ts';
import { SlotPlanError } from './slot-plan-error.ts';

export interface SlotRequest {
  /** Ids of the CPUs that this process may use, ascending. */
  readonly cpus: readonly number[];
  /** CPUs' worth of time that a container allows, where it limits that. */
  readonly cpuQuota?: number | undefined;
  readonly memoryBytes: number;
  /** May be a fraction: 0.5 puts four workers on two cores. */
  readonly coresPerWorker: number;
  readonly memPerWorkerBytes?: number | undefined;
  /** Infinity: no cap. */
  readonly maxWorkersPerNode: number;
  /** Names, or how many of the visible ones; 0 or []: workers own none. */
  readonly accelerators: number | readonly string[];
  /** Those that the job was given; undefined: the environment does not say. */
  readonly visibleAccelerators?: readonly string[] | undefined;
  readonly cpuAffinity: CpuAffinity;
}

export interface Slot {
  readonly index: number;
  /** undefined: not pinned. */
  readonly cpus: readonly number[] | undefined;
  readonly accelerator: string | undefined;
  /** What the slot's workers find in their environment because of these two. */
  readonly env: Readonly<Record<string, string>>;
}

interface Bound {
  readonly count: number;
  /** Completes "no worker fits on this node: …". */
  readonly shortage: string;
}

/**
 * As many slots as cores, memory, cap and accelerators allow, whichever allows least.
 * @throws SlotPlanError when that is none, or when the pinning cannot be done as configured.
 */
export function planSlots(request: SlotRequest): Slot[] {
  const accelerators = listAccelerators(request.accelerators, request.visibleAccelerators);
  const count = countWorkers(request, accelerators.length);
  return assignCpus(request.cpuAffinity, request.cpus, count).map((cpus, index) => {
    const accelerator = accelerators[index];
    return { index, cpus, accelerator, env: slotEnv(cpus, accelerator) };
  });
}

function countWorkers(request: SlotRequest, acceleratorCount: number): number {
  const bounds = [coreBound(request), capBound(request), memoryBound(request)];
  const none = bounds.find((bound) => bound.count < 1);
  if (none !== undefined) throw new SlotPlanError(`no worker fits on this node: ${none.shortage}`);
  const least = Math.min(...bounds.map((bound) => bound.count));
  return acceleratorCount === 0 ? least : Math.min(least, acceleratorCount);
}

function coreBound({ cpus, cpuQuota, coresPerWorker }: SlotRequest): Bound {
  const cores = Math.min(cpus.length, Math.max(1, cpuQuota ?? cpus.length));
  return {
    count: wholeTimes(cores, coresPerWorker),
    shortage: `coresPerWorker is ${coresPerWorker}, and it has ${cores} cores for this job; lower coresPerWorker or ask for more cores`,
  };
}

function capBound({ maxWorkersPerNode }: SlotRequest): Bound {
  return { count: Math.floor(maxWorkersPerNode), shortage: `maxWorkersPerNode is ${maxWorkersPerNode}` };
}

function memoryBound({ memoryBytes, memPerWorkerBytes }: SlotRequest): Bound {
  if (memPerWorkerBytes === undefined || memPerWorkerBytes === 0) return { count: Number.POSITIVE_INFINITY, shortage: '' };
  return {
    count: wholeTimes(memoryBytes, memPerWorkerBytes),
    shortage: `memPerWorker is ${formatGiB(memPerWorkerBytes)}, and it has ${formatGiB(memoryBytes)} for this job`,
  };
}

/** How often `part` fits into `whole`, forgiving the last binary digit: three times 0.1 fit into 0.3. */
function wholeTimes(whole: number, part: number): number {
  return Math.floor(whole / part + 1e-9);
}

function formatGiB(bytes: number): string {
  return `${Number((bytes / 2 ** 30).toFixed(2))} GiB`;
}

function slotEnv(cpus: readonly number[] | undefined, accelerator: string | undefined): Record<string, string> {
  return { ...(cpus && openMpEnv(cpus)), ...(accelerator !== undefined && acceleratorEnv(accelerator)) };
}

/** Makes OpenMP (GCC's and Intel's) use a pinned slot's CPUs, and no more threads than that. */
function openMpEnv(cpus: readonly number[]): Record<string, string> {
  const list = cpus.join(',');
  return { OMP_NUM_THREADS: String(cpus.length), GOMP_CPU_AFFINITY: list, KMP_AFFINITY: `explicit,proclist=[${list}]` };
}
