/**
 * Says why a command could not be started or its result not be taken, in terms of the user's options.
 */
import { getSystemErrorMap } from 'node:util';
import type { WireError } from '../../../lib/errors/wire-error.ts';
import { shortageCalled } from '../start-worker.ts';
import type { CommandSpec, RunnerExit } from './command-spec.ts';
import { FailedStage, type Failed } from './spawner-protocol.ts';

const E2BIG = 7;
const ENXIO = 6;

export function describeFailed(failed: Failed, spec: CommandSpec): WireError {
  const system = getSystemErrorMap().get(-failed.errno);
  const why = system ? `${system[0]}: ${system[1]}` : `error ${failed.errno}`;
  const shortage = failed.stage === FailedStage.Fork && system ? shortageCalled(system[0]) : undefined;
  if (shortage !== undefined) return noProcess(`no process could be made for the command (${why}): ${shortage}`);
  return commandError(spec, describeStage(failed, why, spec), { errno: system?.[0] ?? null, path: failed.detail });
}

function describeStage({ stage, errno, detail }: Failed, why: string, spec: CommandSpec): string {
  switch (stage) {
    case FailedStage.Cwd:
      return `the command cannot start in its working directory ${detail} (${why}); make it first, or name another with 'cwd'`;
    case FailedStage.Stdout:
    case FailedStage.Stderr: {
      const pipe = errno === ENXIO ? '; a named pipe can be written to from within the command' : '';
      return `the '${stage === FailedStage.Stdout ? 'stdout' : 'stderr'}' file ${detail} cannot be opened (${why})${pipe}`;
    }
    case FailedStage.Pty:
      return (
        `the command asks for a terminal ('pty: true'), which needs node-pty, and that cannot be loaded: ${detail}; ` +
        "install it where the workers run (npm install node-pty; it is compiled then), or leave 'pty' out"
      );
    case FailedStage.Fork:
      return `no process can be made for the command (${why})`;
    default:
      if (errno === E2BIG) return describeTooLong(spec, why);
      return `${detail} cannot be executed (${why}); commands need bash on the PATH of the worker`;
  }
}

function describeTooLong({ command }: CommandSpec, why: string): string {
  const bytes = Buffer.byteLength(command);
  return (
    `the command of ${bytes} bytes and its environment are too long to execute (${why}; Linux takes 131071 bytes for one command); ` +
    'pass large data through a file'
  );
}

/** The machine's fault and not the command's, which never began: it costs none of the app's retries. */
function noProcess(message: string): WireError {
  return { kind: 'worker-lost', name: 'WorkerLost', message, fields: { exitCode: null, signal: null, stderrTail: '' } };
}

/** A failure that is no exit: both are null. */
export function commandError(spec: CommandSpec, message: string, fields: Record<string, unknown> = {}): WireError {
  const { command, stdout, stderr } = spec;
  const files = { stdout: stdout?.[0] ?? null, stderr: stderr?.[0] ?? null };
  return {
    kind: 'bash',
    name: 'BashExitError',
    message,
    fields: { exitCode: null, signal: null, command, stdoutTail: '', stderrTail: '', ...files, ...fields },
  };
}

export const missingOutputs = (missing: readonly string[]): WireError => ({
  kind: 'missing-outputs',
  name: 'MissingOutputsError',
  message: '',
  fields: { missing },
});

/** What `run` rejects with when the helper that runs commands died under one. */
export class CommandRunnerLostError extends Error {
  override readonly name = 'CommandRunnerLostError';
  readonly exit: RunnerExit;
  readonly wireError: WireError;

  constructor(exit: RunnerExit, why = '') {
    const end = exit.signal === null ? `exit code ${exit.exitCode}` : exit.signal;
    const said = exit.stderrTail.trim() === '' ? '' : `; the end of its stderr: ${exit.stderrTail.trim()}`;
    const message = why || `the helper that runs commands died (${end}) while the command ran; the command was ended with it${said}`;
    super(message);
    this.exit = exit;
    this.wireError = { kind: 'worker-lost', name: 'WorkerLost', message, fields: { ...exit } };
  }
}
