/**
 * What can be written in a SlurmProvider, and what it comes to. Names are those of Parsl's SlurmProvider, in camelCase; what
 * sbatch means by each is in its manual, https://slurm.schedmd.com/sbatch.html.
 */
import { SingleNodeLauncher } from '../../launchers/single-node-launcher.ts';
import { ConfigError } from '../../lib/errors/config-error.ts';
import { type OptionsInput, type OptionsOutput, OptionsSchema } from '../../lib/options/schema.ts';
import { carriedOver, duration, flag, name, parslGigabytes, parslSeconds, text, wholeNumber } from '../../lib/options/vocabulary.ts';
import { zod } from '../../lib/options/zod.ts';
import type { BlockLimits, Launcher } from '../../lib/provider.ts';
import { type ChannelPlace, channelOptions, compileChannel } from '../channel-options.ts';
import { blockOptions, compileBlockLimits, requireLauncherFor } from '../block-options.ts';

export const slurmProviderOptions = new OptionsSchema('SlurmProvider', () => ({
  ...blockOptions(),
  ...channelOptions(),
  walltime: duration().describe("How long a block may live: '30m'. Default '10m'.").optional(),
  account: name().describe('Account that pays.').optional(),
  partition: name().describe("Default: the cluster's.").optional(),
  qos: name().describe('Quality of service.').optional(),
  constraint: name().describe("Features that nodes must have: 'gpu', 'haswell&ssd'.").optional(),
  clusters: name().describe('Cluster to submit to, where one Slurm has several.').optional(),
  exclusive: flag().describe('Whether blocks share nodes with no other job. Default true.').optional(),
  gpusPerNode: zod()
    .union([wholeNumber(1), name()], "a number of GPUs, or a type and a number: 'a100:4'")
    .describe("GPUs on each node: 4, or 'a100:4'.")
    .optional(),
  gres: name().describe("Generic resources on each node: 'gpu:4', 'lscratch:100'.").optional(),
  memPerNode: parslGigabytes().describe("Memory on each node: '64GiB', or a number of GB; 0 for all of it.").optional(),
  coresPerNode: wholeNumber(1).describe('Cores on each node. Needed only where nodes are shared.').optional(),
  schedulerOptions: text()
    .describe("More lines for the top of the script: '#SBATCH --mail-type=FAIL'. They win over other options.")
    .optional(),
  cmdTimeout: parslSeconds().describe("Time that one of Slurm's commands may take. Default '60s'.").optional(),
  statusPollPeriod: duration().describe("How often Slurm is asked for the state of all blocks. Default '15s'.").optional(),
  label: carriedOver().optional(),
  moveFiles: carriedOver().optional(),
  regexJobId: carriedOver().optional(),
  tasksPerNode: carriedOver().optional(),
}));

/** Why an option of Parsl's does nothing. */
export const slurmProviderWarnings: Readonly<Record<string, string>> = {
  label: "blocks are named after the executor's label",
  moveFiles: 'jobs see the files where they are',
  regexJobId: 'sbatch is asked for an answer that needs none',
  tasksPerNode: 'a block has one manager on each node; maxWorkersPerNode of the executor says how many workers',
};

export type SlurmProviderOptions = OptionsInput<typeof slurmProviderOptions>;

export interface CompiledSlurmProvider extends ChannelPlace {
  readonly limits: BlockLimits & { readonly walltimeMs: number };
  readonly launcher: Launcher;
  readonly workerInit: string;
  readonly account: string | undefined;
  readonly partition: string | undefined;
  readonly qos: string | undefined;
  readonly constraint: string | undefined;
  readonly clusters: string | undefined;
  readonly exclusive: boolean;
  readonly gpusPerNode: number | string | undefined;
  readonly gres: string | undefined;
  readonly memPerNodeBytes: number | undefined;
  readonly coresPerNode: number | undefined;
  /** Lines that begin with `#`. */
  readonly schedulerOptions: string;
  readonly commandTimeoutMs: number;
  readonly statusPollMs: number;
}

const TYPE = 'SlurmProvider';
const DEFAULT_WALLTIME_MS = 600_000;

/** @throws ConfigError when two options contradict each other, or Slurm could not read one. */
export function compileSlurmProvider(checked: OptionsOutput<typeof slurmProviderOptions>): CompiledSlurmProvider {
  const walltimeMs = checked.walltime ?? DEFAULT_WALLTIME_MS;
  const limits = { ...compileBlockLimits(TYPE, { ...checked, walltime: walltimeMs }), walltimeMs };
  const launcher = checked.launcher ?? new SingleNodeLauncher();
  requireLauncherFor(TYPE, launcher, limits.nodesPerBlock);
  const { account, partition, qos, constraint, clusters, gpusPerNode, gres, coresPerNode } = checked;
  return Object.freeze({
    limits: Object.freeze(limits),
    launcher,
    ...compileChannel(checked),
    workerInit: checked.workerInit ?? '',
    ...requireSingleLines({ account, partition, qos, constraint, gres, gpusPerNode }),
    coresPerNode,
    clusters: requireOneCluster(clusters),
    exclusive: checked.exclusive ?? true,
    memPerNodeBytes: checked.memPerNode,
    schedulerOptions: requireComments(checked.schedulerOptions ?? ''),
    commandTimeoutMs: checked.cmdTimeout ?? 60_000,
    statusPollMs: checked.statusPollPeriod ?? 15_000,
  });
}

function requireSingleLines<T extends Readonly<Record<string, string | number | undefined>>>(options: T): T {
  for (const [key, value] of Object.entries(options)) {
    if (typeof value === 'string' && /[\n\r"\\]/.test(value))
      refuse(key, `${JSON.stringify(value)} does not fit into a line of a submit script`);
  }
  return options;
}

/** With a list, sbatch chooses one and the same job id may be another job in another cluster. */
function requireOneCluster(clusters: string | undefined): string | undefined {
  if (clusters?.includes(',')) refuse('clusters', `'${clusters}' is a list; a block goes to one cluster: write an executor for each`);
  return clusters;
}

/** Slurm reads directives up to the first line that is no comment, and an array would be many jobs. */
function requireComments(lines: string): string {
  for (const line of lines.split('\n')) {
    const isComment = line.trim() === '' || line.startsWith('#');
    if (!isComment) refuse('schedulerOptions', `${JSON.stringify(line)} is no '#SBATCH' line; shell commands belong into workerInit`);
    if (/^#SBATCH\s+(--array\b|-a)/.test(line)) refuse('schedulerOptions', `${JSON.stringify(line)}: a block is one job; use maxBlocks`);
  }
  return lines.replace(/^\n+|\s+$/g, '');
}

function refuse(key: string, reason: string): never {
  throw new ConfigError([{ path: [key], target: 'value', message: `${TYPE}.${key}: ${reason}` }]);
}
