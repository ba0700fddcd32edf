/**
 * The `onFailure` option: what follows when a task has failed for good. As people write it, as it is inside, and as a type: what
 * 'ignore' adds to what an app resolves to.
 */
import { InvalidOptionError } from '../errors/definition-errors.ts';
import { nearest } from '../suggest.ts';

const WORDS = ['fail', 'retry', 'ignore', 'cancelSuccessors'] as const;

/**
 * 'fail': dependents fail with a DependencyError. 'retry': the same, after two retries where neither the app nor the config says how many.
 * 'ignore': dependents go on with undefined in its place, { ignore: value } with that value. 'cancelSuccessors': dependents are cancelled.
 */
export type FailurePolicy = (typeof WORDS)[number] | { readonly ignore: unknown };

/** For apps whose result is said to be R: a value in its place is an R too. */
export type FailurePolicyFor<R> =
  | Exclude<FailurePolicy, 'ignore' | object>
  | (undefined extends R ? 'ignore' : never)
  | { readonly ignore: R };

/** What an app with these options resolves to besides what its body returns. */
export type Ignored<O> = O extends { readonly onFailure: infer P } ? IgnoredBy<P> : never;
type IgnoredBy<P> = P extends 'ignore' ? undefined : P extends { readonly ignore: infer V } ? V : never;

export type CompiledFailurePolicy =
  | { readonly kind: 'fail' | 'retry' | 'cancelSuccessors' }
  | { readonly kind: 'ignore'; readonly value: unknown };

export const FAIL: CompiledFailurePolicy = Object.freeze({ kind: 'fail' });

const WANTED = "'fail', 'retry', 'ignore', 'cancelSuccessors' or { ignore: value }, where value is no promise";

/** @throws InvalidOptionError */
export function compileFailurePolicy(value: unknown, of: string, option: string): CompiledFailurePolicy {
  if (isReplacement(value)) return { kind: 'ignore', value: value.ignore };
  const word = WORDS.find((one) => one === value);
  if (word === 'ignore') return { kind: 'ignore', value: undefined };
  if (word !== undefined) return { kind: word };
  throw InvalidOptionError.wrong(of, option, value, WANTED, typeof value === 'string' ? nearest(value, WORDS) : undefined);
}

function isReplacement(value: unknown): value is { readonly ignore: unknown } {
  if (typeof value !== 'object' || value === null || Object.keys(value).join() !== 'ignore') return false;
  const { ignore } = value as { readonly ignore: unknown };
  return !(typeof ignore === 'object' && ignore !== null && 'then' in ignore);
}
