/** Z85, the text form of ZeroMQ's keys: 4 bytes as 5 characters. Source: https://rfc.zeromq.org/spec/32/ */
const ALPHABET = '0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.-:+=^!/*?&<>()[]{}@%$#';

/** @throws RangeError unless the length is a multiple of 4. */
export function encodeZ85(bytes: Uint8Array): string {
  if (bytes.length % 4 !== 0) throw new RangeError(`Z85 takes multiples of 4 bytes, not ${bytes.length}`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  let text = '';
  for (let at = 0; at < bytes.length; at += 4) {
    let word = view.getUint32(at);
    let group = '';
    for (let i = 0; i < 5; i++) {
      group = ALPHABET.charAt(word % 85) + group;
      word = Math.floor(word / 85);
    }
    text += group;
  }
  return text;
}

/** @throws RangeError naming what is wrong; the text itself may be a secret and is not repeated. */
export function decodeZ85(text: string): Buffer {
  if (text.length % 5 !== 0) throw new RangeError(`Z85 text has a multiple of 5 characters, not ${text.length}`);
  const bytes = Buffer.alloc((text.length / 5) * 4);
  for (let at = 0, to = 0; at < text.length; at += 5, to += 4) bytes.writeUInt32BE(decodeGroup(text, at), to);
  return bytes;
}

function decodeGroup(text: string, at: number): number {
  let word = 0;
  for (let i = at; i < at + 5; i++) {
    const digit = ALPHABET.indexOf(text.charAt(i));
    if (digit < 0) throw new RangeError(`character ${i} is not one of Z85`);
    word = word * 85 + digit;
  }
  if (word > 0xffffffff) throw new RangeError(`the group at character ${at} is not Z85`);
  return word;
}
