/**
 * The `` sh`…` `` template: a bash command in which every interpolated value is data, whatever is in it.
 */
import { showValue } from '../errors/message-parts.ts';
import { ShellScanner, type ShellContext } from './shell-context.ts';
import { REFUSALS } from './shell-refusals.ts';

/** A file as `file()` makes it: in a command it is its path. */
export interface ShellFile {
  readonly path: string;
  readonly scheme: string;
  readonly url: string;
}

export type ShellValue = string | number | bigint | boolean | ShellFile | readonly (string | number | bigint | boolean | ShellFile)[];

/**
 * A command for bash. A string arrives as exactly one word, also where it is empty, holds quotes, newlines or `$(…)`, and also
 * within quotes of the template; a number as it is written; a file as its path; an array as one word per element.
 *
 * The text between is taken as you typed it (raw), as in a shell script: `\n`, `\.` and `\$HOME` reach bash with their
 * backslash, because JavaScript would otherwise drop it without a word (`grep '\.txt$'` would become `grep '.txt$'`). Only what
 * JavaScript itself makes you escape loses its backslash: `` \` `` is a backtick and `\${` is `${`.
 *
 * @throws TypeError for a value that is no word (undefined, null, an object, a function, a symbol), a file elsewhere, one with a NUL byte, and in
 *   places where no quoting is safe (backticks, here-documents, comments, parameter expansions, arithmetic unless it is an integer); it names
 *   the interpolation by its number.
 * @example sh`./simulate --temperature ${0.7} --out ${'my runs/a.csv'}` // ./simulate --temperature 0.7 --out 'my runs/a.csv'
 */
export function sh(strings: TemplateStringsArray, ...values: readonly ShellValue[]): string {
  const texts = textsOf(strings);
  const scanner = new ShellScanner();
  let command = '';
  texts.forEach((text, index) => {
    scanner.push(text);
    command += text;
    if (index >= values.length) return;
    const rest = texts.slice(index + 1).join('x');
    command += place(values[index], index + 1, scanner.interpolate(rest));
  });
  return refuseNul(command, 'the command');
}

function textsOf(strings: unknown): readonly string[] {
  const raw = (strings as Partial<TemplateStringsArray> | null | undefined)?.raw;
  if (Array.isArray(raw)) return raw.map(unescapeTemplate);
  throw new TypeError(
    `sh is a tag, written right before a template: sh\`wc -l \${path}\`; it was called as a function, with ${showValue(strings)}. ` +
      'A command that is a string already needs no sh: return it as it is, if nothing in it comes from elsewhere',
  );
}

/** `\${` and `$\{` → `${`, a backslash and a backtick → the backtick; every other backslash stays with the character behind it. */
function unescapeTemplate(raw: string): string {
  return raw.replace(/\\(`|\$\{|[^])|\$\\\{/g, (escape, escaped: string | undefined) => {
    if (escaped === undefined || escaped === '${') return '${';
    return escaped === '`' ? '`' : escape;
  });
}

function place(value: unknown, position: number, context: ShellContext): string {
  if (context === 'arithmetic' && isInteger(value)) return value < 0 ? ` ${value}` : String(value);
  if (context in REFUSALS) throw refuse(position, REFUSALS[context as keyof typeof REFUSALS]);
  if (!Array.isArray(value)) return inContext(value, position, context);
  if (context !== 'plain') throw refuse(position, 'is an array within quotes, where it cannot be several words; put it outside of them');
  return value.map((element: unknown) => inContext(element, position, context)).join(' ');
}

/** With a space before its minus, it is neither `--` nor `:-`. */
const isInteger = (value: unknown): value is number | bigint => typeof value === 'bigint' || Number.isSafeInteger(value);

/** Leaves the quotes that it stands in, and enters them again. */
function inContext(value: unknown, position: number, context: ShellContext): string {
  const word = toWord(value, position);
  switch (context) {
    case 'single':
      return `'${word}'`;
    case 'double':
      return `"${word}"`;
    case 'ansi':
      return `'${word}$'`;
    default:
      return word;
  }
}

function toWord(value: unknown, position: number): string {
  switch (typeof value) {
    case 'string':
      return quote(refuseNul(value, `interpolation ${position} of sh\`…\``));
    case 'number':
    case 'bigint':
    case 'boolean':
      return String(value);
    case 'object':
      if (isFile(value)) return quote(refuseNul(localPath(value, position), `interpolation ${position} of sh\`…\``));
  }
  throw refuse(position, `is ${showValue(value)}, which is no word of a command; ${remedy(value)}`);
}

const quote = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`;

function isFile(value: object | null): value is ShellFile {
  const { path, scheme } = (value ?? {}) as Partial<ShellFile>;
  return typeof path === 'string' && typeof scheme === 'string';
}

/** The path of a file elsewhere would name another file here. */
function localPath({ path, scheme, url }: ShellFile, position: number): string {
  if (scheme === 'file') return path;
  throw refuse(position, `is ${url}, a file that is not on this file system; this release fetches no files: pass its url, as text`);
}

function remedy(value: unknown): string {
  if (value === undefined || value === null) return 'is an argument missing?';
  if (typeof value === 'function') return 'call it, and interpolate what it returns';
  if (typeof (value as { then?: unknown }).then === 'function')
    return 'pass the future as an argument of the app, whose body then gets its value';
  return 'give a string, a number, a file or an array of them (JSON.stringify makes a string of an object)';
}

const refuse = (position: number, why: string): TypeError => new TypeError(`interpolation ${position} of sh\`…\` ${why}`);

function refuseNul(text: string, what: string): string {
  const at = text.indexOf('\0');
  if (at === -1) return text;
  throw new TypeError(`${what} holds a NUL byte (at character ${at}), which no command can be given; pass binary data through a file`);
}
