/**
 * A config that cannot be used. Owns how its problems are shown, with or without a place in a file.
 * Knows nothing of schemas or YAML: who finds a problem says where it is.
 */
import { brandError, FlotillaError } from './flotilla-error.ts';

/** One thing that is wrong in a config. */
export interface ConfigProblem {
  /** Keys from the object that was checked down to the value: `['executors', 0, 'label']`. */
  readonly path: readonly (string | number)[];
  /** Whether the key itself is wrong, or its value. */
  readonly target: 'key' | 'value';
  /** A whole sentence that names the option and the value seen. */
  readonly message: string;
  readonly place?: SourcePlace;
}

/** Where a problem is in a file. */
export interface SourcePlace {
  readonly file: string;
  /** From 1. */
  readonly line: number;
  /** From 1. */
  readonly column: number;
  /** The line's text, and how many characters of it the caret underlines. */
  readonly text: string;
  readonly width: number;
}

/**
 * @example
 * throw new ConfigError('HighThroughputExecutor.label: expected text, saw 4')
 * throw new ConfigError([{ path: ['label'], target: 'value', message: '…' }])
 */
export class ConfigError extends FlotillaError {
  static {
    brandError(this, 'ConfigError');
  }

  readonly problems: readonly ConfigProblem[];
  /** Of the first problem, where it has a place in a file. */
  readonly file: string | undefined;
  readonly line: number | undefined;
  readonly column: number | undefined;

  constructor(problems: string | readonly ConfigProblem[], options?: { readonly cause?: unknown }) {
    const list = typeof problems === 'string' ? [{ path: [], target: 'value', message: problems } as const] : problems;
    super('FLOTILLA_CONFIG_ERROR', list.map(showProblem).join('\n'), options);
    this.problems = list;
    const place = list[0]?.place;
    this.file = place?.file;
    this.line = place?.line;
    this.column = place?.column;
  }
}

function showProblem({ message, place }: ConfigProblem): string {
  if (place === undefined) return message;
  const number = String(place.line);
  const gutter = ' '.repeat(number.length);
  const indent = place.text.slice(0, place.column - 1).replace(/[^\t]/g, ' ');
  const caret = '^'.repeat(Math.max(1, place.width));
  return `${place.file}:${place.line}:${place.column}: ${message}\n  ${number} | ${place.text}\n  ${gutter} | ${indent}${caret}`;
}
