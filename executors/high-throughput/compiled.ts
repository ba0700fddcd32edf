/**
 * A HighThroughputExecutor's options with every default filled in and every unit in its name.
 */
import { ConfigError } from '../../lib/errors/config-error.ts';
import { frozenCopy } from '../../lib/options/freeze.ts';
import type { ProviderDescription } from '../../lib/provider.ts';
import { LocalProvider } from '../../providers/local/description.ts';
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
  readonly prefetchCapacity: 'auto' | number;
  readonly heartbeatPeriodMs: number;
  readonly heartbeatThresholdMs: number;
  readonly drainPeriodMs: number | undefined;
  readonly addressProbeTimeoutMs: number;
  readonly workerLogdirRoot: string | undefined;
  readonly managerSelector: 'random' | 'blockId';
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
  return frozenCopy<CompiledHighThroughput>({
    label: checked.label ?? 'htex',
    provider: checked.provider ?? new LocalProvider(),
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
    prefetchCapacity: checked.prefetchCapacity ?? 'auto',
    heartbeatPeriodMs,
    heartbeatThresholdMs,
    drainPeriodMs: checked.drainPeriod,
    addressProbeTimeoutMs: checked.addressProbeTimeout ?? 30_000,
    workerLogdirRoot: checked.workerLogdirRoot,
    managerSelector: checked.managerSelector ?? 'random',
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
