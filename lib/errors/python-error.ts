/**
 * An exception that a Python app raised.
 */
import { AppError } from './app-error.ts';
import { brandError } from './flotilla-error.ts';

export interface PythonErrorFields {
  /** Class of the exception: 'ValueError', 'numpy.linalg.LinAlgError'. */
  readonly type: string;
  /** Python's own traceback, as text. */
  readonly traceback: string;
}

/** Files of Python and of its packages, which are not where the mistake is. */
const NOT_THE_USERS = /[/\\](?:site-packages|dist-packages|lib(?:64)?[/\\]python\d[^/\\]*)[/\\]|^<frozen |^<string>$/;
const FRAME = /^[ |]*File "(.+)", line (\d+)/gm;

export class PythonError extends AppError {
  static {
    brandError(this, 'PythonError');
  }

  declare readonly type: string;
  /** Not enumerable: the stack shows it already. */
  declare readonly traceback: string;

  /** Of `sys.exit(…)`: what it was given. */
  declare readonly exitCode?: unknown;
  /** What the exception's object holds, as far as it is plain data. */
  declare readonly attributes?: Readonly<Record<string, unknown>>;

  /** @param text what `str(exception)` gave; the message says its type and place too. */
  constructor(text: string, fields: PythonErrorFields, options?: { readonly cause?: unknown }) {
    const { traceback, ...shown } = fields;
    super('FLOTILLA_PYTHON_ERROR', describe(text, fields), { ...options, fields: { ...shown } });
    Object.defineProperty(this, 'traceback', { value: traceback, writable: true, configurable: true });
    const headline = `${this.name}: ${this.message}`;
    Object.defineProperty(this, 'stack', { value: `${headline}\n${traceback.trimEnd()}`, writable: true, configurable: true });
  }
}

/** `KeyError: 'b' (<pythonApp f>, line 2)`. A text that says it already, as one that has travelled twice does, is left so. */
function describe(text: string, { type, traceback }: PythonErrorFields): string {
  const place = placeOf(traceback);
  const saysType = text.startsWith(`${type}: `) || text === `${type}${place}`;
  const typed = saysType ? text : text === '' ? type : `${type}: ${text}`;
  return typed.endsWith(place) ? typed : typed + place;
}

/** The last of the user's own frames in what was raised last; in a group, above its parts. */
function placeOf(traceback: string): string {
  const own =
    traceback
      .split(/^ *\+-\+-/m)[0]
      ?.split('Traceback (most recent call last):')
      .at(-1) ?? '';
  const frame = [...own.matchAll(FRAME)].filter(([, file]) => !NOT_THE_USERS.test(file ?? '')).at(-1);
  return frame === undefined ? '' : ` (${frame[1]}, line ${frame[2]})`;
}
