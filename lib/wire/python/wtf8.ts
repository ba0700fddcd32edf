/**
 * UTF-8 for strings with lone surrogates, which Python calls 'surrogatepass'. Rare, and therefore simple rather than fast.
 */

export function encodeWtf8(text: string): Buffer {
  const parts: Buffer[] = [];
  // Iterating a string gives whole code points, and lone surrogates by themselves.
  for (const character of text) parts.push(isLoneSurrogate(character) ? threeBytes(character.charCodeAt(0)) : Buffer.from(character));
  return Buffer.concat(parts);
}

export function decodeWtf8(bytes: Buffer): string {
  let text = '';
  let start = 0;
  for (let at = 0; at + 2 < bytes.length; at++) {
    if (bytes[at] !== 0xed || (bytes[at + 1] ?? 0) < 0xa0) continue;
    const unit = 0xd000 | (((bytes[at + 1] ?? 0) & 0x3f) << 6) | ((bytes[at + 2] ?? 0) & 0x3f);
    text += bytes.toString('utf8', start, at) + String.fromCharCode(unit);
    start = at + 3;
    at += 2;
  }
  return text + bytes.toString('utf8', start);
}

const isLoneSurrogate = (character: string): boolean => character.length === 1 && !character.isWellFormed();

const threeBytes = (unit: number): Buffer => Buffer.of(0xe0 | (unit >> 12), 0x80 | ((unit >> 6) & 0x3f), 0x80 | (unit & 0x3f));
