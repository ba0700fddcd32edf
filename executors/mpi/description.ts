/**
 * MPIExecutor as people write it: a HighThroughputExecutor by the name and with the options of Parsl's. Data, checked and frozen.
 */
import type { ExecutorContext, ExecutorDescription, RehearsalPlace, RunningExecutor } from '../../lib/executor.ts';
import { frozenCopy } from '../../lib/options/freeze.ts';
import type { Rehearsal } from '../../lib/provider.ts';
import { warnAboutOptions } from '../../lib/options/warnings.ts';
import { type CompiledHighThroughput, compileHighThroughput } from '../high-throughput/compiled.ts';
import { highThroughputWarnings } from '../high-throughput/options.ts';
import { type MPIExecutorOptions, mpiExecutorOptions } from './options.ts';

/**
 * Runs MPI programs, which are given whole nodes of a block, beside tasks of all other kinds. Any HighThroughputExecutor can; this one has
 * Parsl's name for it, and bounds how many a block runs at once.
 *
 * @example new MPIExecutor({ provider: new SlurmProvider({ nodesPerBlock: 8, launcher: new SrunLauncher() }) })
 */
export class MPIExecutor implements ExecutorDescription {
  static readonly schema = mpiExecutorOptions;

  readonly type = 'MPIExecutor';
  readonly label: string;
  /** As written. */
  readonly options: Readonly<MPIExecutorOptions>;
  readonly compiled: CompiledHighThroughput;
  /** What was written that has no effect, and why. */
  readonly warnings: readonly string[];

  /** @throws ConfigError that names every option that is wrong. */
  constructor(options: MPIExecutorOptions = {}) {
    const { maxWorkersPerBlock, label = 'mpi', ...checked } = mpiExecutorOptions.check(options);
    this.compiled = Object.freeze({ ...compileHighThroughput({ ...checked, label }), maxGangsPerBlock: maxWorkersPerBlock });
    this.options = frozenCopy(options);
    this.label = this.compiled.label;
    this.warnings = warnAboutOptions(this.type, options, highThroughputWarnings);
    Object.freeze(this);
  }

  get orphanGraceMs(): number | undefined {
    return this.compiled.orphanGraceMs;
  }

  async rehearse(place: RehearsalPlace): Promise<Rehearsal | undefined> {
    const { rehearseBlock } = await import('../high-throughput/rehearse.ts');
    return rehearseBlock(this.compiled, place);
  }

  async start(context: ExecutorContext): Promise<RunningExecutor> {
    const { startHighThroughput } = await import('../high-throughput/start.ts');
    return startHighThroughput(this.compiled, context);
  }
}
