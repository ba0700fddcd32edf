/**
 * `flotilla config …` as it is typed: options and help. What it does is in commands/config.ts, loaded then.
 */
import type { Command } from 'commander';
import { UsageError } from '../usage-error.ts';
import { carryOut, collect } from './shared.ts';

export interface ConfigCommandOptions {
  readonly set?: readonly string[];
  readonly json?: boolean;
}

export interface ShowConfigOptions extends ConfigCommandOptions {
  readonly withEnv?: boolean;
}

export interface CheckConfigOptions extends ConfigCommandOptions {
  readonly config?: string;
  readonly dryRun?: boolean;
}

const HELP = `
Examples:
  $ flotilla config list
  $ flotilla config show local > my-machine.yaml
  $ flotilla config show my-machine.yaml --set retries=2
  $ flotilla config check my-machine.yaml
  $ flotilla config check --config my-machine.yaml --dry-run      # the submit script, without a scheduler
  $ flotilla config schema > flotilla.schema.json    # for editors: # yaml-language-server: $schema=flotilla.schema.json

Exit codes: 0, or 2 where a config cannot be used.`;

export function addConfigCommand(program: Command): void {
  const config = program.command('config').description('List, show and check configs: where tasks run.').addHelpText('after', HELP);
  config
    .command('list')
    .description('The configs that come with the package.')
    .option('--json', 'as JSON')
    .action((options: ConfigCommandOptions) => carryOut(async () => (await import('../commands/config.ts')).listConfigs(options)));
  withSet(config.command('show'))
    .description('A config as it is written, or what --set makes of it.')
    .argument('<name|file>', 'a packaged config, or a .yaml or .ts file')
    .option('--json', 'its data, as JSON')
    .option('--with-env', 'what the environment holds, in the place of !env: there may be secrets among it')
    .action((source: string, options: ShowConfigOptions) =>
      carryOut(async () => (await import('../commands/config.ts')).showConfig(source, options)),
    );
  withSet(config.command('check'))
    .description('Whether a config can be used, and if not, where it is wrong. Starts nothing.')
    .argument('[name|file]', 'a packaged config, or a .yaml or .ts file')
    .option('--config <name|file>', 'the same')
    .option('--dry-run', 'also print the submit script of a block, and every command that would be run for it')
    .option('--json', 'as JSON')
    .action((source: string | undefined, options: CheckConfigOptions) =>
      carryOut(async () => (await import('../commands/check-config.ts')).checkConfig(onlyOne(source, options.config), options)),
    );
  config
    .command('schema')
    .description('The JSON Schema of YAML configs.')
    .action(() => carryOut(async () => (await import('../commands/config.ts')).printSchema()));
}

/** Where both are written, one of them would go unnoticed. */
function onlyOne(source: string | undefined, config: string | undefined): string | undefined {
  if (source === undefined || config === undefined) return source ?? config;
  throw new UsageError(`name one config: both '${source}' and --config '${config}' are given`);
}

const withSet = (command: Command): Command =>
  command.option('-s, --set <path=value>', 'change one option of the config; can be repeated', collect);
