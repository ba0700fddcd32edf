/**
 * The two spellings of a word that an option takes: ours, with humps or hyphens, and Python's.
 */

export type SnakeCase<S extends string> = S extends `${infer First}${infer Rest}`
  ? First extends '-'
    ? `_${SnakeCase<Rest>}`
    : First extends Lowercase<First>
      ? `${First}${SnakeCase<Rest>}`
      : `_${Lowercase<First>}${SnakeCase<Rest>}`
  : S;

/** @example snakeCase('taskExit') // 'task_exit' */
export function snakeCase(word: string): string {
  return word.replaceAll('-', '_').replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

/** Those that are shown to people: Python's are accepted, not advertised. */
export const withoutSnakeCase = (words: readonly string[]): string[] => words.filter((word) => !word.includes('_'));
