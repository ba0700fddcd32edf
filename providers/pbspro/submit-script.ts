/**
 * Text of the script that qsub takes. Pure. Everything that PBS must know stands in it, variables too: what is given to `qsub -v`
 * comes back from `qstat -F json` as JSON that is not always valid.
 */
import type { BatchJob } from '../batch/scheduler.ts';
import { buildJobScript } from '../job-script.ts';
import type { CompiledPBSProProvider } from './options.ts';

/** PBS_MAXJOBNAME in pbs_ifl.h of OpenPBS 22.05 and later; 236 before. */
const MAX_NAME_LENGTH = 230;

/** @throws RangeError when something cannot be written in one. */
export function buildSubmitScript(options: CompiledPBSProProvider, job: BatchJob): string {
  return buildJobScript({
    name: job.name,
    env: job.env,
    workerInit: options.workerInit,
    command: job.command,
    directives: buildDirectives(options, job),
    workingDirectory: job.workingDirectory,
    endPath: job.files.end,
  });
}

/** Lines of the user's come last: where PBS takes a directive twice, the later one holds. */
function buildDirectives(options: CompiledPBSProProvider, { name, files }: BatchJob): string {
  const { account, queue, limits, placeOptions, schedulerOptions } = options;
  const asked = [
    '-S /bin/bash',
    `-N ${requireJobName(name)}`,
    queue === undefined ? undefined : `-q ${queue}`,
    account === undefined ? undefined : `-A ${account}`,
    `-l select=${buildSelect(options)}`,
    placeOptions === undefined ? undefined : `-l place=${placeOptions}`,
    limits.walltimeMs === undefined ? undefined : `-l walltime=${formatWalltime(limits.walltimeMs)}`,
    '-m n',
    `-o ${requirePath(files.stdout)}`,
    `-e ${requirePath(files.stderr)}`,
  ];
  const lines = asked.filter((text) => text !== undefined).map((text) => `#PBS ${text}`);
  return [...lines, ...(schedulerOptions === '' ? [] : [schedulerOptions])].join('\n');
}

/** `2:ncpus=64:ngpus=4` */
function buildSelect({ limits, cpusPerNode, selectOptions }: CompiledPBSProProvider): string {
  return [limits.nodesPerBlock, `ncpus=${cpusPerNode}`, ...(selectOptions === '' ? [] : [selectOptions])].join(':');
}

/** Whole seconds, never fewer than were asked for. `hh:mm:ss`, hours beyond 24. */
export function formatWalltime(ms: number): string {
  const seconds = Math.ceil(ms / 1000);
  const parts = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60];
  return parts.map((part) => String(part).padStart(2, '0')).join(':');
}

/**
 * qsub refuses other characters; and OpenPBS 23.06 prints a name that reads as a number, such as 007, nan or 0x1f, without quotes in
 * its JSON. A run tag never does.
 */
function requireJobName(name: string): string {
  if (!/^flotilla\.[\w.-]+$/.test(name)) {
    throw new RangeError(`${JSON.stringify(name)} cannot be a job's name for PBS; it is 'flotilla.', then letters, digits and _ . - only`);
  }
  if (name.length <= MAX_NAME_LENGTH) return name;
  throw new RangeError(
    `the job's name has ${name.length} characters, and PBS takes ${MAX_NAME_LENGTH}: give the executor a shorter label (${name})`,
  );
}

/** A directive is cut into words; quotes in it are not what they are to a shell. */
function requirePath(path: string): string {
  if (/^\/[^\s"'\\,:#]*$/.test(path)) return path;
  const what = `PBS cannot be told to write to ${JSON.stringify(path)}`;
  throw new RangeError(`${what}; set runDir to a folder whose path has no spaces, quotes, commas, colons, \\ or #`);
}
