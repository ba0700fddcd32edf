/**
 * What can be written in an MPIExecutor: all that a HighThroughputExecutor takes, and one more.
 */
import { type OptionsInput, OptionsSchema } from '../../lib/options/schema.ts';
import { count } from '../../lib/options/vocabulary.ts';
import { highThroughputShape } from '../high-throughput/options.ts';

export const mpiExecutorOptions = new OptionsSchema('MPIExecutor', () => ({
  ...highThroughputShape(),
  maxWorkersPerBlock: count(1).describe('How many MPI programs a block runs at once. Default: as many as there are nodes for.').optional(),
}));

export type MPIExecutorOptions = OptionsInput<typeof mpiExecutorOptions>;
