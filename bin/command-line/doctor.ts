/**
 * `flotilla doctor` as it is typed: options and help. What it does is in commands/doctor.ts, loaded then.
 */
import type { Command } from 'commander';
import { addConfigOptions, type ConfigChoiceOptions } from './shared.ts';

export interface DoctorOptions extends ConfigChoiceOptions {
  readonly json?: boolean;
}

const HELP = `
Examples:
  $ flotilla doctor
  $ flotilla doctor --config my-machine.yaml    # its Python, ports and run directory
  $ flotilla doctor --json | jq '.checks[] | select(.status != "ok")'

Exit codes: 0 where tasks can run (what is optional may be missing), 1 where they cannot, 2 where the config cannot be used.`;

export function addDoctorCommand(program: Command): void {
  const command = program
    .command('doctor')
    .description('What this machine has of what is needed: what is missing, what for, and how to get it.')
    .option('--json', 'as JSON')
    .addHelpText('after', HELP)
    .action(async (options: DoctorOptions) => (await import('../commands/doctor.ts')).runDoctor(options));
  addConfigOptions(command);
}
