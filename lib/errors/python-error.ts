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

export class PythonError extends AppError {
  static {
    brandError(this, 'PythonError');
  }

  declare readonly type: string;
  /** Not enumerable: the stack shows it already. */
  declare readonly traceback: string;

  /** @param message what `str(exception)` gave. */
  constructor(message: string, fields: PythonErrorFields, options?: { readonly cause?: unknown }) {
    const { traceback, ...shown } = fields;
    super('FLOTILLA_PYTHON_ERROR', message, { ...options, fields: { ...shown } });
    Object.defineProperty(this, 'traceback', { value: traceback, writable: true, configurable: true });
    const headline = `${this.name}: ${fields.type}: ${message}`;
    Object.defineProperty(this, 'stack', { value: `${headline}\n${traceback.trimEnd()}`, writable: true, configurable: true });
  }
}
