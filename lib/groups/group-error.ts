/**
 * What a task throws to end its group: any error by the name of GroupError, in whatever language. A name and not a class, since the
 * function that throws it is shipped and has no class of ours at hand.
 */
import { PythonError } from '../errors/python-error.ts';

const NAME = 'GroupError';

/**
 * Whether `error` is a GroupError: a JavaScript error whose `name` is that, or an exception of a Python class of that name. Also where
 * `await using` has wrapped it into a SuppressedError, since its block had thrown too.
 * @example
 * class GroupError extends Error { name = 'GroupError'; }
 * throw new GroupError('found it: the others need not go on');
 */
export function isGroupError(error: unknown): error is Error {
  if (error instanceof PythonError) return error.type === NAME || error.type.endsWith(`.${NAME}`);
  return error instanceof Error && (error.name === NAME || (error instanceof SuppressedError && isGroupError(error.error)));
}
