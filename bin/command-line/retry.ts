/**
 * `flotilla retry` as it is typed: options and help. What it does is in commands/retry.ts, loaded then.
 */
import type { Command } from 'commander';
import { addConfigOptions, carryOut, type ConfigChoiceOptions, RUN_ARGUMENT } from './shared.ts';

export interface RetryOptions extends ConfigChoiceOptions {
  readonly failed?: boolean;
  readonly runDir: string;
  readonly dryRun?: boolean;
  readonly json?: boolean;
}

const HELP = `
Runs the script of that run again as it was run: same arguments, folder, config and --set, with --resume. What has a result is taken;
what failed, was lost or had not ended runs again. Results are there of apps with cache: true.

Examples:
  $ flotilla retry last --failed
  $ flotilla retry 003 --failed --dry-run          # the command, and the tasks that it is about
  $ flotilla retry 003 --failed --config polaris   # elsewhere; the --set of the run do not apply then
  $ flotilla retry 003 --failed --set retries=5    # behind the --set of the run

Exit codes: that of the script; 0 where there is nothing to retry; 2 where the run cannot be run again.`;

export function addRetryCommand(program: Command): void {
  const command = program
    .command('retry')
    .description('Run again what failed, or had not ended, in an earlier run of a script.')
    .argument('<run>', RUN_ARGUMENT)
    .option('--failed', 'what failed or had not ended: the only choice, and to be written')
    .option('--run-dir <path>', 'the directory of the runs', 'runinfo')
    .option('--dry-run', 'print the command and the tasks that it is about, and run nothing')
    .option('--json', 'with --dry-run: print JSON')
    .addHelpText('after', HELP)
    .action(async (run: string, options: RetryOptions) => {
      const { retryCommand } = await import('../commands/retry.ts');
      const work = (): Promise<void> => retryCommand(run, options);
      // What a script prints is its own affair.
      await (options.dryRun ? carryOut(work) : work());
    });
  addConfigOptions(command);
}
