/**
 * CURVE key pairs as ZeroMQ writes them. They are X25519 keys, which node:crypto makes; so the driver need not load ZeroMQ.
 */
import { generateKeyPairSync } from 'node:crypto';

export interface KeyPair {
  /** Z85, 40 characters. */
  readonly publicKey: string;
  readonly secretKey: string;
}

export function makeKeyPair(): KeyPair {
  const { publicKey, privateKey } = generateKeyPairSync('x25519');
  return {
    publicKey: encodeZ85(Buffer.from(publicKey.export({ format: 'jwk' }).x as string, 'base64url')),
    secretKey: encodeZ85(Buffer.from(privateKey.export({ format: 'jwk' }).d as string, 'base64url')),
  };
}

const ALPHABET = '0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.-:+=^!/*?&<>()[]{}@%$#';

/** Z85: ZeroMQ RFC 32; four bytes become five characters. */
function encodeZ85(bytes: Buffer): string {
  let text = '';
  for (let at = 0; at < bytes.length; at += 4) {
    let value = bytes.readUInt32BE(at);
    const group: string[] = [];
    for (let i = 0; i < 5; i++) {
      group.unshift(ALPHABET[value % 85] as string);
      value = Math.floor(value / 85);
    }
    text += group.join('');
  }
  return text;
}
