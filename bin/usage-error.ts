/**
 * What was asked for on the command line cannot be done as it was written. Its message is all that people need to see.
 */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}
