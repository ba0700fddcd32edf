/**
 * `flotilla retry RUN --failed`: the script of an earlier run again, as it was run, with the results that it has left.
 */
import { statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { EVENT_LOG } from '../../lib/events/format.ts';
import { packagedNames } from '../../configs/packaged.ts';
import { locateConfig } from '../../configs/read.ts';
import { quoteForShell } from '../../providers/shell-quote.ts';
import type { RetryOptions } from '../command-line/retry.ts';
import { printJson, printLines, sayLines } from '../print.ts';
import { type Invocation, invocationOf, toCommandLine } from '../runs/invocation.ts';
import { isUnfinished, readRetryFacts, type RetryFacts } from '../runs/retry-facts.ts';
import { describeNothing, describePlan, describeRetry, planAsData } from '../runs/retry-text.ts';
import { findRun, type RunFolder } from '../runs/run-folder.ts';
import { UsageError } from '../usage-error.ts';
import { runScript } from './run.ts';

/** A busy machine takes so long at most to write the first events. */
const STARTING_MS = 10_000;

/** @throws UsageError, EventLogError, ConfigError */
export async function retryCommand(which: string, options: RetryOptions): Promise<void> {
  const { failed = false, dryRun = false, json = false } = options;
  if (!failed) throw new UsageError(`retry needs to be told what to run again: flotilla retry ${which} --failed`);
  if (json && !dryRun) throw new UsageError('--json goes with --dry-run: what a script prints is its own');
  const facts = await readRetryFacts(findRun(which, options.runDir));
  const invocation = planInvocation(facts, options);
  refuseWhileRunning(facts, invocation);
  const hasWork = isUnfinished(facts);
  if (json) return printJson(planAsData(facts, invocation, hasWork ? toCommandLine(invocation, quoteForShell) : undefined));
  if (!hasWork) return sayLines([describeNothing(facts, invocation)]);
  sayLines(describeRetry(facts, invocation, dryRun));
  if (dryRun) return printLines(describePlan(facts, invocation));
  await start(invocation);
}

function planInvocation(facts: RetryFacts, { config, set = [] }: RetryOptions): Invocation {
  const { folder, summary } = facts;
  if (!summary.started && !summary.log.isDamaged && summary.log.unreadBytes === 0) throw notBegun(folder);
  const before = invocationOf(folder.run, summary.started);
  const chosen: Invocation = {
    ...before,
    // What was set belongs to the config that it was set in.
    ...(config === undefined ? { set: [...before.set, ...set] } : { config: nameFromAnywhere(config), set, environment: undefined }),
  };
  return { ...chosen, resume: nameSource(facts, chosen, config !== undefined || set.length > 0) };
}

/** Its first events are written a moment after it has begun. */
function notBegun({ run, path }: RunFolder): UsageError {
  const isNew = Date.now() - statSync(join(path, EVENT_LOG)).mtimeMs < STARTING_MS;
  if (isNew) return new UsageError(`run ${run} is still starting: nothing of it is in its event log yet; try again in a moment`);
  return new UsageError(`run ${run} has ended before anything of it was in its event log: there is nothing to retry; run its script again`);
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
