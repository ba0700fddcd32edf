/**
 * Graphs of Task Bench: columns and steps, and on which columns of the step before a task depends. Pure.
 *
 * Source of the patterns: Slaughter et al., "Task Bench: A Parameterized Benchmark for Evaluating Parallel Runtime Performance", SC20, table 2,
 * and https://github.com/StanfordLegion/task-bench, core/core.cc (dependencies, width_at_timestep).
 */

export interface Pattern {
  /** Columns of a step that have a task. */
  widthAt(step: number, width: number): number;
  /** Columns of the step before; may name some that had no task. */
  dependencies(step: number, column: number, width: number): readonly number[];
}

/** Task Bench's radix and share of connections for graphs of random neighbours. */
const RADIX = 5;
const SHARE_CONNECTED = 0.5;

const full = (_step: number, width: number): number => width;

export const PATTERNS: Readonly<Record<string, Pattern>> = {
  trivial: { widthAt: full, dependencies: () => [] },
  'no-comm': { widthAt: full, dependencies: (_step, column) => [column] },
  stencil: { widthAt: full, dependencies: (_step, column) => [column - 1, column, column + 1] },
  fft: {
    widthAt: full,
    dependencies: (step, column, width) => {
      const levels = Math.max(1, Math.ceil(Math.log2(width)));
      const distance = 2 ** ((step + levels - 1) % levels);
      return [column - distance, column, column + distance];
    },
  },
  tree: { widthAt: (step, width) => Math.min(width, 2 ** Math.min(step, 30)), dependencies: (_step, column) => [Math.floor(column / 2)] },
  random: {
    widthAt: full,
    dependencies: (step, column) =>
      Array.from({ length: RADIX }, (_, i) => column - Math.floor(RADIX / 2) + i).filter(
        (other) => other === column || chance(step, column, other) < SHARE_CONNECTED,
      ),
  },
};

/** In [0, 1), the same for the same three numbers. */
function chance(...numbers: readonly number[]): number {
  let hash = 0x811c9dc5;
  for (const number of numbers) hash = Math.imul(hash ^ (number + 0x9e37), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d);
  return ((hash ^ (hash >>> 13)) >>> 0) / 2 ** 32;
}
