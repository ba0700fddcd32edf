/**
 * What is wrong with an app before any task runs: what it captures, what it is, how it was configured. Also a function that
 * a worker could not load.
 */
import { FlotillaError, brandError } from './flotilla-error.ts';
import { didYouMean, nearest } from '../suggest.ts';
import { showValue } from './message-parts.ts';

/** A name that a shipped function uses and that would not exist on a worker. */
export interface CapturedName {
  readonly name: string;
  /** Absolute path; undefined when the module could not be found, line and column then count from the function's start. */
  readonly file: string | undefined;
  /** From 1. */
  readonly line: number;
  readonly column: number;
}

export class ClosureError extends FlotillaError {
  static {
    brandError(this, 'ClosureError');
  }

  declare readonly captured: readonly CapturedName[];

  constructor(fields: { readonly captured: readonly CapturedName[] }, functionName: string) {
    const names = fields.captured;
    const many = names.length === 1 ? 'a name that belongs' : `${names.length} names that belong`;
    const width = Math.max(...names.map(({ name }) => name.length));
    const list = names.map((captured) => `\n  ${captured.name.padEnd(width)}  ${describePlace(captured)}`).join('');
    const subject = functionName === '' ? 'the function' : `'${functionName}'`;
    super(
      'FLOTILLA_CLOSURE_ERROR',
      `${subject} is sent to workers as text, but uses ${many} to the script around it:${list}\n` +
        'Pass it as an argument, import() it inside the function, or put the function in a module of its own: ' +
        "jsApp(new URL('./module.ts', import.meta.url), 'exportName')",
      { fields: { captured: names } },
    );
  }
}

function describePlace({ file, line, column }: CapturedName): string {
  return file === undefined ? `line ${line}, column ${column} of the function` : `${file}:${line}:${column}`;
}

/** A function that cannot be an app, or that a worker could not load. */
export class DefinitionError extends FlotillaError {
  static {
    brandError(this, 'DefinitionError');
  }

  constructor(message: string, options?: { readonly cause?: unknown; readonly fields?: Readonly<Record<string, unknown>> }) {
    super('FLOTILLA_DEFINITION_ERROR', message, options);
  }
}

export interface InvalidOptionFields {
  /** Whose option it is: "app 'simulate'", "result()". */
  readonly of: string;
  readonly option: string;
  readonly value: unknown;
  /** The right name that was probably meant. */
  readonly nearest?: string | undefined;
}

export class InvalidOptionError extends FlotillaError {
  static {
    brandError(this, 'InvalidOptionError');
  }

  declare readonly of: string;
  declare readonly option: string;
  declare readonly value: unknown;
  declare readonly nearest: string | undefined;

  constructor(message: string, fields: InvalidOptionFields, options?: { readonly cause?: unknown }) {
    super('FLOTILLA_INVALID_OPTION_ERROR', message, { ...options, fields: { nearest: undefined, ...fields } });
  }

  /** There is no such option. */
  static unknown(of: string, option: string, value: unknown, known: readonly string[]): InvalidOptionError {
    const message = `${of}: there is no option '${option}'.${didYouMean(option, known)} Known are: ${known.join(', ')}`;
    return new InvalidOptionError(message, { of, option, value, nearest: nearest(option, known) });
  }

  /** @param wanted completes "it must be …". @param suggestion a word, or code to write instead. */
  static wrong(of: string, option: string, value: unknown, wanted: string, suggestion?: string): InvalidOptionError {
    const hint = suggestion === undefined ? '' : ` Did you mean ${/^\w+$/.test(suggestion) ? `'${suggestion}'` : suggestion}?`;
    const message = `${of}: option '${option}' is ${showValue(value)}; it must be ${wanted}.${hint}`;
    return new InvalidOptionError(message, { of, option, value, nearest: suggestion });
  }
}
