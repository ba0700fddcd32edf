/**
 * What fails as a whole: no kernel, a scheduler that refuses, an executor that cannot go on.
 */
import { nearest } from '../suggest.ts';
import { FlotillaError, brandError } from './flotilla-error.ts';

export interface EngineErrorOptions {
  readonly cause?: unknown;
  readonly fields?: Readonly<Record<string, unknown>>;
}

export class NoKernelError extends FlotillaError {
  static {
    brandError(this, 'NoKernelError');
  }

  /** @param appName the app that was called. */
  constructor(appName?: string) {
    const what = appName === undefined ? 'no kernel is loaded' : `app '${appName}' was called, but no kernel is loaded`;
    const advice = 'put `await using kernel = await load();` before the first call, and call within its scope';
    super('FLOTILLA_NO_KERNEL_ERROR', `${what}; ${advice}`, { fields: appName === undefined ? {} : { app: appName } });
  }
}

/** load() while a kernel is open. */
export class KernelOpenError extends FlotillaError {
  static {
    brandError(this, 'KernelOpenError');
  }

  constructor(runDir: string) {
    super('FLOTILLA_KERNEL_OPEN', `a kernel is open already (${runDir}); close it before loading another`, { fields: { runDir } });
  }
}

/** An app asks for an executor that the config does not have. */
export class UnknownExecutorError extends FlotillaError {
  static {
    brandError(this, 'UnknownExecutorError');
  }

  declare readonly label: string;

  constructor(label: string, appName: string, labels: readonly string[]) {
    const near = nearest(label, labels);
    const hint = near === undefined ? '' : `; did you mean '${near}'?`;
    const known = labels.map((name) => `'${name}'`).join(', ');
    super('FLOTILLA_UNKNOWN_EXECUTOR', `app '${appName}' asks for executor '${label}', but the config has ${known}${hint}`, {
      fields: { label },
    });
  }
}

/** A scheduler did not take a job. */
export class SubmitError extends FlotillaError {
  static {
    brandError(this, 'SubmitError');
  }

  /** @param message with the scheduler's own words. */
  constructor(message: string, options?: EngineErrorOptions) {
    super('FLOTILLA_SUBMIT_ERROR', message, options);
  }
}

/** A provider failed otherwise: a query or a cancellation. */
export class ProviderError extends FlotillaError {
  static {
    brandError(this, 'ProviderError');
  }

  constructor(message: string, options?: EngineErrorOptions) {
    super('FLOTILLA_PROVIDER_ERROR', message, options);
  }
}

/** An executor cannot go on; every task that it held fails with this. */
export class ExecutorFailed extends FlotillaError {
  static {
    brandError(this, 'ExecutorFailed');
  }

  declare readonly label: string;

  constructor(label: string, reason: string, options?: EngineErrorOptions) {
    super('FLOTILLA_EXECUTOR_FAILED', `executor '${label}' failed: ${reason}`, { ...options, fields: { label, ...options?.fields } });
  }
}
