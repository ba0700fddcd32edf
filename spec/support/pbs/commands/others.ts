/**
 * qdel, qselect, qrls, qhold, qsig and qalter of the emulated PBS.
 */
import { isFinished, type Job } from '../job.ts';
import type { PbsServer } from '../server.ts';
import { type Answer, EXIT, type Invocation, parseArguments, Refusal, readJobId, said } from './answer.ts';
import { QDEL_USAGE, QSELECT_USAGE } from './usage.ts';

export function qdel(server: PbsServer, { argv }: Invocation): Answer {
  const { options, operands } = parseArguments('qdel', 'W:x', argv, QDEL_USAGE);
  if (operands.length === 0) throw new Refusal(EXIT.usage, QDEL_USAGE);
  const force = options.some(([letter, value]) => letter === 'W' && value === 'force');
  const withHistory = options.some(([letter]) => letter === 'x');
  return forEachJob('qdel', operands, (operand) => deleteJob(server, operand, { force, withHistory }));
}

function deleteJob(server: PbsServer, operand: string, { force, withHistory }: { force: boolean; withHistory: boolean }): void {
  const job = findJob(server, operand, operand);
  if (!isFinished(job)) return server.delete(job, { force });
  if (!withHistory) throw new Refusal(EXIT.historyJob, `Job has finished ${operand}`);
  server.forget(job);
}

function findJob(server: PbsServer, operand: string, shownId: string): Job {
  const id = readJobId(operand, server.options.name);
  if (id === undefined) throw new Refusal(1, `illegally formed job identifier: ${operand}`);
  const job = server.jobs.get(id);
  if (job === undefined) throw new Refusal(EXIT.unknownJob, `Unknown Job Id ${shownId}`);
  return job;
}

/** The last failure's exit code is the command's. */
function forEachJob(program: string, operands: readonly string[], act: (operand: string) => void): Answer {
  let stderr = '';
  let exitCode = 0;
  for (const operand of operands) {
    try {
      act(operand);
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      stderr += `${program}: ${error.message}\n`;
      exitCode = error.exitCode;
    }
  }
  return { stdout: '', stderr, exitCode };
}

export function qselect(server: PbsServer, { argv }: Invocation): Answer {
  const { options } = parseArguments('qselect', 'a:A:c:h:HJl:N:p:P:q:r:s:t:Tu:x', argv, QSELECT_USAGE);
  const given = new Map(options);
  const withHistory = given.has('x') || given.has('H');
  if (withHistory && !server.keepsHistory) return said('');
  const chosen = [...server.jobs.values()].filter(
    (job) =>
      (withHistory || !isFinished(job)) &&
      (given.get('N') ?? job.name) === job.name &&
      (given.get('u') ?? job.user) === job.user &&
      (given.get('q') ?? job.queue) === job.queue &&
      (given.get('s') ?? job.state).includes(job.state),
  );
  return said(chosen.map(({ id }) => `${id}\n`).join(''));
}

/** A job that is held waits again once it is released. */
export const qrls = (server: PbsServer, { argv }: Invocation): Answer =>
  forEachJob('qrls', argv, (operand) => server.release(findJob(server, operand, wholeId(server, operand))));

export const qhold = (server: PbsServer, { argv }: Invocation): Answer =>
  forEachJob('qhold', argv, (operand) => server.hold(findJob(server, operand, wholeId(server, operand))));

/** Signals none: what jobs of these specs would do with it is not known. It knows which jobs there are. */
export function qsig(server: PbsServer, { argv }: Invocation): Answer {
  const { operands } = parseArguments('qsig', 's:', argv, '');
  return forEachJob('qsig', operands, (operand) => void findJob(server, operand, wholeId(server, operand)));
}

/** A name may be changed; of a job that runs nothing else. */
export function qalter(server: PbsServer, { argv }: Invocation): Answer {
  const { options, operands } = parseArguments('qalter', 'N:l:', argv, '');
  return forEachJob('qalter', operands, (operand) => {
    const job = findJob(server, operand, wholeId(server, operand));
    for (const [letter, value] of options) {
      if (letter !== 'N') throw new Refusal(EXIT.unauthorized, `Unauthorized Request  ${job.id}`);
      job.name = value;
    }
  });
}

const wholeId = (server: PbsServer, operand: string): string => readJobId(operand, server.options.name) ?? operand;
