/** One shell word out of any text. For bash and every POSIX shell. */

/**
 * @throws RangeError when `text` holds a NUL, which no shell word can.
 * @example quoteForShell("it's") // 'it'\''s'
 */
export function quoteForShell(text: string): string {
  if (text.includes('\0')) throw new RangeError(`a shell word cannot hold a NUL character: ${JSON.stringify(text)}`);
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}
