/**
 * Runs any workflow in WfFormat 1.5 (https://github.com/wfcommons/WfInstances), with files of the recorded sizes and tasks of the
 * recorded runtimes, scaled. Each task checks its inputs, works, and writes its outputs; files alone say who waits for whom.
 *
 *   npx flotilla run examples/wfcommons.ts -- examples/data/wfcommons/helloworld-forkjoin-10-chameleon.json --scale 0.01
 */
import { readFileSync } from 'node:fs';
import { bashApp, load } from 'flotilla';
import { findCriticalPath } from './wfcommons/bounds.ts';
import { collectFailures, type Failures } from './wfcommons/failures.ts';
import { WorkflowFileError } from './wfcommons/field.ts';
import { linkByFiles } from './wfcommons/file-links.ts';
import { checkOrder } from './wfcommons/order-check.ts';
import { countWorkers, formatReport } from './wfcommons/report.ts';
import { submitTasks } from './wfcommons/run-tasks.ts';
import { type Arguments, parseArguments, UsageError } from './wfcommons/usage.ts';
import { parseWorkflow, type Workflow } from './wfcommons/workflow.ts';
import { WorkFolder } from './wfcommons/work-folder.ts';

async function main(): Promise<void> {
  const args = parseArguments(process.argv.slice(2));
  const workflow = readWorkflow(args.file);
  const problems = await runWorkflow(workflow, args);
  for (const problem of problems) console.error(`wfcommons: ${problem}`);
  if (problems.length > 0) process.exitCode = 1;
}

function readWorkflow(path: string): Workflow {
  let json: string;
  try {
    json = readFileSync(path, 'utf8');
  } catch (error) {
    throw new UsageError(`${path} cannot be read: ${(error as Error).message}`);
  }
  return parseWorkflow(json);
}

/** @returns what went wrong. */
async function runWorkflow(workflow: Workflow, { scale, keep }: Arguments): Promise<string[]> {
  const links = linkByFiles(workflow);
  using folder = WorkFolder.create(keep);
  await using _kernel = await load();
  for (const file of links.initialFiles) await folder.createSparse(file, workflow.sizes.get(file) ?? 0);
  // Until the first worker is there: starting up is not what the makespan is about.
  await bashApp(() => 'true', { name: 'warm-up' })();
  const begin = performance.now();
  const futures = submitTasks({ workflow, links, folder, scale });
  const failures = await collectFailures(futures);
  const makespanSeconds = (performance.now() - begin) / 1000;
  const order = checkOrder(links, futures);
  const workers = await countWorkers(futures);
  console.log(formatReport({ workflow, scale, workers, makespanSeconds, critical: findCriticalPath(links), order }));
  if (keep !== undefined) console.log(`${'kept'.padEnd(15)}${folder.path}`);
  return [...describe(failures), ...order.broken];
}

function describe({ wrongInputs, others, notRun }: Failures): string[] {
  return [...wrongInputs, ...others, ...(notRun > 0 ? [`${notRun} more did not run, because a task before failed`] : [])];
}

try {
  await main();
} catch (error) {
  if (!(error instanceof UsageError || error instanceof WorkflowFileError)) throw error;
  console.error(`wfcommons: ${error.message}`);
  process.exitCode = 2;
}
