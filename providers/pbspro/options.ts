/**
 * What can be written in a PBSProProvider, and what it comes to.
 */
import { SingleNodeLauncher } from '../../launchers/single-node-launcher.ts';
import { ConfigError } from '../../lib/errors/config-error.ts';
import { type OptionsInput, type OptionsOutput, OptionsSchema } from '../../lib/options/schema.ts';
import { carriedOver, duration, name, parslSeconds, text, wholeNumber } from '../../lib/options/vocabulary.ts';
import type { BlockLimits, Launcher } from '../../lib/provider.ts';
import { type ChannelPlace, channelOptions, compileChannel } from '../channel-options.ts';
import { blockOptions, compileBlockLimits, requireLauncherFor } from '../block-options.ts';

export const pbsProProviderOptions = new OptionsSchema('PBSProProvider', () => ({
  ...blockOptions(),
  ...channelOptions(),
  walltime: duration().describe("How long a block may live: '30m'. Default '20m'.").optional(),
  account: name().describe('Project that the jobs are charged to: `#PBS -A`.').optional(),
  queue: name().describe("Queue of the jobs: `#PBS -q`. Default: the server's.").optional(),
  cpusPerNode: wholeNumber(1).describe('Processors of each node, threads counted as the site counts them: `ncpus`. Default 1.').optional(),
  selectOptions: text().describe("What else each node must have: 'ngpus=4', 'ngpus=4:system=polaris'.").optional(),
  placeOptions: name().describe("How the nodes are chosen: `-l place`. Default 'scatter' for blocks of more than one node.").optional(),
  schedulerOptions: text().describe("Further lines of the script: '#PBS -l filesystems=home:eagle'.").optional(),
  cmdTimeout: parslSeconds().describe("Time that qsub, qstat and qdel have to answer. Default '120s'.").optional(),
  statusPollPeriod: duration().describe("How often PBS is asked for the state of all blocks. Default '15s'.").optional(),
  label: carriedOver().optional(),
  moveFiles: carriedOver().optional(),
  tasksPerNode: carriedOver().optional(),
}));

/** Why an option of Parsl's does nothing. */
export const pbsProProviderWarnings: Readonly<Record<string, string>> = {
  label: "blocks are named after the executor's label",
  moveFiles: 'scripts of jobs lie on the disk that the driver and the nodes share',
  tasksPerNode: 'a block has one manager on each node; maxWorkersPerNode of the executor says how many workers',
};

export type PBSProProviderOptions = OptionsInput<typeof pbsProProviderOptions>;

export interface CompiledPBSProProvider extends ChannelPlace {
  readonly limits: BlockLimits;
  readonly launcher: Launcher;
  readonly workerInit: string;
  readonly account: string | undefined;
  readonly queue: string | undefined;
  readonly cpusPerNode: number;
  /** `ngpus=4`, without a colon at its ends; '' for none. */
  readonly selectOptions: string;
  readonly placeOptions: string | undefined;
  /** Whole lines; '' for none. */
  readonly schedulerOptions: string;
  readonly commandTimeoutMs: number;
  readonly statusPollMs: number;
}

/** As in Parsl. */
const DEFAULT_WALLTIME_MS = 20 * 60_000;

/** @throws ConfigError when two options contradict each other, or one would not stand in a script as it was meant. */
export function compilePBSProProvider(checked: OptionsOutput<typeof pbsProProviderOptions>): CompiledPBSProProvider {
  const limits = compileBlockLimits(TYPE, { ...checked, walltime: checked.walltime ?? DEFAULT_WALLTIME_MS });
  const launcher = checked.launcher ?? new SingleNodeLauncher();
  requireLauncherFor(TYPE, launcher, limits.nodesPerBlock);
  for (const key of ['account', 'queue', 'selectOptions', 'placeOptions'] as const) requireOneWord(key, checked[key]);
  return Object.freeze({
    limits,
    launcher,
    ...compileChannel(checked),
    workerInit: checked.workerInit ?? '',
    account: checked.account,
    queue: checked.queue,
    cpusPerNode: checked.cpusPerNode ?? 1,
    selectOptions: (checked.selectOptions ?? '').replace(/^:+|:+$/g, ''),
    placeOptions: checked.placeOptions ?? (limits.nodesPerBlock > 1 ? 'scatter' : undefined),
    schedulerOptions: requireDirectives(checked.schedulerOptions ?? ''),
    commandTimeoutMs: checked.cmdTimeout ?? 120_000,
    statusPollMs: checked.statusPollPeriod ?? 15_000,
  });
}

const TYPE = 'PBSProProvider';

function requireOneWord(key: string, value: string | undefined): void {
  if (value === undefined || /^[^\s"'\\#]*$/.test(value)) return;
  refuse(key, `${JSON.stringify(value)} would not arrive at PBS as one word; leave out spaces, quotes, \\ and #`);
}

/** PBS reads directives down to the first line that is not a comment. A command among them would end that, unnoticed. */
function requireDirectives(lines: string): string {
  const command = lines.split('\n').find((line) => line.trim() !== '' && !line.startsWith('#'));
  if (command === undefined) return lines.replace(/^\n+|\s+$/g, '');
  const why = `${JSON.stringify(command)} is not a line that begins with #PBS; shell commands belong in workerInit`;
  return refuse('schedulerOptions', why);
}

function refuse(key: string, reason: string): never {
  throw new ConfigError([{ path: [key], target: 'value', message: `${TYPE}.${key}: ${reason}` }]);
}
