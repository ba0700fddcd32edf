/**
 * `flotilla retry RUN --failed`: the script of an earlier run again, as it was run, with the results that it has left.
 */
import { resolve } from 'node:path';
import { packagedNames } from '../../configs/packaged.ts';
import { locateConfig } from '../../configs/read.ts';
import type { RetryOptions } from '../command-line/retry.ts';
import { printJson, printLines } from '../print.ts';
import { type Invocation, invocationOf, toCommandLine } from '../runs/invocation.ts';
import { isUnfinished, readRetryFacts, type RetryFacts } from '../runs/retry-facts.ts';
import { describeNothing, describePlan, describeRetry, planAsData } from '../runs/retry-text.ts';
import { findRun } from '../runs/run-folder.ts';
import { UsageError } from '../usage-error.ts';
import { runScript } from './run.ts';

/** @throws UsageError, EventLogError, ConfigError */
export async function retryCommand(which: string, options: RetryOptions): Promise<void> {
  const { failed = false, dryRun = false, json = false } = options;
  if (!failed) throw new UsageError(`retry needs to be told what to run again: flotilla retry ${which} --failed`);
  if (json && !dryRun) throw new UsageError('--json goes with --dry-run: what a script prints is its own');
  const facts = await readRetryFacts(findRun(which, options.runDir));
  const invocation = planInvocation(facts, options);
  refuseWhileRunning(facts, invocation);
  const hasWork = isUnfinished(facts);
  if (json) return printJson(planAsData(facts, invocation, hasWork ? toCommandLine(invocation) : undefined));
  if (!hasWork) return say([describeNothing(facts, invocation)]);
  say(describeRetry(facts, invocation, dryRun));
  if (dryRun) return printLines(describePlan(facts, invocation));
  await start(invocation);
}

function planInvocation(facts: RetryFacts, { config, set = [] }: RetryOptions): Invocation {
  const before = invocationOf(facts.folder.run, facts.summary.started);
  const chosen: Invocation = {
    ...before,
    // What was set belongs to the config that it was set in.
    ...(config === undefined ? { set: [...before.set, ...set] } : { config: nameFromAnywhere(config), set, environment: undefined }),
  };
  return { ...chosen, resume: nameSource(facts, chosen, config !== undefined || set.length > 0) };
}

/** The script starts elsewhere: a file is named by its whole path. @throws ConfigError for a name that is not there. */
const nameFromAnywhere = (config: string): string => (packagedNames().includes(config) ? config : locateConfig(config));

/** Its number, where the new run is sure to look for it in the same place. */
function nameSource({ folder, resume }: RetryFacts, { cwd, set }: Invocation, isChanged: boolean): string | undefined {
  const isUsual = resume === folder.path && resume === resolve(cwd, 'runinfo', folder.run);
  return isUsual && !isChanged && !set.some((each) => each.startsWith('runDir')) ? folder.run : resume;
}

function refuseWhileRunning({ folder, state, summary }: RetryFacts, invocation: Invocation): void {
  if (state !== 'running') return;
  const { pid } = summary.started ?? {};
  throw new UsageError(
    `run ${folder.run} is still running, as process ${pid}; wait for its end, or stop it: kill ${pid}. If that is another process by now: ${toCommandLine(invocation)}`,
  );
}

async function start({ cwd, script, args, config, set, resume, environment }: Invocation): Promise<void> {
  process.chdir(cwd);
  if (environment !== undefined && environment !== (process.env.FLOTILLA_CONFIG ?? '')) process.env.FLOTILLA_CONFIG = environment;
  await runScript(script, args, {
    ...(config === undefined ? {} : { config }),
    ...(resume === undefined ? {} : { resume }),
    set,
    quiet: false,
  });
}

function say(lines: readonly string[]): void {
  for (const line of lines) process.stderr.write(`flotilla: ${line}\n`);
}
