/**
 * One argument as one word of a bash command, wherever in the command it stands. Outside of quotes it is written as GNU Parallel
 * writes it, so that job logs of the two are equal.
 */
import type { ShellContext } from '../../lib/apps/shell-context.ts';
import { UsageError } from '../usage-error.ts';

/** @throws UsageError where no quoting is safe. */
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
    case 'backtick':
      throw new UsageError('a replacement string stands within backticks, which would read the argument a second time; write $( … )');
    case 'heredoc':
      throw new UsageError("a replacement string stands in a here-document, where it cannot be quoted; write printf '%s' {} | …");
  }
}

const isPlain = (word: string): boolean => /^[-_.+A-Za-z0-9/]*$/.test(word);

function quote(word: string): string {
  if (word === '') return "''";
  if (isPlain(word)) return word;
  return `'${word.replaceAll("'", `'"'"'`)}'`.replace(/^''/, '').replace(/''$/, '');
}
