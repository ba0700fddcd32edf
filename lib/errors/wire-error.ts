/**
 * An error as data, so that it can cross processes and languages. MessagePack on the wire (plain maps, strings, numbers).
 * Python and the command runner write it too; keep it plain.
 */
export interface WireError {
  /**
   * 'js': the user's own error from JavaScript. 'python': from Python. Others are ours and revive to the class named so.
   */
  readonly kind:
    | 'js'
    | 'python'
    | 'bash'
    | 'missing-outputs'
    | 'serialization'
    | 'walltime'
    | 'memory-limit'
    | 'worker-lost'
    | 'manager-lost'
    | 'cancelled'
    | 'definition'
    | 'placement';
  /** Class name of the error: 'RangeError', 'ValueError', 'BashExitError'. */
  readonly name: string;
  readonly message: string;
  /** JavaScript stack or Python traceback, as it was there. */
  readonly stack?: string;
  /** Own fields (kind 'js': enumerable ones that can travel; ours: exitCode, signal, stderrTail, …). */
  readonly fields?: Readonly<Record<string, unknown>>;
  readonly cause?: WireError;
  /** AggregateError's. */
  readonly errors?: readonly WireError[];
}

/** In the place of one that makes no sense. */
export const unreadable = (why: string): WireError => ({
  kind: 'js',
  name: 'Error',
  message: `the task failed, but its error could not be read: ${why}`,
});
