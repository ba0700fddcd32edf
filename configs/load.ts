/**
 * `load()`: chooses the config, says which and why, and starts a kernel with it.
 */
import { basename } from 'node:path';
import { KernelOpenError } from '../lib/errors/engine-errors.ts';
import { onOneLine } from '../lib/errors/message-parts.ts';
import type { RunOrigin } from '../lib/events/events.ts';
import { currentKernel } from '../lib/kernel/current.ts';
import type { DataFlowKernel } from '../lib/kernel/kernel.ts';
import { warn } from '../lib/options/warnings.ts';
import { chooseConfig, type ConfigArgument, type ConfigChoice, describeChoice, nameOfSource } from './choose.ts';
import { callerOfLoad } from './config-module.ts';
import { currentRun, type FlotillaRun } from './flotilla-run.ts';
import { readConfig } from './read.ts';

/**
 * Starts the kernel that app calls go to.
 *
 * @param config A Config, its options, the name of a packaged config, or a file. `--config` of `flotilla run` goes before it;
 * without either FLOTILLA_CONFIG applies, else `local`: this machine.
 * @throws ConfigError when the config cannot be used; KernelOpenError while another kernel is open.
 * @example await using kernel = await load();
 */
export async function load(config?: ConfigArgument): Promise<DataFlowKernel> {
  const loader = callerOfLoad();
  const run = currentRun();
  const choice = chooseConfig({ commandLine: run?.config, argument: config, environment: process.env.FLOTILLA_CONFIG });
  const [{ DataFlowKernel: Kernel }, chosen] = await Promise.all([
    import('../lib/kernel/kernel.ts'),
    readConfig(choice.source, run?.set, loader),
  ]);
  // Before anything is said about a config that will not be used.
  const open = currentKernel();
  if (open) throw new KernelOpenError(open.runDir);
  if (run?.quiet !== true) say(describeChoice(choice, run?.set));
  for (const warning of chosen.warnings) warn(warning);
  const kernel = await Kernel.start({ ...chosen.compiled, resume: run?.resume }, originOf(choice, run));
  if (run?.resume !== undefined && !run.quiet) say(describeResume(run.resume, kernel));
  run?.kernelStarted(kernel);
  return kernel;
}

/** For who wants to start such a run again. */
function originOf({ source, from }: ConfigChoice, run: FlotillaRun | undefined): RunOrigin {
  const name = nameOfSource(source);
  return {
    ...(run === undefined ? {} : { command: run.command, startedIn: run.startedIn, set: run.set }),
    config: { from, ...(name === undefined ? {} : { name }) },
  };
}

function describeResume(resume: string, { resumption, memo }: DataFlowKernel): string {
  const what = resumption ? `run ${basename(resumption.runDir)}` : `the ${resume} run`;
  const { results = 0, underWay = 0 } = resumption ?? {};
  const [all, going] = [results + memo.size, underWay > 0 ? `, and ${underWay} task(s) that are still under way` : ''];
  if (all > 0 || underWay > 0) return `resuming ${what}: ${all} result(s) to take${going}`;
  return `resuming ${what}: there is no result to take; apps with cache: true leave some, and all of a run with orphanGrace that was killed`;
}

function say(line: string): void {
  process.stderr.write(`flotilla: ${onOneLine(line)}\n`);
}
