/**
 * The description classes that `type:` can name, and which options hold one.
 */
import { HighThroughputExecutor } from '../executors/high-throughput/description.ts';
import { MPIExecutor } from '../executors/mpi/description.ts';
import { ThreadPoolExecutor } from '../executors/threads/description.ts';
import { MpiExecLauncher } from '../launchers/mpiexec-launcher.ts';
import { MpiRunLauncher } from '../launchers/mpirun-launcher.ts';
import { SimpleLauncher } from '../launchers/simple-launcher.ts';
import { SingleNodeLauncher } from '../launchers/single-node-launcher.ts';
import { SrunLauncher } from '../launchers/srun-launcher.ts';
import { SrunMpiLauncher } from '../launchers/srun-mpi-launcher.ts';
import { SshLauncher } from '../launchers/ssh-launcher.ts';
import { WrappedLauncher } from '../launchers/wrapped-launcher.ts';
import type { OptionsSchema } from '../lib/options/schema.ts';
import { didYouMean } from '../lib/suggest.ts';
import { SshChannel } from '../providers/channels/ssh/description.ts';
import { LocalProvider } from '../providers/local/description.ts';
import { PBSProProvider } from '../providers/pbspro/description.ts';
import { SlurmProvider } from '../providers/slurm/description.ts';

export type DescriptionKind = 'executor' | 'provider' | 'launcher' | 'channel';

export interface DescriptionClass {
  readonly name: string;
  readonly schema: OptionsSchema;
  new (options: never): object;
}

const classes: Readonly<Record<DescriptionKind, readonly DescriptionClass[]>> = {
  executor: [HighThroughputExecutor, MPIExecutor, ThreadPoolExecutor],
  provider: [LocalProvider, PBSProProvider, SlurmProvider],
  launcher: [
    SimpleLauncher,
    SingleNodeLauncher,
    SrunLauncher,
    SrunMpiLauncher,
    MpiExecLauncher,
    MpiRunLauncher,
    SshLauncher,
    WrappedLauncher,
  ],
  channel: [SshChannel],
};

/** Options that hold a description, or a list of them. */
const kindOfOption: Readonly<Record<string, DescriptionKind>> = {
  executors: 'executor',
  provider: 'provider',
  launcher: 'launcher',
  channel: 'channel',
};

/** What is meant where nothing was written, for `--set` to start from. */
const defaultTypes: Readonly<Partial<Record<DescriptionKind, string>>> = { executor: 'HighThroughputExecutor', provider: 'LocalProvider' };

export const classesOf = (kind: DescriptionKind): readonly DescriptionClass[] => classes[kind];
export const kindOf = (option: string | number): DescriptionKind | undefined =>
  Object.hasOwn(kindOfOption, option) ? kindOfOption[option] : undefined;
export const defaultType = (kind: DescriptionKind): string | undefined => defaultTypes[kind];

export function findClass(kind: DescriptionKind, type: unknown): DescriptionClass | undefined {
  return classes[kind].find(({ name }) => name === type);
}

/** Why there is no such class. */
export function explainUnknownType(kind: DescriptionKind, type: unknown): string {
  const names = classes[kind].map(({ name }) => name);
  const known = `known are ${names.join(', ')}`;
  if (type === undefined || type === null) return `this ${kind} needs a type; ${known}`;
  const other = (Object.keys(classes) as DescriptionKind[]).find((candidate) => findClass(candidate, type) !== undefined);
  if (other !== undefined) return `${String(type)} is ${article(other)} ${other}, not ${article(kind)} ${kind}; ${known}`;
  return `there is no ${kind} '${String(type)}'; ${known}.${didYouMean(String(type), names)}`;
}

const article = (kind: DescriptionKind): string => (kind === 'executor' ? 'an' : 'a');
