/**
 * Which program starts MPI programs in a block, as far as the config tells: by name, or as what starts the block's managers. Data.
 */
import type { MpiFlavour } from './launch-prefix.ts';

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
