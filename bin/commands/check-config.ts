/**
 * `flotilla config check`: whether a config can be used, and with --dry-run what its blocks would be. Starts nothing, and asks no
 * scheduler.
 */
import { join, resolve } from 'node:path';
import type { Config } from '../../configs/config.ts';
import { locateConfig, readConfig } from '../../configs/read.ts';
import { ConfigError } from '../../lib/errors/config-error.ts';
import type { Rehearsal } from '../../lib/provider.ts';
import { quoteForShell } from '../../providers/shell-quote.ts';
import type { CheckConfigOptions } from '../command-line/config.ts';
import { printJson, printLines } from '../print.ts';
import { UsageError } from '../usage-error.ts';

interface BlockOf {
  readonly label: string;
  /** Absent: the executor has no blocks. */
  readonly rehearsal: Rehearsal | undefined;
}

export async function checkConfig(source: string | undefined, { set = [], json, dryRun }: CheckConfigOptions): Promise<void> {
  if (source === undefined) throw new UsageError("name a config: 'flotilla config check my-machine.yaml'");
  try {
    const config = await readConfig(locateConfig(source), set);
    const executors = config.compiled.executors.map(({ label, type }) => ({ label, type }));
    const blocks = dryRun ? await rehearse(config) : undefined;
    const warnings = [...config.warnings, ...(await examine(config))];
    if (json) return printJson({ valid: true, executors, warnings, problems: [], ...(blocks && { blocks }) });
    const lines = [
      `${source}: can be used; executors: ${executors.map(({ label, type }) => `${label} (${type})`).join(', ')}`,
      ...warnings.map((warning) => `warning: ${warning}`),
      ...(blocks ?? []).flatMap(describeBlock),
    ];
    // A word of a command may hold line breaks, which belong to it.
    printLines(lines.flatMap((line) => line.split('\n')));
  } catch (error) {
    if (!json || !(error instanceof ConfigError)) throw error;
    const problems = error.problems.map(({ path, message, place }) => ({ path: path.join('.'), message, ...where(place) }));
    printJson({ valid: false, executors: [], warnings: [], problems });
    process.exitCode = 2;
  }
}

/** No error: it may be for another machine, within a job there for example. */
async function examine({ compiled }: Config): Promise<string[]> {
  const found = await Promise.all(compiled.executors.map(async (executor) => [executor.label, await executor.examine?.()] as const));
  return found.flatMap(([label, problem]) =>
    problem === undefined ? [] : [`executor '${label}' cannot have its workers on this machine: ${problem}`],
  );
}

/** With NNN for the number that a run would get. */
async function rehearse({ compiled }: Config): Promise<BlockOf[]> {
  const place = { runId: 'NNN', runDir: join(resolve(compiled.runDir), 'NNN'), workingDirectory: process.cwd() };
  return Promise.all(compiled.executors.map(async (executor) => ({ label: executor.label, rehearsal: await executor.rehearse?.(place) })));
}

function describeBlock({ label, rehearsal }: BlockOf): string[] {
  if (rehearsal === undefined) return ['', `${label}: has no blocks`];
  const { script, commands } = rehearsal;
  return [
    '',
    `${label}: the script of a block, ${script.path}`,
    '',
    ...script.text.trimEnd().split('\n').map(indent),
    '',
    `${label}: the commands that would be run`,
    ...commands.flatMap(({ purpose, argv }) => ['', `  # ${purpose}`, indent(argv.map(quoteForShell).join(' '))]),
  ];
}

const indent = (line: string): string => (line === '' ? '' : `  ${line}`);

function where(place: { readonly file: string; readonly line: number; readonly column: number } | undefined) {
  return place === undefined ? {} : { file: place.file, line: place.line, column: place.column };
}
