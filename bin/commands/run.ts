/**
 * `flotilla run`: runs a script in this process as Node would, then closes the kernel, sums up and sets the exit code.
 *
 * The script has ended when Node would end: a script whose main() nobody awaits runs to its end too.
 */
import { existsSync, statSync } from 'node:fs';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { announceRun } from '../../configs/flotilla-run.ts';
import { didYouMeanFile } from '../../configs/nearest-file.ts';
import { currentKernel } from '../../lib/kernel/current.ts';
import { ExitCode, type RunCommandOptions } from '../cli.ts';
import { exitCodeOf } from '../exit-code.ts';
import { sayLines } from '../print.ts';
import { RunReport } from '../run-report.ts';
import { awaitScript, type ScriptEnd } from '../script.ts';
import { showError } from '../show-error.ts';

export async function runScript(script: string, args: readonly string[], options: RunCommandOptions): Promise<void> {
  const path = resolve(script);
  if (!existsSync(path) || !statSync(path).isFile()) {
    sayLines([whyNoScript(script, path)]);
    process.exitCode = ExitCode.Usage;
    return;
  }
  const report = new RunReport({ quiet: options.quiet });
  announceRun({
    command: 'run',
    ...(options.config === undefined ? {} : { config: options.config }),
    set: options.set,
    quiet: options.quiet,
    ...(options.resume === undefined ? {} : { resume: options.resume }),
    kernelStarted: (kernel) => report.follow(kernel),
  });
  goOnWithoutReaders();
  process.argv.splice(1, process.argv.length, path, ...args);
  // A script may call process.exit(), and the kernel does after an interrupt: what is to be said is said then.
  process.once('exit', () => report.finish());
  const end = await awaitScript(() => import(pathToFileURL(path).href), report.kernel);
  await closeAndReport(end, report);
}

/** `| head` has gone, say: the script goes on, as it would with its output in a file. Whatever else is wrong with stdout is the script's error. */
function goOnWithoutReaders(): void {
  let hasTold = false;
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (!isReaderGone(error)) throw error;
    if (!hasTold) process.stderr.write('flotilla: nobody reads the output of the script any more; it goes on\n');
    hasTold = true;
  });
  process.stderr.on('error', (error: NodeJS.ErrnoException) => {
    if (!isReaderGone(error)) throw error;
  });
}

const isReaderGone = ({ code }: NodeJS.ErrnoException): boolean => code === 'EPIPE' || code === 'ERR_STREAM_DESTROYED';

function whyNoScript(script: string, path: string): string {
  if (!existsSync(path)) return `there is no script ${script}.${didYouMeanFile(script)}`;
  const kind = statSync(path).isDirectory() ? 'a directory' : 'a device, pipe or socket';
  return `${script} is ${kind}; give the file of the script`;
}

async function closeAndReport(end: ScriptEnd, report: RunReport): Promise<void> {
  const closed = await closeKernel(end, report);
  report.finish();
  const thrown = end.kind === 'threw' ? [end.error, ...closed] : closed;
  for (const error of thrown) process.stderr.write(`${showError(error, Boolean(process.env.FLOTILLA_DEBUG))}\n`);
  if (end.kind === 'stalled')
    process.stderr.write('flotilla: the script awaits something that can no longer happen: nothing is left to run\n');
  process.exitCode = exitCodeOf({
    end,
    closeFailed: closed.length > 0,
    unobserved: report.unobservedFailures(),
    set: process.exitCode,
  });
  // Whatever the script left open must not keep a failed or interrupted run alive.
  if (end.kind !== 'ended') process.exit();
}

/** @returns why closing failed, if it did. */
async function closeKernel(end: ScriptEnd, report: RunReport): Promise<unknown[]> {
  const kernel = report.kernel();
  try {
    if (end.kind === 'ended') await kernel?.[Symbol.asyncDispose]();
    else if (kernel !== undefined) await kernel.close({ mode: 'cleanup' });
    // Interrupted while it was starting.
    else currentKernel()?.killNow();
    return [];
  } catch (error) {
    return [error];
  }
}
