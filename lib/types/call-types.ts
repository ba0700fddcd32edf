/**
 * What an app's parameters accept and what its call returns, as types. No code.
 */
import type { AppOptions } from '../apps/app-options.ts';
import type { Ignored } from '../apps/failure-policy.ts';
import type { KeywordArguments } from '../apps/kw.ts';
import type { AppFuture } from '../futures/app-future.ts';
import type { BashReturns } from '../task-spec.ts';

// biome-ignore lint/complexity/noBannedTypes: any function at all is meant
type AnyFunction = Function;

/**
 * Whether futures may lie inside: arrays and plain objects. What has a method is a class instance (Date, Map, a typed array, a
 * future) and is taken as a whole, as data has no functions.
 */
type Nested<T> = T extends AnyFunction
  ? never
  : T extends readonly unknown[]
    ? { [K in keyof T]: ArgumentOf<T[K]> }
    : T extends object
      ? [Extract<T[keyof T], AnyFunction>] extends [never]
        ? { [K in keyof T]: ArgumentOf<T[K]> }
        : never
      : never;

/**
 * What a parameter of type T accepts: a value, a future of it, and futures at any depth of its arrays and plain objects.
 *
 * @example ArgumentOf<{ runs: number[] }>  // takes { runs: [1, future, 3] }, { runs: future }, future
 */
export type ArgumentOf<T> = T | PromiseLike<T> | Nested<T>;

/** The argument list of a call. */
export type ArgumentsOf<P extends readonly unknown[]> = { [K in keyof P]: ArgumentOf<P[K]> };

/** A value with every future in it replaced by what it resolves to: what a join's future has. */
export type Settled<T> =
  T extends PromiseLike<infer V>
    ? Settled<V>
    : T extends AnyFunction
      ? T
      : T extends readonly unknown[]
        ? { [K in keyof T]: Settled<T[K]> }
        : T extends object
          ? [Extract<T[keyof T], AnyFunction>] extends [never]
            ? { [K in keyof T]: Settled<T[K]> }
            : T
          : T;

export interface MapOptions {
  /** How many may be under way at once. */
  readonly window?: number;
  /** Whether a failure is yielded as `{ status: 'rejected', reason }` instead of ending the iteration; default false. */
  readonly settle?: boolean;
  /** Whether each item is the whole argument list; default false: it is the only argument. */
  readonly spread?: boolean;
}

type Items<T> = Iterable<T> | AsyncIterable<T>;
type MapItem<P extends readonly unknown[], O extends MapOptions> = O extends { readonly spread: true } ? ArgumentsOf<P> : ArgumentsOf<P>[0];
type MapYield<R, O extends MapOptions> = O extends { readonly settle: true } ? PromiseSettledResult<R> : R;

/** What apps of every kind have. */
interface AppMembers<P extends readonly unknown[], R> {
  readonly appName: string;
  /** Submits an item at a time, a window of them under way, and yields the results in the order of the items. */
  map<const O extends MapOptions = Record<never, never>>(
    items: Items<MapItem<P, O>>,
    options?: O,
  ): AsyncGenerator<MapYield<Awaited<R>, O>, void, undefined>;
}

/** An app with parameters P whose body returns R. */
export interface App<P extends readonly unknown[], R> extends AppMembers<P, R> {
  /** The same app with these options over its own. @throws InvalidOptionError */
  with<O extends AppOptions>(options: Known<O>): App<P, R | Ignored<O>>;
  (...args: ArgumentsOf<P>): AppFuture<Awaited<R>>;
}

interface BashResults {
  readonly exitCode: 0;
  readonly stdout: string;
  readonly lines: string[];
  readonly json: unknown;
}

/** What a bashApp with these options resolves to. */
export type BashResult<O> = ReturnedBy<O, 0>;
type ReturnedBy<O, Otherwise> = O extends { readonly returns: infer K extends BashReturns } ? BashResults[K] : Otherwise;

/** Options that are inferred, with nothing among them that is no option. */
export type Known<O extends AppOptions> = O & { readonly [K in Exclude<keyof O, keyof AppOptions>]: never };

/** A command: its future has what `returns` asks for, or V in place of a failure that is ignored. */
export interface BashApp<P extends readonly unknown[], R, V = never> extends AppMembers<P, R | V> {
  (...args: ArgumentsOf<P>): AppFuture<R | V>;
  /** The same app with these options over its own. @throws InvalidOptionError */
  with<const O extends AppOptions>(options: Known<O>): BashApp<P, ReturnedBy<O, R>, V | Ignored<O>>;
}

/** A join: R is what its body returns, futures and all. */
export interface JoinApp<P extends readonly unknown[], R> extends AppMembers<P, Settled<R>> {
  /** The same app with these options over its own. @throws InvalidOptionError */
  with<O extends AppOptions>(options: Known<O>): JoinApp<P, R | Ignored<O>>;
  (...args: ArgumentsOf<P>): AppFuture<Settled<R>>;
}

/** A Python app also takes its first arguments by position and the rest by name: `fit(points, kw({ degree: 3 }))`. */
export interface PythonApp<P extends readonly unknown[], R> extends AppMembers<P, R> {
  /** The same app with these options over its own. @throws InvalidOptionError */
  with<O extends AppOptions>(options: Known<O>): PythonApp<P, R | Ignored<O>>;
  (...args: ArgumentsOf<P> | WithKeywords<ArgumentsOf<P>>): AppFuture<Awaited<R>>;
}

type WithKeywords<A extends readonly unknown[]> = number extends A['length']
  ? readonly [...A, KeywordArguments<object>]
  : Required<A> extends readonly [unknown, ...infer Rest]
    ? readonly [KeywordArguments<object>] | readonly [A[0], ...WithKeywords<Rest>]
    : readonly [KeywordArguments<object>];
