/**
 * Finds the program that starts MPI programs on a node, and of which kind it is.
 */
import { spawnSync } from 'node:child_process';
import type { MpiFlavour, MpiProgram } from './launch-prefix.ts';
import type { MpiChoice } from './mpi-choice.ts';

/** As programs say of themselves; undefined: none that is known. */
export function flavourOf(version: string): MpiFlavour | undefined {
  return FLAVOURS.find(([words]) => words.test(version))?.[1];
}

const FLAVOURS: readonly [words: RegExp, flavour: MpiFlavour][] = [
  [/Open MPI|OpenRTE|PRRTE|prterun/, 'openmpi'],
  [/Intel\(R\) MPI/, 'intel'],
  [/HYDRA/, 'mpich'],
  [/PALS/, 'pals'],
  [/^slurm/m, 'srun'],
];

const ASK_MS = 15_000;

/** Asks the programs on PATH. @returns what is wrong where none can be used. */
export function findMpi({ commands, flavour, overrides }: MpiChoice, env: NodeJS.ProcessEnv): MpiProgram | string {
  const seen: string[] = [];
  for (const command of commands) {
    const { error, stdout, stderr } = spawnSync(command, ['--version'], {
      env,
      encoding: 'utf8',
      timeout: ASK_MS,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const said = `${stdout ?? ''}${stderr ?? ''}`;
    const found = error === undefined ? (flavour ?? flavourOf(said)) : undefined;
    if (found !== undefined) return { flavour: found, command, overrides };
    seen.push(`${command}: ${error === undefined ? `of no kind that is known (${said.split('\n')[0]})` : whyNot(command, error)}`);
  }
  return `no program was found that starts MPI programs: ${seen.join('; ')}. Load its module in workerInit, or name it by mpiLauncher`;
}

function whyNot(command: string, error: NodeJS.ErrnoException): string {
  if (error.code === 'ENOENT') return command.includes('/') ? 'is not there' : 'is not on PATH';
  if (error.code === 'EACCES') return 'may not be executed';
  return error.code === 'ETIMEDOUT' ? `gave no answer in ${ASK_MS / 1000} s` : error.message;
}
