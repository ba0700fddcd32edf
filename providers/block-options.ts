/**
 * The options that every provider has: their schema, their defaults, and what may not be combined.
 */
import { ConfigError } from '../lib/errors/config-error.ts';
import { description, duration, positiveNumber, text, wholeNumber } from '../lib/options/vocabulary.ts';
import { zod } from '../lib/options/zod.ts';
import type { BlockLimits, Launcher } from '../lib/provider.ts';

export const blockOptions = () => ({
  nodesPerBlock: wholeNumber(1).describe('Nodes of a block. Default 1.').optional(),
  initBlocks: wholeNumber(0).describe('Blocks to start with. Default 1.').optional(),
  minBlocks: wholeNumber(0).describe('Blocks that are always kept. Default 0.').optional(),
  maxBlocks: wholeNumber(1).describe('Blocks that are never exceeded. Default 1.').optional(),
  parallelism: zod()
    .number(FROM_0_TO_1)
    .min(0, FROM_0_TO_1)
    .max(1, FROM_0_TO_1)
    .describe('Slots wanted per task: 1 wants one for each, 0.5 one for two, 0 as few blocks as possible. Default 1.')
    .optional(),
  launcher: description<Launcher>('launcher', ['wrap'], 'a launcher such as new SingleNodeLauncher()')
    .describe('Starts the manager on each node of a block. Default SingleNodeLauncher.')
    .optional(),
  workerInit: text().describe("Shell commands to run before the manager: 'module load conda; conda activate my-env'.").optional(),
  walltime: duration().describe("How long a block may live: '30m'. Default: no limit.").optional(),
  maxNodeHours: positiveNumber()
    .describe(
      'Nodes times hours that the blocks of a run may take together; no block is submitted that could exceed it. Default: no limit.',
    )
    .optional(),
});

const FROM_0_TO_1 = 'a number from 0 to 1';

export interface CheckedBlockOptions {
  readonly nodesPerBlock?: number | undefined;
  readonly initBlocks?: number | undefined;
  readonly minBlocks?: number | undefined;
  readonly maxBlocks?: number | undefined;
  readonly parallelism?: number | undefined;
  /** ms */
  readonly walltime?: number | undefined;
  readonly maxNodeHours?: number | undefined;
}

/** @throws ConfigError when two options contradict each other. */
export function compileBlockLimits(type: string, checked: CheckedBlockOptions): BlockLimits {
  const maxBlocks = checked.maxBlocks ?? 1;
  const limits: BlockLimits = Object.freeze({
    nodesPerBlock: checked.nodesPerBlock ?? 1,
    initBlocks: checked.initBlocks ?? 1,
    minBlocks: checked.minBlocks ?? 0,
    maxBlocks,
    parallelism: checked.parallelism ?? 1,
    walltimeMs: checked.walltime,
    ...(checked.maxNodeHours === undefined ? {} : { maxNodeHours: checked.maxNodeHours }),
  });
  for (const key of ['minBlocks', 'initBlocks'] as const) {
    if (limits[key] > maxBlocks) refuse(type, key, `${limits[key]} is above maxBlocks, ${maxBlocks}; raise maxBlocks or lower ${key}`);
  }
  if (limits.walltimeMs === 0) refuse(type, 'walltime', 'a block of no duration could run nothing; leave walltime out for no limit');
  requireBudgetForOne(type, limits);
  return limits;
}

function requireBudgetForOne(type: string, { nodesPerBlock, walltimeMs = 0, maxNodeHours = Number.POSITIVE_INFINITY }: BlockLimits): void {
  const nodeHours = (nodesPerBlock * walltimeMs) / 3_600_000;
  if (nodeHours <= maxNodeHours) return;
  const one = `a block of ${nodesPerBlock} node(s) takes up to ${Number(nodeHours.toPrecision(3))} node-hours in its walltime`;
  refuse(type, 'maxNodeHours', `${maxNodeHours} would not allow a single block: ${one}; raise maxNodeHours, or shorten walltime`);
}

/** @throws ConfigError when the launcher cannot start on so many nodes. */
export function requireLauncherFor(type: string, launcher: Launcher, nodesPerBlock: number): void {
  const most = launcher.maxNodesPerBlock ?? Number.POSITIVE_INFINITY;
  if (nodesPerBlock <= most) return;
  const reason = `${launcher.type} starts managers on ${most} node of a block, but nodesPerBlock is ${nodesPerBlock}`;
  refuse(type, 'launcher', `${reason}; choose a launcher that reaches every node, or nodesPerBlock: ${most}`);
}

function refuse(type: string, key: string, reason: string): never {
  throw new ConfigError([{ path: [key], target: 'value', message: `${type}.${key}: ${reason}` }]);
}
