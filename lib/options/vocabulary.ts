/**
 * The kinds of values that options take, each with its check, its conversion and its place in the JSON Schema.
 *
 * A kind's message completes "expected …"; only what a conversion refuses is a sentence of its own (see report.ts).
 * Knows no option by name.
 */
import type { z } from 'zod';
import { parseDuration } from '../duration.ts';
import { parseSize } from '../size.ts';
import { isBuiltIn, meantFor } from '../resources/names.ts';
import { type SnakeCase, snakeCase } from './spelling.ts';
import { zod } from './zod.ts';

const GIB = 2 ** 30;

export const text = () => zod().string('text');
export const name = () => zod().string('a name').min(1, 'a name');
export const path = () => zod().string('a path').min(1, 'a path');
export const flag = () => zod().boolean('true or false');
export const textList = () => zod().array(text(), 'a list of texts');
export const wholeNumber = (min: number) => zod().int(`a whole number of at least ${min}`).min(min, `a whole number of at least ${min}`);
/** One of these words, also in Parsl's spelling: 'htex_auto_scale' is 'htex-auto-scale', 'task_exit' 'taskExit'. */
export const oneOf = <const T extends readonly [string, ...string[]]>(values: T) => {
  const meant = new Map<string, T[number]>(values.flatMap((value) => [snakeCase(value), value].map((spelling) => [spelling, value])));
  const spellings = [...meant.keys()] as (T[number] | SnakeCase<T[number]>)[];
  // The cast: every spelling is a key.
  return zod()
    .enum(spellings)
    .transform((spelling) => meant.get(spelling) as T[number]);
};

/** A whole number of at least `min`, or Infinity. */
export const count = (min: number) => {
  const expected = `a whole number of at least ${min}, or Infinity`;
  return zod().union([wholeNumber(min), zod().literal(Number.POSITIVE_INFINITY).meta({ 'x-flotilla': 'omit' })], expected);
};

export const positiveNumber = () => zod().number('a number above 0').positive('a number above 0');

/** `'90s' | '30m' | '1h30m' | '01:30:00'` → ms. A bare number is refused with a hint. */
export const duration = () =>
  zod()
    .string({ error: ({ input }) => expectedDuration(input) })
    .transform(converted(parseDuration, 0));

/** A duration, or a bare number where Parsl takes one in this unit. → ms. */
export const parslSeconds = () => numberOr(1000, duration(), "a duration such as '30s', or a number of seconds");
export const parslMilliseconds = () => numberOr(1, duration(), "a duration such as '10ms', or a number of milliseconds");

/** `'6GiB' | '500MB'` → bytes. */
export const size = () => zod().string("a size such as '6GiB' or '500MB'").transform(converted(parseSize, 0));

/** A size, or a bare number of GB; Parsl's are GiB. → bytes. */
export const parslGigabytes = () => numberOr(GIB, size(), "a size such as '6GiB', or a number of GB");

/** Environment variables. Numbers and booleans become text, as YAML writes them bare. */
export const environment = () => {
  const value = zod().union([zod().string(), zod().number(), zod().boolean()], 'text or a number').transform(String);
  return zod().record(zod().string(), value, 'a map of variable names to text');
};

/** Kinds of things that a node has: how many, or their names. None may be taken for a built-in one. */
export const nodeKinds = () => {
  const expected = 'a number of at least 0, or a list of names';
  const amount = zod().number(expected).min(0, expected);
  const names = zod().array(
    zod()
      .union([text(), wholeNumber(0)])
      .transform(String),
  );
  const kinds = zod().record(zod().string(), zod().union([amount, names], expected), "a map such as { licence: 4, fpga: ['a', 'b'] }");
  return kinds.superRefine((value, context) => {
    const variables = new Map<string, string>();
    for (const [kind, has] of Object.entries(value)) {
      const problem = problemOf(kind, has) ?? sharedVariable(kind, variables);
      if (problem !== undefined) context.addIssue({ code: 'custom', path: [kind], message: problem });
    }
  });
};

function problemOf(kind: string, has: number | readonly string[]): string | undefined {
  if (!/^[A-Za-z][\w.-]*$/.test(kind)) return `'${kind}' cannot be the name of a kind; use letters, digits and _ . -, a letter first`;
  if (isBuiltIn(kind)) return `'${kind}' is found out by each manager, and cannot be set`;
  const meant = meantFor(kind);
  if (meant !== undefined) return `'${kind}' is too near to '${meant}', which tasks may mean by it; choose another name`;
  const twice = typeof has === 'object' ? has.find((name, at) => has.indexOf(name) !== at) : undefined;
  return twice === undefined ? undefined : `'${twice}' is named twice; each is given out by its name`;
}

/** Tasks find what they were given in a variable that has the kind's name in capitals. */
function sharedVariable(kind: string, variables: Map<string, string>): string | undefined {
  const variable = kind.toUpperCase().replaceAll(/\W/g, '_');
  const other = variables.get(variable);
  variables.set(variable, kind);
  return other === undefined ? undefined : `'${kind}' and '${other}' would be the same variable to tasks, FLOTILLA_RESOURCE_${variable}`;
}

export const port = () => {
  const expected = 'a port from 1 to 65535';
  return zod().int(expected).min(1, expected).max(65535, expected);
};

export const portRange = () => {
  const expected = 'two ports, the lower first';
  return zod()
    .tuple([port(), port()], expected)
    .refine(([low, high]) => low <= high, { error: expected, params: { expected: true } });
};

/** Something that only TypeScript can write; left out of the JSON Schema. */
export const onlyInTypeScript = <T>(accepts: (value: unknown) => boolean, expected: string) =>
  zod()
    .custom<T>(accepts, { error: `${expected} (write the config in TypeScript for it)`, params: { expected: true } })
    .meta({ 'x-flotilla': 'omit' });

/** Accepted so that a Parsl config can be carried over; whoever declares it says with a warning what becomes of it. */
export const carriedOver = () => zod().unknown();

/** Another description: an instance in TypeScript, a map with `type` in YAML and in the JSON Schema. */
export const description = <T>(kind: 'executor' | 'provider' | 'launcher' | 'channel', required: readonly string[], expected: string) =>
  zod()
    .custom<T>((value) => isDescription(value, required), { error: expected, params: { expected: true } })
    .meta({ 'x-flotilla': kind });

function isDescription(value: unknown, required: readonly string[]): boolean {
  return (
    typeof value === 'object' && value !== null && 'type' in value && required.every((key) => typeof Reflect.get(value, key) === 'function')
  );
}

function expectedDuration(input: unknown): string {
  return typeof input === 'number' && input >= 0
    ? `a duration with its unit (write '${input}s')`
    : "a duration such as '30s', '30m' or '1h30m'";
}

function numberOr<S extends z.ZodType<number, string>>(scale: number, written: S, expected: string) {
  const number = zod()
    .number()
    .min(0)
    .transform((value) => Math.round(value * scale));
  return zod().union([number, written], expected);
}

type RefinementContext = { addIssue(issue: { code: 'custom'; message: string }): void };

/** A conversion that refuses with an Error; its message becomes the sentence that is shown, behind the option's name. */
export function converted<T>(parse: (value: string) => T, instead: T) {
  return (value: string, context: RefinementContext): T => {
    try {
      return parse(value);
    } catch (error) {
      context.addIssue({ code: 'custom', message: error instanceof Error ? error.message : String(error) });
      return instead;
    }
  };
}
