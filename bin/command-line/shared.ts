/**
 * What several commands of the command line have in common.
 */
import type { Command } from 'commander';

export const RUN_ARGUMENT = "number of the run, 'last', or path of its directory";

/** Which config applies, as the command line has it. */
export interface ConfigChoiceOptions {
  readonly config?: string;
  /** `--set`, in order. */
  readonly set?: readonly string[];
}

export function addConfigOptions(command: Command): Command {
  return command
    .option('-c, --config <name|file>', 'where tasks run: a packaged config, or a .yaml or .ts file')
    .option('-s, --set <path=value>', 'change one option of the config; can be repeated', collect);
}

/** For options that can be repeated. */
export function collect(value: string, before: readonly string[] = []): string[] {
  return [...before, value];
}

/** For commands that print and do nothing else. */
export async function carryOut(work: () => Promise<void>): Promise<void> {
  // `flotilla show 3 | head`: the reader has seen enough.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit();
    process.stderr.write(`flotilla: stdout cannot be written (${error.message})\n`);
    process.exit(1);
  });
  await work();
}
