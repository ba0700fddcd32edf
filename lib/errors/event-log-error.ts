/**
 * An event log that cannot be read.
 */
import { FlotillaError, brandError } from './flotilla-error.ts';

export class EventLogError extends FlotillaError {
  static {
    brandError(this, 'EventLogError');
  }

  declare readonly path: string;

  /** @param what goes behind the path: "is no event log". */
  constructor(path: string, what: string) {
    super('FLOTILLA_EVENT_LOG_ERROR', `the event log ${path} ${what}`, { fields: { path } });
  }
}
