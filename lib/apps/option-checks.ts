/**
 * Checks that options share: each returns the value as it is used inside, or says what it must be. Written by hand because
 * `app.with({ … })` may run once per task.
 */
import { parseDuration } from '../duration.ts';
import { InvalidOptionError } from '../errors/definition-errors.ts';
import { nearest } from '../suggest.ts';

/** @throws InvalidOptionError that names `of` and `option`. */
export type Check<T> = (value: unknown, of: string, option: string) => T;

export function checkText(value: unknown, of: string, option: string): string {
  if (typeof value === 'string' && value !== '') return value;
  throw InvalidOptionError.wrong(of, option, value, 'text');
}

export function checkBoolean(value: unknown, of: string, option: string): boolean {
  if (typeof value === 'boolean') return value;
  throw InvalidOptionError.wrong(of, option, value, 'true or false');
}

export function checkWhole(least: number, most: number): Check<number> {
  const range = most === Number.MAX_SAFE_INTEGER ? `${least} or more` : `${least} to ${most}`;
  return (value, of, option) => {
    if (Number.isSafeInteger(value) && (value as number) >= least && (value as number) <= most) return value as number;
    throw InvalidOptionError.wrong(of, option, value, `a whole number, ${range}`);
  };
}

export function checkOneOf<const T extends string>(allowed: readonly T[]): Check<T> {
  const list = allowed.map((one) => `'${one}'`).join(', ');
  return (value, of, option) => {
    const found = allowed.find((one) => one === value);
    if (found !== undefined) return found;
    const suggestion = typeof value === 'string' ? nearest(value, allowed) : undefined;
    throw InvalidOptionError.wrong(of, option, value, `one of ${list}`, suggestion);
  };
}

/** @param items what the list holds, in the plural. */
export function checkList(items: string, isItem: (value: unknown) => boolean): Check<readonly unknown[]> {
  return (value, of, option) => {
    if (!Array.isArray(value)) throw InvalidOptionError.wrong(of, option, value, `a list of ${items}`);
    const wrong = value.findIndex((item) => !isItem(item));
    if (wrong >= 0) throw InvalidOptionError.wrong(of, `${option}[${wrong}]`, value[wrong], `one of a list of ${items}`);
    return [...value];
  };
}

const WANTED_ENV = "an object of text values, like { OMP_NUM_THREADS: '4' }";

/** Names and values of environment variables. */
export function checkRecord(value: unknown, of: string, option: string): Readonly<Record<string, string>> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw InvalidOptionError.wrong(of, option, value, WANTED_ENV);
  for (const [key, item] of Object.entries(value)) {
    if (key === '' || key.includes('=')) throw InvalidOptionError.wrong(of, option, key, `${WANTED_ENV}; a name has no '='`);
    if (typeof item === 'string') continue;
    const suggestion = typeof item === 'number' || typeof item === 'boolean' ? `'${item}'` : undefined;
    throw InvalidOptionError.wrong(of, `${option}.${key}`, item, 'text', suggestion);
  }
  return { ...value };
}

export function compilePath(value: unknown, of: string, option: string): string {
  if (typeof value === 'string' && value !== '' && !value.includes('\0')) return value;
  throw InvalidOptionError.wrong(of, option, value, 'a path');
}

const WANTED_DURATION = "a duration like '90s', '30m', '1h30m' or '01:30:00', or a number of seconds";

/** Seconds as a bare number, as Parsl takes them; or text with units. */
export function compileDuration(leastMs: number): Check<number> {
  return (value, of, option) => {
    const read = (): number => (typeof value === 'string' ? readDuration(value, of, option) : Number.NaN);
    const ms = typeof value === 'number' ? Math.round(value * 1000) : read();
    if (Number.isSafeInteger(ms) && ms >= leastMs) return ms;
    throw InvalidOptionError.wrong(of, option, value, leastMs > 0 ? `${WANTED_DURATION}, more than 0` : WANTED_DURATION);
  };
}

const compileAnyDuration = compileDuration(0);

/** As text with units only: what Parsl has no option for takes no bare number, whose unit one would have to guess. */
export function compileDurationText(value: unknown, of: string, option: string): number {
  if (typeof value !== 'number') return compileAnyDuration(value, of, option);
  const suggestion = value >= 0 && Number.isFinite(value) ? `'${value}s'` : undefined;
  throw InvalidOptionError.wrong(of, option, value, "a duration with its unit, like '5s' or '500ms'", suggestion);
}

function readDuration(value: string, of: string, option: string): number {
  try {
    return parseDuration(value);
  } catch (cause) {
    throw new InvalidOptionError(`${of}: option '${option}': ${(cause as RangeError).message}`, { of, option, value }, { cause });
  }
}
