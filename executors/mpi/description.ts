/**
 * MPIExecutor as people write it: a HighThroughputExecutor by the name and with the options of Parsl's. Data, checked and frozen.
 */
import { frozenCopy } from '../../lib/options/freeze.ts';
import { warnAboutOptions } from '../../lib/options/warnings.ts';
import { compileHighThroughput } from '../high-throughput/compiled.ts';
import { ManagedDescription } from '../high-throughput/managed-description.ts';
import { highThroughputWarnings } from '../high-throughput/options.ts';
import { warnAboutPlan } from '../high-throughput/plan-warnings.ts';
import { type MPIExecutorOptions, mpiExecutorOptions } from './options.ts';

/**
 * Runs MPI programs, which are given whole nodes of a block, beside tasks of all other kinds. Any HighThroughputExecutor can; this one has
 * Parsl's name for it, and bounds how many a block runs at once.
 *
 * @example new MPIExecutor({ provider: new SlurmProvider({ nodesPerBlock: 8, launcher: new SrunLauncher() }) })
 */
export class MPIExecutor extends ManagedDescription {
  static readonly schema = mpiExecutorOptions;

  readonly type = 'MPIExecutor';
  readonly options: Readonly<MPIExecutorOptions>;
  readonly warnings: readonly string[];

  /** @throws ConfigError that names every option that is wrong. */
  constructor(options: MPIExecutorOptions = {}) {
    const { maxWorkersPerBlock, label = 'mpi', ...checked } = mpiExecutorOptions.check(options);
    super(Object.freeze({ ...compileHighThroughput({ ...checked, label }), maxGangsPerBlock: maxWorkersPerBlock }));
    this.options = frozenCopy(options);
    this.warnings = Object.freeze([
      ...warnAboutOptions(this.type, options, highThroughputWarnings),
      ...warnAboutPlan(this.type, this.compiled),
    ]);
    Object.freeze(this);
  }
}
