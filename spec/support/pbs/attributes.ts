/**
 * A job's attributes, in the order and with the values that OpenPBS 23.06.06 shows.
 */
import type { Job } from './job.ts';
import { execHost, execVnode } from './placement.ts';
import { formatTime } from './select.ts';

/** `resources_used.cput = 00:00:00` is ['resources_used', 'cput', '00:00:00']. */
export type Attribute = readonly [name: string, resource: string | undefined, value: string];

export interface Surroundings {
  readonly server: string;
  readonly home: string;
  readonly now: number;
}

export function attributesOf(job: Job, { server, home, now }: Surroundings): Attribute[] {
  const plain: [string, string | number | undefined][] = [
    ['Job_Name', job.name],
    ['Job_Owner', `${job.user}@${server}`],
    ['resources_used', undefined],
    ['job_state', job.state],
    ['queue', job.queue],
    ['server', server],
    ['Account_Name', job.account],
    ['Checkpoint', 'u'],
    ['ctime', clock(job.ctime)],
    ['depend', job.depend],
    ['Error_Path', `${server}:${job.errorPath}`],
    ['exec_host', job.placed.length === 0 ? undefined : execHost(job.placed)],
    ['exec_vnode', job.placed.length === 0 ? undefined : execVnode(job.placed)],
    ['Hold_Types', job.isHeld ? 'u' : 'n'],
    ['Join_Path', job.joinPath],
    ['Keep_Files', job.keepFiles],
    ['Mail_Points', job.mailPoints],
    ['mtime', clock(job.mtime)],
    ['Output_Path', `${server}:${job.outputPath}`],
    ['Priority', 0],
    ['qtime', clock(job.ctime)],
    ['Rerunable', job.rerunable ? 'True' : 'False'],
    ['Resource_List', undefined],
    ['stime', job.stime === undefined ? undefined : clock(job.stime)],
    ['obittime', job.obittime === undefined ? undefined : clock(job.obittime)],
    ['session_id', job.sessionId],
    ['Shell_Path_List', job.shell],
    ['jobdir', job.stime === undefined ? undefined : home],
    ['substate', job.substate],
    ['Variable_List', undefined],
    ['comment', job.comment],
    ['etime', job.isHeld || job.state === 'W' ? undefined : clock(job.ctime)],
    ['run_count', job.runCount === 0 ? undefined : job.runCount],
    ['Stageout_status', job.obittime === undefined || job.exitStatus === -20 ? undefined : 1],
    ['Exit_status', job.exitStatus],
    ['Submit_arguments', job.submitArguments],
    ['history_timestamp', job.historyTimestamp],
    ['project', job.project],
    ['Submit_Host', server],
  ];
  return plain.flatMap(([name, value]): Attribute[] => {
    if (name === 'resources_used') return job.stime === undefined ? [] : usage(job, now);
    if (name === 'Resource_List') return [...job.resources].map(([resource, text]) => [name, resource, text]);
    if (name === 'Variable_List') return [[name, undefined, job.variables.map(([key, text]) => `${key}=${escapeComma(text)}`).join(',')]];
    return value === undefined ? [] : [[name, undefined, String(value)]];
  });
}

function usage(job: Job, now: number): Attribute[] {
  const seconds = ((job.obittime ?? now) - (job.stime ?? now)) / 1000;
  const values = { cpupercent: '0', cput: '00:00:00', mem: '0kb', ncpus: job.resources.get('ncpus') ?? '1', vmem: '0kb' };
  return [...Object.entries(values), ['walltime', formatTime(seconds)] as const].map(([name, value]) => ['resources_used', name, value]);
}

const escapeComma = (text: string): string => text.replace(/[\\,]/g, '\\$&');

/** `Fri Nov 20 13:53:18 2026`, as ctime(3) prints it. */
function clock(ms: number): string {
  const [, weekday, month, day, year, time] = /^(\w+) (\w+) (\d+) (\d+) ([\d:]+)/.exec(new Date(ms).toString()) ?? [];
  return `${weekday} ${month} ${String(Number(day)).padStart(2)} ${time} ${year}`;
}

/** `Fri Nov 20 at 13:53`, as the scheduler's comments have it. */
export const commentTime = (ms: number): string => clock(ms).replace(/ (\d+:\d+):\d+ \d+$/, ' at $1');
