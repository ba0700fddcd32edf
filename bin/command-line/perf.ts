/**
 * `flotilla perf` as it is typed: options and help. What it does is in commands/perf.ts, loaded then.
 */
import type { Command } from 'commander';
import { addConfigOptions, type ConfigChoiceOptions } from './shared.ts';

export interface PerfOptions extends ConfigChoiceOptions {
  readonly tasks: string;
  readonly time: string;
  readonly app: string;
  readonly json?: boolean;
}

const HELP = `
Tasks that do nothing, in rounds of twice as many each, until one takes the time. Its rate is what the config can do.

Examples:
  $ flotilla perf
  $ flotilla perf --config polaris --time 2m
  $ flotilla perf --app python --tasks 1000 --json`;

export function addPerfCommand(program: Command): void {
  const command = program
    .command('perf')
    .description('How many tasks per second a config runs.')
    .option('-n, --tasks <count>', 'tasks of the first round', '100')
    .option('-t, --time <duration>', 'how long the last round should take at least: 30s, 2m', '10s')
    .option('--app <kind>', 'what to run: js, python or bash', 'js')
    .option('--json', 'as JSON')
    .addHelpText('after', HELP)
    .action(async (options: PerfOptions) => (await import('../commands/perf.ts')).runPerf(options));
  addConfigOptions(command);
}
