/**
 * What can be written in each launcher. Names are Parsl's in camelCase, and mean what they mean there.
 */
import { type OptionsInput, OptionsSchema } from '../lib/options/schema.ts';
import { description, flag, text } from '../lib/options/vocabulary.ts';
import { zod } from '../lib/options/zod.ts';
import type { Launcher } from '../lib/provider.ts';

const debug = () => flag().describe("Says in the block's stdout what is started. Default true.").optional();
const overrides = (program: string, example: string) =>
  text().describe(`Shell words for ${program}: '${example}'. The job's shell expands variables in them.`).optional();

export const simpleLauncherOptions = new OptionsSchema('SimpleLauncher', () => ({ debug: debug() }));

export const singleNodeLauncherOptions = new OptionsSchema('SingleNodeLauncher', () => ({
  debug: debug(),
  failOnAny: flag().describe('The block fails when any copy fails, not only when all do. Default true.').optional(),
}));

export const srunLauncherOptions = new OptionsSchema('SrunLauncher', () => ({
  debug: debug(),
  overrides: overrides('srun', '-c 112'),
}));

export const srunMpiLauncherOptions = new OptionsSchema('SrunMpiLauncher', () => ({
  debug: debug(),
  overrides: overrides('each srun', '--mem=0'),
}));

export const mpiExecLauncherOptions = new OptionsSchema('MpiExecLauncher', () => ({
  debug: debug(),
  bindCmd: text()
    .describe(
      "mpiexec's option that binds to CPUs; it is given 'none'. '--cpu-bind' on Cray PALS, '' for none at all. Default '--bind-to'.",
    )
    .optional(),
  overrides: overrides('mpiexec', '--depth=64 --ppn 1'),
}));

export const mpiRunLauncherOptions = new OptionsSchema('MpiRunLauncher', () => ({
  debug: debug(),
  bashLocation: text().min(1, 'a path').describe("Path of bash on the nodes. Default '/bin/bash'.").optional(),
  overrides: overrides('mpirun', '--map-by ppr:1:node'),
}));

const HOST = 'a host as ssh takes it: name, address, alias or user@name';

export const sshLauncherOptions = new OptionsSchema('SshLauncher', () => ({
  debug: debug(),
  hosts: zod()
    .array(
      zod()
        .string(HOST)
        .regex(/^[^\s-]\S*$/, HOST),
      'a list of hosts',
    )
    .min(1, 'at least one host')
    .describe(
      'Where the managers run, a block using the first nodesPerBlock of them. Default: the nodes that PBS or Slurm gave to the job.',
    )
    .optional(),
  sshCommand: text().min(1, 'a program').describe("The ssh client, as the job's shell finds it. Default 'ssh'.").optional(),
  overrides: overrides('ssh', '-i ~/.ssh/cluster_key -p 2222'),
}));

const wrapped = () => ({
  debug: debug(),
  prepend: text()
    .regex(/\S/, 'a command')
    .describe("Goes in front of the manager's command on every node: 'apptainer exec image.sif'. Needed."),
  launcher: description<Launcher>('launcher', ['wrap'], 'a launcher such as new SrunLauncher()')
    .describe('Starts what is wrapped on each node. Default SimpleLauncher.')
    .optional(),
});
export const wrappedLauncherOptions = new OptionsSchema('WrappedLauncher', wrapped, { needsSome: true });

export type SimpleLauncherOptions = OptionsInput<typeof simpleLauncherOptions>;
export type SingleNodeLauncherOptions = OptionsInput<typeof singleNodeLauncherOptions>;
export type SrunLauncherOptions = OptionsInput<typeof srunLauncherOptions>;
export type SrunMpiLauncherOptions = OptionsInput<typeof srunMpiLauncherOptions>;
export type MpiExecLauncherOptions = OptionsInput<typeof mpiExecLauncherOptions>;
export type MpiRunLauncherOptions = OptionsInput<typeof mpiRunLauncherOptions>;
export type SshLauncherOptions = OptionsInput<typeof sshLauncherOptions>;
export type WrappedLauncherOptions = OptionsInput<typeof wrappedLauncherOptions>;
