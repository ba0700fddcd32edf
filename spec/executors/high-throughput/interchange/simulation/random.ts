/** A small seeded generator, so that a failing schedule can be run again. */
export interface Random {
  /** [0, 1). */
  next(): number;
  /** A whole number in [0, n). */
  below(n: number): number;
  chance(probability: number): boolean;
}

export function createRandom(seed: number): Random {
  let state = (seed * 2654435761 + 0x9e3779b9) >>> 0;
  const next = (): number => {
    state ^= state << 13;
    state >>>= 0;
    state ^= state >>> 17;
    state ^= state << 5;
    state >>>= 0;
    return state / 0x100000000;
  };
  if (state === 0) state = 1;
  return { next, below: (n) => Math.floor(next() * n), chance: (probability) => next() < probability };
}
