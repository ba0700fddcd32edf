/** Ways in which 32 bytes may show in a text or in bytes, and a search for any of them. */
import { lstatSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { decodeZ85 } from '../../executors/high-throughput/z85.ts';

/** Enough of a key to be sure, and so that one which is cut or broken into lines is found. */
const SAMPLE = 16;

export interface KeyForm {
  readonly name: string;
  readonly bytes: Buffer;
}

/** @param key as Z85. */
export function formsOf(name: string, key: string): KeyForm[] {
  const raw = decodeZ85(key);
  const texts = {
    Z85: key,
    hex: raw.toString('hex'),
    'HEX in capitals': raw.toString('hex').toUpperCase(),
    base64: raw.toString('base64'),
    base64url: raw.toString('base64url'),
    'list of numbers': [...raw.subarray(0, 8)].join(','),
    'spaced list of numbers': [...raw.subarray(0, 8)].join(', '),
  };
  return [
    { name: `${name}, raw`, bytes: raw.subarray(0, SAMPLE) },
    ...Object.entries(texts).map(([form, text]) => ({ name: `${name}, ${form}`, bytes: Buffer.from(text.slice(0, 2 * SAMPLE)) })),
    { name: `${name}, JSON of Z85`, bytes: Buffer.from(JSON.stringify(key).slice(1, 2 * SAMPLE)) },
  ];
}

/** @returns names of the forms that are in the bytes. */
export const findForms = (forms: readonly KeyForm[], bytes: Buffer): string[] =>
  forms.filter((form) => bytes.includes(form.bytes)).map(({ name }) => name);

/** Regular files below a folder, without those that are gone by the time that they are looked at. */
export function* filesBelow(folder: string): Generator<{ readonly path: string; readonly mode: number }> {
  for (const entry of readdirSync(folder, { recursive: true, encoding: 'utf8' })) {
    const path = join(folder, entry);
    const stats = lstatSync(path, { throwIfNoEntry: false });
    if (stats) yield { path, mode: stats.mode };
  }
}

export function readIfThere(path: string): Buffer {
  try {
    return readFileSync(path);
  } catch {
    return Buffer.alloc(0); // It has ended, or is a folder.
  }
}
