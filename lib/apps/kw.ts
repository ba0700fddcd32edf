/**
 * Keyword arguments for Python apps.
 */
import { InvalidOptionError } from '../errors/definition-errors.ts';

const BRAND = Symbol.for('flotilla.keywordArguments');

/** Goes last in a call's arguments. Futures among the values are waited for as in any argument. */
export class KeywordArguments<V extends object = Readonly<Record<string, unknown>>> {
  readonly values: V;
  /** Arrays have `values` too: this tells the types apart. */
  declare readonly [Symbol.toStringTag]: 'KeywordArguments';

  static {
    Object.defineProperties(this.prototype, { [BRAND]: { value: true }, [Symbol.toStringTag]: { value: 'KeywordArguments' } });
  }

  constructor(values: V) {
    this.values = values;
    Object.freeze(this);
  }
}

const PYTHON_NAME = /^[\p{ID_Start}_][\p{ID_Continue}]*$/u;

/**
 * @throws InvalidOptionError if `values` is not a plain object, or a key is not a Python name.
 * @example
 * fit(points, kw({ degree: 3 }))   // fit(points, degree=3)
 */
export function kw<V extends object>(values: V): KeywordArguments<V> {
  const wanted = 'an object of keyword arguments, like kw({ degree: 3 })';
  if (typeof values !== 'object' || values === null || Array.isArray(values)) {
    throw InvalidOptionError.wrong('kw()', 'values', values, wanted);
  }
  for (const name of Object.keys(values)) {
    if (!PYTHON_NAME.test(name)) throw InvalidOptionError.wrong('kw()', 'name', name, 'a name that Python allows for a parameter');
  }
  return new KeywordArguments({ ...values });
}

/** Recognises them also when two copies of the package are loaded. */
export const isKeywordArguments = (value: unknown): value is KeywordArguments =>
  typeof value === 'object' && value !== null && BRAND in value;
