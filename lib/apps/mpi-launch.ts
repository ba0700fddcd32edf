/**
 * What stands in front of an mpiApp's program until it is known where it runs, and what that comes to there. Pure.
 */
import { BashExitError } from '../errors/index.ts';
import { quoteForShell } from '../shell-quote.ts';

/** A shell would take it as it is, too, and fail where nothing starts MPI programs. */
export const MPI_LAUNCH = '$' + '{FLOTILLA_MPI_PREFIX:?"$FLOTILLA_MPI_PROBLEM"} ';

/**
 * @returns the command as it is run, with what starts MPI programs there in front; any other command as it is.
 * @param env of the task.
 * @throws BashExitError that says why nothing was found that could start it.
 */
export function resolveMpiLaunch(command: string, env: Readonly<Record<string, string | undefined>>): string {
  if (!command.startsWith(MPI_LAUNCH)) return command;
  const program = command.slice(MPI_LAUNCH.length);
  const { FLOTILLA_MPI_PREFIX: prefix = '', FLOTILLA_MPI_PROBLEM: problem } = env;
  const words = prefix.split(/\s+/).filter((word) => word !== '');
  if (words.length > 0 && problem === undefined) return `${words.map(quoteForShell).join(' ')} ${program}`;
  const fields = { exitCode: null, signal: null, command: program, stdoutTail: '', stderrTail: '' };
  throw new BashExitError(fields, { message: `its program was not started (${program}): ${problem ?? 'it was given no nodes'}` });
}
