/**
 * qstat of the emulated PBS: jobs by id, by queue or all, with and without those that have finished.
 */
import { attributesOf } from '../attributes.ts';
import { formatDsv, formatFull, formatJson, formatTable, type Shown } from '../format.ts';
import { isFinished, type Job } from '../job.ts';
import type { PbsServer } from '../server.ts';
import { type Answer, EXIT, type Invocation, parseArguments, Refusal, readJobId, said } from './answer.ts';
import { QSTAT_USAGE } from './usage.ts';

interface Query {
  readonly isFull: boolean;
  readonly withHistory: boolean;
  readonly format: string | undefined;
  readonly operands: readonly string[];
}

export function qstat(server: PbsServer, { argv }: Invocation): Answer {
  if (argv[0] === '--version') return said('pbs_version = 23.06.06\n');
  const query = readQuery(argv);
  const { jobs, errors, exitCode } = collect(server, query);
  return { stdout: print(server, query, jobs), stderr: errors.map((error) => `qstat: ${error}\n`).join(''), exitCode };
}

function readQuery(argv: readonly string[]): Query {
  const { options, operands } = parseArguments('qstat', 'fJptxEF:wD:HTairu:nsGM1qQB', argv, QSTAT_USAGE);
  const given = new Map(options);
  const format = given.get('F');
  if (format !== undefined && !given.has('f')) throw new Refusal(EXIT.usage, `qstat: conflicting options.\n${QSTAT_USAGE}`);
  return { isFull: given.has('f'), withHistory: given.has('x') || given.has('H'), format, operands };
}

interface Collected {
  readonly jobs: readonly Job[];
  readonly errors: readonly string[];
  readonly exitCode: number;
}

function collect(server: PbsServer, { withHistory, operands }: Query): Collected {
  if (withHistory && !server.keepsHistory) return { jobs: [], errors: withoutHistory(server, operands), exitCode: 0 };
  if (operands.length === 0) return { jobs: visible(server, withHistory), errors: [], exitCode: 0 };
  const jobs: Job[] = [];
  const errors: string[] = [];
  let exitCode = 0;
  for (const operand of operands) {
    const found = findJobs(server, operand, withHistory);
    if ('jobs' in found) jobs.push(...found.jobs);
    else {
      errors.push(found.error);
      exitCode = found.exitCode;
    }
  }
  return { jobs, errors, exitCode };
}

const withoutHistory = (server: PbsServer, operands: readonly string[]): string[] => {
  const complaint = 'PBS is not configured to maintain job history ';
  return operands.length === 0 ? [complaint] : operands.map((operand) => complaint + (readJobId(operand, server.options.name) ?? operand));
};

const visible = (server: PbsServer, withHistory: boolean): Job[] =>
  [...server.jobs.values()].filter((job) => withHistory || !isFinished(job));

function findJobs(server: PbsServer, operand: string, withHistory: boolean): { jobs: Job[] } | { error: string; exitCode: number } {
  if (!/^\d/.test(operand)) {
    if (!Object.hasOwn(server.options.queues, operand)) {
      return { error: `Unknown queue destination ${operand}`, exitCode: EXIT.unknownQueue };
    }
    return { jobs: visible(server, withHistory).filter(({ queue }) => queue === operand) };
  }
  const id = readJobId(operand, server.options.name);
  if (id === undefined) return { error: `illegally formed job identifier: ${operand}`, exitCode: 1 };
  const job = server.jobs.get(id);
  if (job === undefined) return { error: `Unknown Job Id ${id}`, exitCode: EXIT.unknownJob };
  if (isFinished(job) && !withHistory) {
    const error = `${id} Job has finished, use -x or -H to obtain historical job information`;
    return { error, exitCode: EXIT.historyJob };
  }
  return { jobs: [job] };
}

function print(server: PbsServer, { isFull, format }: Query, jobs: readonly Job[]): string {
  if (!isFull) return formatTable(jobs);
  const { name, home, now } = server.options;
  const shown: Shown[] = jobs.map((job) => ({ id: job.id, attributes: attributesOf(job, { server: name, home, now: now() }) }));
  if (format === 'json') return formatJson(shown, name, now());
  return format === 'dsv' ? formatDsv(shown) : formatFull(shown);
}
