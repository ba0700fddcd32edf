/**
 * ThreadPoolExecutor as people write it: data, checked and frozen. Starting it is start.ts, loaded then.
 */
import type { ExecutorContext, ExecutorDescription, RunningExecutor } from '../../lib/executor.ts';
import { frozenCopy } from '../../lib/options/freeze.ts';
import { warnAboutOptions } from '../../lib/options/warnings.ts';
import { type CompiledThreadPool, compileThreadPool, type ThreadPoolOptions, threadPoolOptions, threadPoolWarnings } from './options.ts';

/**
 * Runs tasks in threads of the driver's own process (Python and bash in processes beside it). One machine only.
 *
 * @example new ThreadPoolExecutor({ maxThreads: 4 })
 */
export class ThreadPoolExecutor implements ExecutorDescription {
  static readonly schema = threadPoolOptions;

  readonly type = 'ThreadPoolExecutor';
  readonly label: string;
  /** As written. */
  readonly options: Readonly<ThreadPoolOptions>;
  readonly compiled: CompiledThreadPool;
  /** What was written that has no effect, and why. */
  readonly warnings: readonly string[];

  /** @throws ConfigError that names every option that is wrong. */
  constructor(options: ThreadPoolOptions = {}) {
    this.compiled = compileThreadPool(threadPoolOptions.check(options));
    this.options = frozenCopy(options);
    this.label = this.compiled.label;
    this.warnings = warnAboutOptions(this.type, options, threadPoolWarnings);
    Object.freeze(this);
  }

  async start(context: ExecutorContext): Promise<RunningExecutor> {
    const { startThreads } = await import('./start.ts');
    return startThreads(this.compiled, context);
  }
}
