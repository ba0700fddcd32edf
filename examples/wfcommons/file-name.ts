/**
 * Names of workflow files, which may be whole paths, as names in one folder. Two names never become the same one.
 */
import { createHash } from 'node:crypto';

const LONGEST = 200; // bytes; file systems allow 255

/** @example folderName('run/a.txt') // 'run%2Fa.txt' */
export function folderName(file: string): string {
  const escaped = file.replace(/[%/\p{Cc}\p{Cs}]|^\.{1,2}$/gu, percentEncode);
  if (Buffer.byteLength(escaped) <= LONGEST) return escaped;
  // A hash keeps long names apart. `%` and a letter that is no hexadecimal digit: no escaped name looks like this.
  return `${cutToBytes(escaped, 100)}%h${createHash('sha256').update(escaped).digest('hex')}`;
}

const percentEncode = (text: string): string => Array.from(text, (character) => `%${hex(character)}`).join('');

const hex = (character: string): string => (character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(2, '0');

function cutToBytes(text: string, bytes: number): string {
  return new TextDecoder().decode(Buffer.from(text).subarray(0, bytes)).replace(/\uFFFD+$/u, '');
}
