/**
 * The command line: its commands, options and help. What a command does is in commands/.
 */
import { statSync } from 'node:fs';
import { resolve } from 'node:path';
import { Command, CommanderError, InvalidArgumentError } from 'commander';
import { FlotillaError } from '../lib/errors/flotilla-error.ts';
import { showControls } from '../lib/errors/message-parts.ts';
import { PACKAGE_VERSION } from '../lib/wire/protocol.ts';
import { addBundleCommand } from './command-line/bundle.ts';
import { addConfigCommand } from './command-line/config.ts';
import { addDoctorCommand } from './command-line/doctor.ts';
import { addMapCommand } from './command-line/map.ts';
import { addPerfCommand } from './command-line/perf.ts';
import { addRetryCommand } from './command-line/retry.ts';
import { addRunsCommands } from './command-line/runs.ts';
import { collect } from './command-line/shared.ts';
import { showError } from './show-error.ts';
import { UsageError } from './usage-error.ts';

export const ExitCode = { Ok: 0, Failed: 1, Usage: 2 } as const;

/** What GNU Parallel says of wrong usage: smaller numbers are counts of failed jobs. */
const MAP_USAGE = 255;

/** Something that was named on the command line cannot be used. */
const USAGE_CODES: ReadonlySet<string> = new Set(['FLOTILLA_CONFIG_ERROR', 'FLOTILLA_EVENT_LOG_ERROR', 'FLOTILLA_BUNDLE_ERROR']);

const EXIT_CODES = `
Exit codes:
  0    the script ended, and every failure was handled by it
  1    the script failed, or a task failed and nobody looked at it
  2    wrong usage, or a config that cannot be used
  130  interrupted (Ctrl-C); 143 on SIGTERM
  A code that the script sets itself is kept.`;

const RUN_HELP = `
Examples:
  $ flotilla run hello.ts
  $ flotilla run sweep.ts --config polaris
  $ flotilla run sweep.ts --config ./my-cluster.yaml --set executors.0.maxWorkersPerNode=4
  $ flotilla run sweep.ts --resume
  $ flotilla run sweep.ts -- --steps 100 input.csv

Which config applies: --config, else what the script gives to load(), else $FLOTILLA_CONFIG, else local.
${EXIT_CODES}
Set FLOTILLA_DEBUG=1 to see whole stack traces.`;

export interface RunCommandOptions {
  readonly config?: string;
  readonly set: readonly string[];
  readonly quiet: boolean;
  /** The number of a run, its directory, or 'last'. */
  readonly resume?: string;
}

/** What each command does, so that the parser can be used without running anything. */
export interface Commands {
  run(script: string, args: readonly string[], options: RunCommandOptions): Promise<void>;
}

export function buildProgram(commands: Commands): Command {
  const program = new Command('flotilla')
    .description('Parallel scripting for TypeScript, from a laptop to a supercomputer.')
    .version(PACKAGE_VERSION, '-V, --version')
    .addHelpText('after', EXIT_CODES)
    .enablePositionalOptions()
    .showHelpAfterError('(flotilla --help says more)')
    .configureOutput({ writeErr: (text) => process.stderr.write(showControls(text)) })
    .exitOverride();
  program
    .command('run')
    .description('Run a script (TypeScript or JavaScript), with progress and a summary on stderr.')
    .argument('<script>', 'the script')
    .argument('[args...]', 'arguments of the script, after --')
    .option('-c, --config <name|file>', 'where tasks run: a packaged config, or a .yaml or .ts file')
    .option('-s, --set <path=value>', 'change one option of the config; can be repeated', collect)
    .option('-q, --quiet', 'no progress, and a summary only of failures')
    .option('-r, --resume [run]', 'use the results of an earlier run again: its number or directory, or last (default)', readRun)
    .addHelpText('after', RUN_HELP)
    .showHelpAfterError('(options of the script go after --; flotilla run --help says more)')
    .action((script: string, args: string[], { config, set = [], quiet = false, resume }: Partial<RunFlags>) =>
      commands.run(script, args, { ...(config === undefined ? {} : { config }), set, quiet, ...resumeOf(resume) }),
    );
  for (const add of [addMapCommand, addRunsCommands, addRetryCommand, addConfigCommand, addDoctorCommand, addPerfCommand, addBundleCommand])
    add(program);
  return program;
}

export async function main(argv: readonly string[]): Promise<void> {
  const { runScript } = await import('./commands/run.ts');
  try {
    await buildProgram({ run: runScript }).parseAsync(argv, { from: 'user' });
  } catch (error) {
    process.exitCode = exitCodeOfError(error, argv[0] === 'map' ? MAP_USAGE : ExitCode.Usage);
    if (!(error instanceof CommanderError)) process.stderr.write(`${sayError(error)}\n`);
  }
}

function exitCodeOfError(error: unknown, usage: number): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? ExitCode.Ok : usage;
  const isUsage = error instanceof UsageError || (FlotillaError.is(error) && USAGE_CODES.has(error.code));
  return isUsage || usage === MAP_USAGE ? usage : ExitCode.Failed;
}

function sayError(error: unknown): string {
  return error instanceof UsageError ? `flotilla: ${showControls(error.message)}` : showError(error, Boolean(process.env.FLOTILLA_DEBUG));
}

/** As commander has it: true for `--resume` alone. */
interface RunFlags extends Omit<RunCommandOptions, 'resume'> {
  readonly resume: string | true;
}

const resumeOf = (given: string | true | undefined): { resume?: string } =>
  given === undefined ? {} : { resume: given === true ? 'last' : given };

function readRun(value: string): string {
  if (/^(\d+|last)$/.test(value)) return value;
  if (statSync(value, { throwIfNoEntry: false })?.isDirectory()) return resolve(value);
  throw new InvalidArgumentError('It takes the number of a run, its directory, or last; alone it goes behind the script.');
}
