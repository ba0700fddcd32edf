/**
 * `flotilla map` as it is typed: options and help. What it does is in commands/map.ts, loaded then.
 */
import type { Command } from 'commander';
import { addConfigOptions, collect, type ConfigChoiceOptions } from './shared.ts';

export interface MapOptions extends ConfigChoiceOptions {
  readonly jobs?: string;
  readonly argFile?: readonly string[];
  readonly null?: boolean;
  readonly keepOrder?: boolean;
  readonly tag?: boolean;
  readonly bar?: boolean;
  readonly dryRun?: boolean;
  readonly json?: boolean;
  readonly halt?: string;
  readonly joblog?: string;
  readonly resume?: boolean;
  readonly resumeFailed?: boolean;
  readonly retryFailed?: boolean;
}

const HELP = `
Options go before the command. The command is run by bash, once for each argument, which arrives as one word:
  {}    the argument        {#}   number of the job
  {.}   without extension   {/.}  file name without extension
  {/}   its file name       {//}  its folder
  {2}, {2.}, {-1/} …: of the second, of the last source. Without any of these, {} is put at the end.
Arguments come from ::: words, :::: files ('-' is standard input), else from standard input, one per line.
Several sources are combined in every way; one behind :::+ or ::::+ goes in step with the one before.

Examples:
  $ flotilla map 'gzip -9 {}' ::: *.csv
  $ find . -name '*.wav' -print0 | flotilla map -0 --bar 'lame {} {.}.mp3'
  $ flotilla map -k --tag './simulate --t {1} --seed {2}' ::: 0.7 1.0 1.5 ::: 1 2 3
  $ flotilla map --config polaris --joblog sweep.log './sweep.sh {}' :::: cases.txt
  $ flotilla map --resume --joblog sweep.log './sweep.sh {}' :::: cases.txt    # what is not in the log
  $ flotilla map --retry-failed --joblog sweep.log                            # what failed, again
  $ flotilla map --halt now,fail=1 --json 'check {}' ::: a b c

Exit codes, as GNU Parallel's:
  0      all jobs ended with 0
  1-100  so many jobs failed
  101    more than 100 failed
  130    interrupted (Ctrl-C); 143 on SIGTERM
  255    wrong usage, a config that cannot be used, or a stdout that cannot be written
  With --halt: the failed job's own code for fail=1, else how many had failed, or how many percent.`;

export function addMapCommand(program: Command): void {
  const command = program
    .command('map')
    .description('Run a shell command for each of many arguments, as xargs and GNU Parallel do.')
    .argument('[command...]', 'the command, and ::: arguments')
    .passThroughOptions()
    .option('-j, --jobs <n>', 'jobs at once: N, +N or -N beside the number of CPUs, N% of it; default: as many as there are workers')
    .option('-a, --arg-file <file>', "read arguments from a file, '-' is standard input; can be repeated", collect)
    .option('-0, --null', 'arguments end with a NUL byte instead of a newline')
    .option('-k, --keep-order', 'print output in the order of the arguments')
    .option('--tag', "put the arguments before each line of a job's output")
    .option('--bar', 'show progress on stderr; reads all arguments first')
    .option('--dry-run', 'print the commands and run nothing')
    .option('--json', 'print one JSON object per job: its command, exit code, times, stdout and stderr')
    .option('--halt <when>', 'now or soon, and why: now,fail=1  soon,fail=10%  now,success=1  soon,done=5; default: never')
    .option('--joblog <file>', 'write a line for each job that has ended')
    .option('--resume', 'run only jobs that are not in the job log')
    .option('--resume-failed', 'run jobs that are not in the job log, and those that failed')
    .option('--retry-failed', 'run the jobs that failed according to the job log, with the commands in it')
    .showHelpAfterError('(flotilla map --help says more)')
    .addHelpText('after', HELP)
    .action(async (operands: string[], options: MapOptions) => {
      const { runMap } = await import('../commands/map.ts');
      await runMap(operands, options);
    });
  addConfigOptions(command);
}
