/**
 * The tables in docs/ that say what the code says: options of configs and apps, error codes, machines. `npm run docs` writes them anew;
 * a spec fails when they are stale. A table stands between `<!-- table: NAME -->` and `<!-- end -->`.
 */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { Config } from '../configs/config.ts';
import { configWarnings } from '../configs/options.ts';
import { HighThroughputExecutor } from '../executors/high-throughput/description.ts';
import { highThroughputWarnings } from '../executors/high-throughput/options.ts';
import { ThreadPoolExecutor } from '../executors/threads/description.ts';
import { threadPoolWarnings } from '../executors/threads/options.ts';
import { MpiExecLauncher } from '../launchers/mpiexec-launcher.ts';
import { MpiRunLauncher } from '../launchers/mpirun-launcher.ts';
import { SimpleLauncher } from '../launchers/simple-launcher.ts';
import { SingleNodeLauncher } from '../launchers/single-node-launcher.ts';
import { SrunLauncher } from '../launchers/srun-launcher.ts';
import { SrunMpiLauncher } from '../launchers/srun-mpi-launcher.ts';
import { SshLauncher } from '../launchers/ssh-launcher.ts';
import { WrappedLauncher } from '../launchers/wrapped-launcher.ts';
import { OPTION_TABLE } from '../lib/apps/option-table.ts';
import { ERROR_CODES } from '../lib/errors/codes.ts';
import { withoutSnakeCase } from '../lib/options/spelling.ts';
import type { OptionsSchema } from '../lib/options/schema.ts';
import { SshChannel } from '../providers/channels/ssh/description.ts';
import { LocalProvider } from '../providers/local/description.ts';
import { localProviderWarnings } from '../providers/local/options.ts';
import { PBSProProvider } from '../providers/pbspro/description.ts';
import { pbsProProviderWarnings } from '../providers/pbspro/options.ts';
import { SlurmProvider } from '../providers/slurm/description.ts';
import { slurmProviderWarnings } from '../providers/slurm/options.ts';
import { machineTable, queueTable } from './machine-tables.ts';

type Warnings = Readonly<Record<string, string>>;
interface Described {
  readonly name: string;
  readonly schema: OptionsSchema;
}

const DESCRIBED: readonly (readonly [Described, Warnings])[] = [
  [Config, configWarnings],
  [HighThroughputExecutor, highThroughputWarnings],
  [ThreadPoolExecutor, threadPoolWarnings],
  [LocalProvider, localProviderWarnings],
  [PBSProProvider, pbsProProviderWarnings],
  [SlurmProvider, slurmProviderWarnings],
  [SshChannel, {}],
  [SimpleLauncher, {}],
  [SingleNodeLauncher, {}],
  [SrunLauncher, {}],
  [SrunMpiLauncher, {}],
  [MpiExecLauncher, {}],
  [MpiRunLauncher, {}],
  [SshLauncher, {}],
  [WrappedLauncher, {}],
];

const TABLES: Readonly<Record<string, () => string>> = {
  ...Object.fromEntries(DESCRIBED.map(([{ name, schema }, warnings]) => [name, () => optionTable(schema, warnings)])),
  ...Object.fromEntries(DESCRIBED.map(([{ name }, warnings]) => [`${name} without effect`, () => warningTable(warnings)])),
  'app options': appOptionTable,
  'error codes': codeTable,
  machines: () => table(...machineTable()),
  'queues of machines': () => table(...queueTable()),
};

const SECTION = /(<!-- table: (.+?) -->\n)[\s\S]*?(<!-- end -->)/g;

/** The page with its tables as they should be. @throws for a table that nobody knows. */
export function withTables(page: string): string {
  return page.replace(SECTION, (_, start: string, name: string, end: string) => {
    const render = TABLES[name];
    if (render === undefined) throw new Error(`there is no table '${name}'; there are ${Object.keys(TABLES).join(', ')}`);
    return `${start}\n${render()}\n\n${end}`;
  });
}

function optionTable(schema: OptionsSchema, warnings: Warnings): string {
  const rows = Object.entries(schema.zod().shape).filter(([key]) => !Object.hasOwn(warnings, key));
  return table(
    ['option', 'takes', 'meaning'],
    rows.map(([key, kind]) => [`\`${key}\``, expectedBy(kind), descriptionOf(kind)]),
  );
}

function warningTable(warnings: Warnings): string {
  return table(
    ['option', 'why it does nothing'],
    Object.entries(warnings).map(([key, why]) => [`\`${key}\``, why]),
  );
}

function appOptionTable(): string {
  return table(
    ['option', 'apps'],
    Object.entries(OPTION_TABLE).map(([key, { kinds }]) => [`\`${key}\``, kinds.length === 4 ? 'all' : kinds.join(', ')]),
  );
}

function codeTable(): string {
  return table(
    ['code', 'meaning', 'what to do'],
    Object.entries(ERROR_CODES).map(([code, { meaning, remedy }]) => [`\`${code}\``, meaning, remedy]),
  );
}

interface Checked {
  safeParse(value: unknown): {
    readonly error?: { readonly issues: readonly { readonly message: string; readonly values?: readonly unknown[] }[] } | undefined;
  };
  readonly description?: string | undefined;
  unwrap?(): Checked;
}

/** What an option says that it expects when it is given something that nothing accepts. */
function expectedBy(kind: unknown): string {
  const [issue] = (kind as Checked).safeParse(Symbol('nothing accepts this')).error?.issues ?? [];
  if (issue === undefined) return 'anything';
  return issue.values === undefined
    ? issue.message
    : withoutSnakeCase(issue.values.map(String))
        .map((value) => `'${value}'`)
        .join(', ');
}

function descriptionOf(kind: unknown): string {
  const { description, unwrap } = kind as Checked;
  return description ?? (unwrap === undefined ? '' : ((kind as Required<Checked>).unwrap().description ?? ''));
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}

function rewrite(folder: string): void {
  for (const name of readdirSync(folder).filter((file) => file.endsWith('.md'))) {
    const path = join(folder, name);
    const page = readFileSync(path, 'utf8');
    const renewed = withTables(page);
    if (renewed !== page) writeFileSync(path, renewed);
  }
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) rewrite(join(import.meta.dirname, '../docs'));
