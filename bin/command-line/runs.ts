/**
 * The commands that look at runs: their options and help. What they do is in ../commands/.
 */
import { type Command, InvalidArgumentError } from 'commander';
import { carryOut, RUN_ARGUMENT } from './shared.ts';

interface ViewOptions {
  readonly runDir: string;
  readonly json?: boolean;
}

const DEFAULT_LINES = 100;

export function addRunsCommands(program: Command): void {
  view(program.command('runs').description('List the runs of this directory.')).action((options: ViewOptions) =>
    carryOut(async () => (await import('../commands/runs.ts')).listCommand(compile(options))),
  );
  view(program.command('show').description('Sum up one run: its tasks per app, failures, slowest tasks, workers.'))
    .argument('<run>', RUN_ARGUMENT)
    .action((run: string, options: ViewOptions) =>
      carryOut(async () => (await import('../commands/show.ts')).showCommand(run, compile(options))),
    );
  view(program.command('explain').description('Tell everything that happened to one task.'))
    .argument('<run>', RUN_ARGUMENT)
    .argument('<task>', 'its number')
    .action((run: string, task: string, options: ViewOptions) =>
      carryOut(async () => (await import('../commands/explain.ts')).explainCommand(run, task, compile(options))),
    );
  view(program.command('logs').description("Print the end of a run's log, or of what a task has written to its own files."))
    .argument('<run>', RUN_ARGUMENT)
    .argument('[task]', 'its number')
    .option('-f, --follow', 'go on with what comes, until the run is over')
    .option('-n, --lines <count>', 'how many lines of the end', toCount, DEFAULT_LINES)
    .action(
      (run: string, task: string | undefined, { follow = false, lines, ...options }: ViewOptions & { follow?: boolean; lines: number }) =>
        carryOut(async () => (await import('../commands/logs.ts')).logsCommand(run, task, { ...compile(options), follow, lines })),
    );
}

const view = (command: Command): Command =>
  command.option('--run-dir <path>', 'the directory of the runs', 'runinfo').option('--json', 'print JSON');

const compile = ({ runDir, json = false }: ViewOptions): { runDir: string; json: boolean } => ({ runDir, json });

function toCount(text: string): number {
  if (/^\d+$/.test(text)) return Number(text);
  throw new InvalidArgumentError('It is a whole number.');
}
