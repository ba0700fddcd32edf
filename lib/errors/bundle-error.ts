/**
 * A bundle that cannot be made as it was asked for.
 */
import { FlotillaError, brandError } from './flotilla-error.ts';

export class BundleError extends FlotillaError {
  static {
    brandError(this, 'BundleError');
  }

  constructor(message: string, options: { readonly cause?: unknown } = {}) {
    super('FLOTILLA_BUNDLE_ERROR', message, options);
  }
}
