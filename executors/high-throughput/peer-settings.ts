/**
 * The executor's options as its interchange and its managers are told of them. Pure, but for asking which addresses this machine has.
 */
import { networkInterfaces } from 'node:os';
import { join } from 'node:path';
import type { ExecutorContext } from '../../lib/executor.ts';
import { PACKAGE_VERSION, PROTOCOL_VERSION } from '../../lib/wire/protocol.ts';
import type { CompiledHighThroughput } from './compiled.ts';
import type { InterchangeSettings } from './interchange/settings.ts';
import type { ManagerSettings } from './manager/settings.ts';
import type { RemoteSite } from './remote/site.ts';
import type { RelayHello } from './remote/relay-entry.ts';
import type { DurableState } from './durable-state.ts';
import { localNameOf } from './local-name.ts';
import { createRunKeys, managerKeysOf, type RunKeys } from './security.ts';

export interface PeerSettingsSource {
  readonly compiled: CompiledHighThroughput;
  readonly context: ExecutorContext;
  /** `runinfo/NNN/<label>` */
  readonly directory: string;
  /** undefined: not encrypted. */
  readonly keys: RunKeys | undefined;
  /** Another machine, on which the managers are; undefined: this one, or one that sees its disks. */
  readonly site: RemoteSite | undefined;
}

/** Managers that are taken over keep the keys that they have. */
export function keysFor({ encrypted }: CompiledHighThroughput, predecessor: DurableState | undefined): RunKeys | undefined {
  if (predecessor) return predecessor.keys ?? undefined;
  return encrypted ? createRunKeys() : undefined;
}

/** @param port 0: what the options say, else the port of the interchange that this one replaces. */
export function interchangeSettings({ compiled, context, keys, site }: PeerSettingsSource, port: number): InterchangeSettings {
  // Behind a relay it is the relay's port that people mean.
  const fixed = port || (site === undefined ? (compiled.workerPort ?? 0) : 0);
  const orphanGraceMs = orphanGraceOf(compiled, context);
  const localName = localNameOf(compiled, keys);
  return {
    runId: context.runId,
    addresses: [listensOnLoopback(compiled) ? loopback(compiled) : '0.0.0.0'],
    ...(fixed ? { port: fixed } : { portRange: compiled.workerPortRange }),
    ...(localName === undefined ? {} : { localName }),
    ...(keys ? { curve: { server: keys.server, clients: [keys.client.publicKey] } } : {}),
    heartbeatPeriodMs: compiled.heartbeatPeriodMs,
    heartbeatThresholdMs: compiled.heartbeatThresholdMs,
    ...(orphanGraceMs === undefined ? {} : { orphanGraceMs, driverKeeps: true }),
    prefetchCapacity: compiled.prefetchCapacity,
    ...(compiled.maxGangsPerBlock === undefined ? {} : { maxGangsPerBlock: compiled.maxGangsPerBlock }),
    quarantineMs: compiled.quarantineMs,
    managerSelector: compiled.managerSelector ?? (givesBackSingleBlocks(compiled, context) ? 'blockId' : 'random'),
    protocol: PROTOCOL_VERSION,
    packageVersion: PACKAGE_VERSION,
  };
}

/** Else packing tasks on few blocks would crowd nodes for nothing. */
const givesBackSingleBlocks = ({ provider }: CompiledHighThroughput, { strategy }: ExecutorContext): boolean =>
  strategy.name === 'htex-auto-scale' && provider.limits.maxBlocks > 1;

/** @param relay what managers dial in the interchange's place. */
export function managerSettings(peers: PeerSettingsSource, port: number, relay?: RelayHello): ManagerSettings {
  const { compiled, context, directory, keys, site } = peers;
  const { label, workerLogdirRoot } = compiled;
  return {
    runId: context.runId,
    label,
    addresses: relay === undefined ? addressesFor(compiled, keys) : relayAddresses(compiled, relay),
    port: relay?.port ?? port,
    curve: keys ? managerKeysOf(keys) : null,
    heartbeatPeriodMs: compiled.heartbeatPeriodMs,
    // An interchange that died with its driver, or on a machine that starts again, is waited for as long as a driver.
    heartbeatThresholdMs: Math.max(compiled.heartbeatThresholdMs, orphanGraceOf(compiled, context) ?? 0),
    drainPeriodMs: compiled.drainPeriodMs ?? null,
    walltimeWarningMs: compiled.walltimeWarningMs,
    leaveMs: compiled.leaveMs,
    probeTimeoutMs: compiled.addressProbeTimeoutMs,
    coresPerWorker: compiled.coresPerWorker,
    memPerWorkerBytes: compiled.memPerWorkerBytes ?? null,
    maxWorkersPerNode: Number.isFinite(compiled.maxWorkersPerNode) ? compiled.maxWorkersPerNode : null,
    cpuAffinity: compiled.cpuAffinity,
    accelerators: compiled.accelerators,
    resources: compiled.resources,
    mpi: compiled.mpi,
    cwd: compiled.workingDir ?? site?.runDir ?? context.workingDirectory,
    env: compiled.env,
    storeDir: site === undefined ? context.storeDir : null,
    // A folder of somebody's choice may serve many runs.
    logRoot: workerLogdirRoot === undefined ? (site?.runDir ?? directory) : join(workerLogdirRoot, context.runId, label),
    nodePath: compiled.nodePath ?? site?.nodePath ?? process.execPath,
    python: compiled.python ?? null,
    debug: compiled.workerDebug,
  };
}

/** undefined: managers leave when their driver is gone. */
export const orphanGraceOf = (compiled: CompiledHighThroughput, context: ExecutorContext): number | undefined =>
  compiled.provider.channel === undefined ? (compiled.orphanGraceMs ?? context.orphanGraceMs) : undefined;

const loopback = ({ loopbackAddress }: CompiledHighThroughput): string => loopbackAddress ?? '127.0.0.1';

/** With a channel the relay comes from this machine, and `address` is the login node's. */
export const listensOnLoopback = ({ provider, address }: CompiledHighThroughput): boolean =>
  provider.channel !== undefined || (provider.isLocal && address === undefined);

const relayAddresses = ({ address }: CompiledHighThroughput, { addresses }: RelayHello): readonly string[] =>
  address === undefined ? addresses : [address];

/** Where managers look for the interchange: what the config says, else on this machine alone, else at all its addresses. */
function addressesFor(compiled: CompiledHighThroughput, keys: RunKeys | undefined): string[] {
  if (compiled.address !== undefined) return [compiled.address];
  const localName = localNameOf(compiled, keys);
  if (localName !== undefined) return [localName];
  return compiled.provider.isLocal ? [loopback(compiled)] : outsideAddresses();
}

/** The interchange listens on IPv4. */
function outsideAddresses(): string[] {
  const found = Object.values(networkInterfaces()).flatMap((list) => list ?? []);
  return found.filter(({ internal, family }) => !internal && family === 'IPv4').map(({ address }) => address);
}
