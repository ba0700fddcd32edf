/**
 * `flotilla bundle` as it is typed: options and help. What it does is in commands/bundle.ts, loaded then.
 */
import { type Command, Option } from 'commander';
import { collect } from './shared.ts';

export interface BundleCommandOptions {
  readonly output: string;
  readonly arch?: string;
  readonly node?: string;
  readonly include?: readonly string[];
  readonly force?: boolean;
  readonly json?: boolean;
}

const HELP = `
Examples:
  $ flotilla bundle sweep.ts -o sweep.tar.gz
  $ scp sweep.tar.gz hpc: && ssh hpc 'tar xf sweep.tar.gz && cd sweep && ./flotilla run sweep.ts --config polaris'
  $ flotilla bundle sweep.ts -o sweep --include 'data/*.csv' --include my-cluster.yaml
  $ flotilla bundle sweep.ts -o sweep.tar.gz --node node-v24.21.0-linux-arm64.tar.xz    # another architecture

Goes in by itself: Node, Flotilla, the script, what it imports (files and packages), Python files, configs and shell scripts that
it names, and what those import. Data, programs and Python packages do not; --include takes files.

Exit codes: 0, or 2 where the bundle cannot be made.`;

/** For which ZeroMQ comes compiled. */
const ARCHITECTURES = ['x64', 'arm64'];

export function addBundleCommand(program: Command): void {
  program
    .command('bundle')
    .description('Make a folder or archive that runs without npm and network: Node, Flotilla, a script and what it consists of.')
    .argument('[script]', 'the script; without one, the command alone')
    .requiredOption('-o, --output <dir|tar>', 'a folder, or an archive: .tar, .tar.gz, .tgz')
    .addOption(new Option('--arch <arch>', 'what the machine is that it will run on; default: as this one').choices(ARCHITECTURES))
    .option('--node <path|version>', "Node's binary, its folder, or an archive from nodejs.org; default: the Node that runs here")
    .option('--include <glob>', 'more files or folders, from the working directory; can be repeated', collect)
    .option('--force', 'replace what is at the output, whatever it is')
    .option('--json', 'as JSON')
    .addHelpText('after', HELP)
    .action(async (script: string | undefined, options: BundleCommandOptions) =>
      (await import('../commands/bundle.ts')).runBundle(script, options),
    );
}
