/**
 * Makes the parts of a HighThroughputExecutor and connects them: the interchange, the blocks, and the record by which another driver
 * could take over. What they tell goes to the executor.
 */
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { FrameType } from '../../lib/wire/frames.ts';
import type { BlockLimits } from '../../lib/provider.ts';
import { BLOCK_WALLTIME } from '../../providers/job-script.ts';
import { quoteForShell } from '../../providers/shell-quote.ts';
import { Blocks } from '../blocks/blocks.ts';
import type { BlockLoad } from '../blocks/scaler-types.ts';
import { DurableRecord } from './durable-record.ts';
import { type DurableState, durableStatePath } from './durable-state.ts';
import { InterchangeKeeper } from './interchange-keeper.ts';
import type { InterchangeEvent } from './interchange-process.ts';
import { FORWARDER_NODE_OPTIONS } from './node-options.ts';
import { interchangeSettings, orphanGraceOf, type PeerSettingsSource } from './peer-settings.ts';
import type { TakeOver } from './take-over.ts';

const extension = import.meta.url.endsWith('.ts') ? '.ts' : '.js';
const MANAGER_ENTRY = fileURLToPath(new URL(`./manager/manager-entry${extension}`, import.meta.url));

/** Where the parts report, and what they ask. */
export interface PartsEvents {
  results(managerIndex: number, records: Buffer): void;
  event(event: InterchangeEvent): void;
  spawned(): void;
  began(): void;
  replaced(how: string): void;
  failed(error: Error): void;
  load(): BlockLoad;
  describe(): DurableState;
  log(level: 'error', message: string): void;
}

export interface Parts {
  readonly interchange: InterchangeKeeper;
  readonly blocks: Blocks;
  /** undefined: when this driver dies, there is nothing to take over. */
  readonly record: DurableRecord | undefined;
}

export const settingsPathIn = (directory: string): string => join(directory, 'keys', 'manager.json');

export function createParts(peers: PeerSettingsSource, takeOver: TakeOver, on: PartsEvents): Parts {
  const interchange = new InterchangeKeeper({
    label: peers.compiled.label,
    logPath: join(peers.directory, 'interchange.log'),
    settings: (port) => interchangeSettings(peers, port),
    results: (index, records) => on.results(index, records),
    event: (event) => on.event(event),
    spawned: () => on.spawned(),
    began: () => on.began(),
    replaced: (how) => on.replaced(how),
    failed: (error) => on.failed(error),
  });
  const record = createRecord(peers, on);
  return { interchange, record, blocks: createBlocks({ peers, takeOver, interchange, record }, on) };
}

function createRecord({ compiled, context, directory }: PeerSettingsSource, on: PartsEvents): DurableRecord | undefined {
  if (orphanGraceOf(compiled, context) === undefined) return undefined;
  return new DurableRecord(
    durableStatePath(directory),
    () => on.describe(),
    (error) => on.log('error', `its managers could not be taken over if this driver died now: ${error.message}`),
  );
}

interface BlocksParts {
  readonly peers: PeerSettingsSource;
  readonly takeOver: TakeOver;
  readonly interchange: InterchangeKeeper;
  readonly record: DurableRecord | undefined;
}

function createBlocks({ peers, takeOver, interchange, record }: BlocksParts, on: PartsEvents): Blocks {
  const { label, provider, blockErrorHandler, heartbeatThresholdMs } = peers.compiled;
  const { runId, strategy, events } = peers.context;
  const { site } = peers;
  const { runDir, workingDirectory } = site === undefined ? peers.context : { runDir: site.runDir, workingDirectory: site.runDir };
  return new Blocks({
    label,
    provider,
    context: { runId, runDir, workingDirectory, orphanGraceMs: orphanGraceOf(peers.compiled, peers.context), log: events.log },
    command: () => managerCommand(peers),
    env: walltimeEnv(provider.limits),
    ...(site === undefined ? {} : { readTail: (path: string, bytes: number) => site.readTail(path, bytes) }),
    load: () => on.load(),
    adopted: takeOver.from?.blocks ?? [],
    spentNodeMs: takeOver.from?.spentNodeMs,
    onJobs: () => record?.changed(),
    onFail: (error) => on.failed(error),
    onDrain: (block) => interchange.sendPacked(FrameType.Drain, { block }),
    onEnded: (block) => {
      const awaited = [...takeOver.expected].filter(([, blockId]) => blockId === block).map(([managerId]) => managerId);
      interchange.sendPacked(FrameType.Event, { kind: 'blockEnded', block, awaited });
    },
    onRestart: (block) => interchange.sendPacked(FrameType.Event, { kind: 'blockEnded', block, graceMs: 0 }),
    strategy: strategy.name,
    strategyPeriodMs: strategy.periodMs,
    maxIdleTimeMs: strategy.maxIdleTimeMs,
    errorHandler: blockErrorHandler,
    desertedLimitMs: desertedLimitMs(heartbeatThresholdMs),
  });
}

/** Another interchange may take as long to come up, on a busy machine. */
const SHORTEST_DESERTED_MS = 5000;
const LONGEST_DESERTED_MS = 30_000;

/** A block whose managers are lost is given as long again for them to come back; half a minute at most. */
export const desertedLimitMs = (heartbeatThresholdMs: number): number =>
  Math.min(LONGEST_DESERTED_MS, Math.max(SHORTEST_DESERTED_MS, heartbeatThresholdMs));

/** By which managers know when their block ends. */
export const walltimeEnv = ({ walltimeMs }: BlockLimits): Record<string, string> =>
  walltimeMs === undefined ? {} : { [BLOCK_WALLTIME]: String(Math.max(1, Math.floor(walltimeMs / 1000))) };

/** Starts a manager on one node. */
export function managerCommand({ compiled, directory, site }: Pick<PeerSettingsSource, 'compiled' | 'directory' | 'site'>): string {
  if (site !== undefined) return site.managerCommand;
  const node = compiled.nodePath ?? process.execPath;
  return [node, ...FORWARDER_NODE_OPTIONS, MANAGER_ENTRY, settingsPathIn(directory)].map(quoteForShell).join(' ');
}
