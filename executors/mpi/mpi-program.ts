/**
 * Which program starts MPI programs in a block: what the config says, else what started the block's managers, else what the node has.
 */
import { spawnSync } from 'node:child_process';
import type { MpiFlavour, MpiProgram } from './launch-prefix.ts';

/** 'auto': as the block's launcher, or whatever the node has. */
export type MpiLauncherName = 'auto' | 'srun' | 'mpiexec' | 'mpirun' | 'openmpi' | 'mpich' | 'intel' | 'pals';

/** What managers are told; data. */
export interface MpiChoice {
  /** Those that may be there, best first. */
  readonly commands: readonly string[];
  /** Absent: by what `--version` says. */
  readonly flavour?: MpiFlavour;
  readonly overrides: string;
}

/** What of a launcher says which program it uses. */
interface LauncherLike {
  readonly type?: string | undefined;
  readonly options?: object | undefined;
  readonly launcher?: LauncherLike | undefined;
}

export function chooseMpi(name: MpiLauncherName, launcher: LauncherLike, overrides: string): MpiChoice {
  if (name !== 'auto') return { ...BY_NAME[name], overrides };
  return { ...byLauncher(launcher), overrides };
}

const BY_NAME: Readonly<Record<Exclude<MpiLauncherName, 'auto'>, Omit<MpiChoice, 'overrides'>>> = {
  srun: { commands: ['srun'], flavour: 'srun' },
  mpiexec: { commands: ['mpiexec'] },
  mpirun: { commands: ['mpirun'] },
  openmpi: { commands: ['mpiexec', 'mpirun'], flavour: 'openmpi' },
  mpich: { commands: ['mpiexec', 'mpiexec.hydra'], flavour: 'mpich' },
  intel: { commands: ['mpiexec', 'mpiexec.hydra'], flavour: 'intel' },
  pals: { commands: ['mpiexec'], flavour: 'pals' },
};

function byLauncher({ type, options, launcher }: LauncherLike): Omit<MpiChoice, 'overrides'> {
  switch (type) {
    case 'SrunLauncher':
    case 'SrunMpiLauncher':
      return BY_NAME.srun;
    case 'MpiExecLauncher':
      return (options as { bindCmd?: string } | undefined)?.bindCmd === '--cpu-bind' ? BY_NAME.pals : BY_NAME.mpiexec;
    case 'MpiRunLauncher':
      return BY_NAME.mpirun;
    case 'WrappedLauncher':
      return byLauncher(launcher ?? {});
    default:
      return { commands: ['mpiexec', 'mpirun'] };
  }
}

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
    seen.push(`${command}: ${error === undefined ? `of no kind that is known (${said.split('\n')[0]})` : error.message}`);
  }
  return `no program was found that starts MPI programs: ${seen.join('; ')}. Load its module in workerInit, or name it by mpiLauncher`;
}
