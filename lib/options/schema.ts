/**
 * The options of one description class: one Zod object gives the types, the checks and the JSON Schema.
 *
 * Built when first needed (see zod.ts). Options that were not written cost nothing: defaults are filled in where options
 * are compiled, not here.
 */
import type { z } from 'zod';
import { ConfigError } from '../errors/config-error.ts';
import { reportIssues, showValue } from './report.ts';
import { zod } from './zod.ts';

type Shape = z.core.$ZodShape;
type Options<S extends Shape> = z.ZodObject<S, z.core.$strict>;

/** What a person may write. */
export type OptionsInput<S extends OptionsSchema> = z.input<ReturnType<S['zod']>>;
/** The same, checked and in our units. */
export type OptionsOutput<S extends OptionsSchema> = z.output<ReturnType<S['zod']>>;

export class OptionsSchema<S extends Shape = Shape> {
  /** Name of the class, as it is written behind `type:` and in messages. */
  readonly type: string;
  readonly #build: () => Options<S>;
  readonly #needsSome: boolean;
  #built: Options<S> | undefined;

  /** @param needsSome that there are options which must be written. */
  constructor(type: string, shape: () => S, { needsSome = false } = {}) {
    this.type = type;
    this.#needsSome = needsSome;
    this.#build = () => zod().strictObject(shape());
  }

  zod(): Options<S> {
    this.#built ??= this.#build();
    return this.#built;
  }

  /** Names of the options. */
  keys(): string[] {
    return Object.keys(this.zod().shape);
  }

  /** @throws ConfigError that names every option that is wrong. */
  check(options: unknown): z.output<Options<S>> {
    if (!isOptionsObject(options)) throw new ConfigError(`${this.type}: expected an object of options, saw ${showValue(options)}`);
    const written = withoutUndefined(options);
    if (Object.keys(written).length === 0 && !this.#needsSome) return {} as z.output<Options<S>>;
    const result = this.zod().safeParse(written);
    if (!result.success) throw new ConfigError(reportIssues(this.type, written, result.error.issues, this.keys()));
    return result.data;
  }
}

function isOptionsObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** `{ label: undefined }` is the same as `{}`, and takes the default. So is null, which is what YAML makes of an empty value. */
function withoutUndefined(options: object): Record<string, unknown> {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined && value !== null));
}
