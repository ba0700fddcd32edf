/**
 * `load()`: chooses the config, says which and why, and starts a kernel with it.
 */
import type { CompiledConfig } from '../lib/config.ts';
import { KernelOpenError } from '../lib/errors/engine-errors.ts';
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
  const compiled = run?.resume === undefined ? chosen.compiled : withResume(chosen.compiled, run.resume);
  const kernel = await Kernel.start(compiled, originOf(choice, run));
  if (run?.resume !== undefined && !run.quiet) say(describeResume(run.resume, kernel.memo.size));
  run?.kernelStarted(kernel);
  return kernel;
}

/** The run that is resumed goes before the checkpoints that the config names. */
function withResume(compiled: CompiledConfig, resume: string): CompiledConfig {
  return { ...compiled, memo: { ...compiled.memo, checkpointFiles: [...compiled.memo.checkpointFiles, resume] } };
}

/** For who wants to start such a run again. */
function originOf({ source, from }: ConfigChoice, run: FlotillaRun | undefined): RunOrigin {
  const name = nameOfSource(source);
  return {
    ...(run === undefined ? {} : { command: run.command, startedIn: run.startedIn, set: run.set }),
    config: { from, ...(name === undefined ? {} : { name }) },
  };
}

function describeResume(resume: string, results: number): string {
  const what = resume === 'last' ? 'the last run' : `run ${/^\d+$/.test(resume) ? resume.padStart(3, '0') : resume}`;
  if (results > 0) return `resuming ${what}: ${results} result(s) to take`;
  return `resuming ${what}: there is no result to take; only apps with cache: true leave any`;
}

function say(line: string): void {
  process.stderr.write(`flotilla: ${line}\n`);
}
