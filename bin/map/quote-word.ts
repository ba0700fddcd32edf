/**
 * One argument as one word of a bash command, wherever in the command it stands. Outside of quotes it is written as GNU Parallel
 * writes it, so that job logs of the two are equal.
 */
import type { ShellContext } from '../../lib/apps/shell-context.ts';
import { REFUSALS } from '../../lib/apps/shell-refusals.ts';
import { UsageError } from '../usage-error.ts';

/** @throws UsageError where no quoting makes data of every argument. Arithmetic takes integers. */
export function requireQuotable(context: ShellContext): void {
  if (context !== 'arithmetic' && context in REFUSALS) throw refuse(context);
}

/** @throws UsageError for a word that cannot stand there. */
export function quoteWord(word: string, context: ShellContext): string {
  if (word.includes('\0'))
    throw new UsageError('an argument holds a NUL byte, which no command can be given; are they NUL-separated (-0)?');
  switch (context) {
    case 'plain':
      return quote(word);
    // Leaves the quotes that it stands in, and enters them again.
    case 'single':
      return isPlain(word) ? word : `'${quote(word)}'`;
    case 'double':
      return isPlain(word) ? word : `"${quote(word)}"`;
    case 'ansi':
      return isPlain(word) ? word : `'${quote(word)}$'`;
    default:
      if (context === 'arithmetic' && /^-?\d+$/.test(word)) return word.startsWith('-') ? ` ${word}` : word;
      throw context === 'arithmetic' ? noInteger(word) : refuse(context);
  }
}

const MAX_SHOWN = 40;

function noInteger(word: string): UsageError {
  const shown = word.length > MAX_SHOWN ? `${word.slice(0, MAX_SHOWN)}…` : word;
  return new UsageError(
    `the argument '${shown}' would stand where bash may evaluate arithmetic, which runs commands that a text holds: $(( … )), (( … )), [ … ]; ` +
      "only an integer is safe there. Brackets that are meant as text can be put in quotes: '[{}]'",
  );
}

function refuse(context: ShellContext): UsageError {
  return new UsageError(`a replacement string ${REFUSALS[context as keyof typeof REFUSALS]}`);
}

const isPlain = (word: string): boolean => /^[-_.+A-Za-z0-9/]*$/.test(word);

function quote(word: string): string {
  if (word === '') return "''";
  if (isPlain(word)) return word;
  return `'${word.replaceAll("'", `'"'"'`)}'`.replace(/^''/, '').replace(/''$/, '');
}
