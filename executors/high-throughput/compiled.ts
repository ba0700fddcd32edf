/**
 * A HighThroughputExecutor's options with every default filled in and every unit in its name.
 */
import { ConfigError } from '../../lib/errors/config-error.ts';
import { frozenCopy } from '../../lib/options/freeze.ts';
import type { BlockLimits, ProviderDescription } from '../../lib/provider.ts';
import { LocalProvider } from '../../providers/local/description.ts';
import { chooseMpi, type MpiChoice } from '../mpi/mpi-choice.ts';
import type { CpuAffinity } from './affinity-option.ts';
import type { BlockErrorHandler, CheckedHighThroughputOptions } from './options.ts';

export interface CompiledHighThroughput {
  readonly label: string;
  readonly provider: ProviderDescription;
  readonly address: string | undefined;
  readonly loopbackAddress: string | undefined;
  readonly workerPort: number | undefined;
  /** Both ends included. */
  readonly workerPortRange: readonly [low: number, high: number];
  readonly workingDir: string | undefined;
  readonly workerDebug: boolean;
  readonly coresPerWorker: number;
  readonly memPerWorkerBytes: number | undefined;
  /** Infinity: no cap. */
  readonly maxWorkersPerNode: number;
  readonly cpuAffinity: CpuAffinity;
  /** How many (0: none), or their names. */
  readonly accelerators: number | readonly string[];
  /** Of each node: how many, or their names. */
  readonly resources: Readonly<Record<string, number | readonly string[]>>;
  readonly mpi: MpiChoice;
  /** Tasks on whole nodes that a block may have at once; undefined: as many as it has nodes for. */
  readonly maxGangsPerBlock: number | undefined;
  readonly prefetchCapacity: 'auto' | number;
  readonly heartbeatPeriodMs: number;
  readonly heartbeatThresholdMs: number;
  /** 0: never. */
  readonly quarantineMs: number;
  readonly drainPeriodMs: number | undefined;
  /** Before its block ends: when a manager tells running tasks, and takes no more. */
  readonly walltimeWarningMs: number;
  /** Before its block ends: when a manager ends what still runs, so that it can say so. */
  readonly leaveMs: number;
  readonly addressProbeTimeoutMs: number;
  readonly workerLogdirRoot: string | undefined;
  /** undefined: as it suits the strategy. */
  readonly managerSelector: 'random' | 'blockId' | undefined;
  /** false: failing blocks never fail the executor; true: the executor's own judgement. */
  readonly blockErrorHandler: boolean | BlockErrorHandler;
  readonly encrypted: boolean;
  readonly python: string | undefined;
  readonly nodePath: string | undefined;
  readonly env: Readonly<Record<string, string>>;
  /** undefined: the config's. If that has none either, everything ends with the driver. */
  readonly orphanGraceMs: number | undefined;
}

/** @throws ConfigError when two options contradict each other. */
export function compileHighThroughput(checked: CheckedHighThroughputOptions): CompiledHighThroughput {
  const heartbeatPeriodMs = checked.heartbeatPeriod ?? 30_000;
  const isRemote = checked.provider?.channel !== undefined;
  const heartbeatThresholdMs = checked.heartbeatThreshold ?? (isRemote ? REMOTE_THRESHOLD_MS : 120_000);
  requireThresholdAbovePeriod(heartbeatPeriodMs, heartbeatThresholdMs);
  if (isRemote) requireWhatChannelsNeed(checked);
  const provider = checked.provider ?? new LocalProvider();
  return frozenCopy<CompiledHighThroughput>({
    label: checked.label ?? 'htex',
    provider,
    ...compileLastMinutes(checked, provider.limits),
    address: checked.address,
    loopbackAddress: checked.loopbackAddress,
    workerPort: checked.workerPort,
    workerPortRange: checked.workerPortRange ?? [54000, 55000],
    workingDir: checked.workingDir,
    workerDebug: checked.workerDebug ?? false,
    coresPerWorker: checked.coresPerWorker ?? 1,
    memPerWorkerBytes: checked.memPerWorker,
    maxWorkersPerNode: checked.maxWorkersPerNode ?? checked.maxWorkers ?? Number.POSITIVE_INFINITY,
    cpuAffinity: checked.cpuAffinity ?? { kind: 'none' },
    accelerators: checked.availableAccelerators ?? 0,
    resources: checked.resources ?? {},
    maxGangsPerBlock: undefined,
    mpi: chooseMpi(checked.mpiLauncher ?? 'auto', provider.launcher, checked.mpiOverrides ?? ''),
    prefetchCapacity: checked.prefetchCapacity ?? 'auto',
    heartbeatPeriodMs,
    heartbeatThresholdMs,
    quarantineMs: checked.quarantine ?? 60_000,
    drainPeriodMs: checked.drainPeriod,
    addressProbeTimeoutMs: checked.addressProbeTimeout ?? 30_000,
    workerLogdirRoot: checked.workerLogdirRoot,
    managerSelector: checked.managerSelector,
    blockErrorHandler: checked.blockErrorHandler ?? true,
    encrypted: checked.encrypted ?? true,
    python: checked.python,
    nodePath: checked.nodePath,
    env: checked.env ?? {},
    orphanGraceMs: checked.orphanGrace,
  });
}

/** A laptop that is carried to the next room is no loss. */
const REMOTE_THRESHOLD_MS = 600_000;

function requireWhatChannelsNeed({ encrypted, orphanGrace }: CheckedHighThroughputOptions): void {
  if (encrypted === false)
    refuse('encrypted', 'managers are dialled through a port of the login node, where others work too: leave encryption on with a channel');
  if (orphanGrace !== undefined)
    refuse(
      'orphanGrace',
      'managers behind a channel cannot be taken over by another driver; leave it out, or run the script on the login node',
    );
}

function refuse(key: string, reason: string): never {
  throw new ConfigError([{ path: [key], target: 'value', message: `HighThroughputExecutor.${key}: ${reason}` }]);
}

function requireThresholdAbovePeriod(periodMs: number, thresholdMs: number): void {
  if (thresholdMs > periodMs) return;
  const message =
    `HighThroughputExecutor.heartbeatThreshold: ${thresholdMs / 1000} s is not longer than heartbeatPeriod, ${periodMs / 1000} s: ` +
    'every peer would be taken for lost; make it at least twice as long';
  throw new ConfigError([{ path: ['heartbeatThreshold'], target: 'value', message }]);
}

/** Of short blocks, as tests have them, most is to be of use. */
function compileLastMinutes(
  { walltimeWarning }: CheckedHighThroughputOptions,
  { walltimeMs = Number.POSITIVE_INFINITY }: BlockLimits,
): Pick<CompiledHighThroughput, 'walltimeWarningMs' | 'leaveMs'> {
  if (walltimeWarning !== undefined && walltimeWarning >= walltimeMs) {
    const message =
      `HighThroughputExecutor.walltimeWarning: ${walltimeWarning / 1000} s is not shorter than the walltime of a block, ${walltimeMs / 1000} s: ` +
      "no task could ever be started; make it shorter, or the provider's walltime longer";
    throw new ConfigError([{ path: ['walltimeWarning'], target: 'value', message }]);
  }
  return { walltimeWarningMs: walltimeWarning ?? Math.min(30_000, walltimeMs / 10), leaveMs: Math.min(5000, walltimeMs / 20) };
}
