/**
 * Values as bytes between JavaScript processes. The first byte says how the rest is encoded.
 *
 * One walk decides: what MessagePack keeps exactly goes that way (0.2 µs for small arguments); what only a structured clone keeps
 * (Map, Set, cycles, −0, sparse arrays, lone surrogates, errors) goes through V8's serializer; what cannot travel is refused by its path.
 */
import { serialize } from 'node:v8';
import { addExtension, Packr, RESERVE_START_SPACE } from 'msgpackr';
import type { StoredValue } from '../task-spec.ts';
import { deserializeExactly } from './clone.ts';
import { decodePython } from './python-codec.ts';
import { classify, Fit } from './fit.ts';
import { mapValues } from './map-values.ts';
import { refuse } from './refuse.ts';
import { NOT_SMALL, readSmall } from './small-values.ts';
import { fromMark, toMark, TRAVELLERS } from './travellers.ts';

export const ValueTag = { Plain: 0, Clone: 1, Python: 2, Stored: 3, MarkedClone: 4 } as const;

for (const { Class, code, toPlain, fromPlain } of TRAVELLERS) {
  // The cast: msgpackr makes no instance itself, `read` does.
  addExtension({ Class: Class as unknown as new () => object, type: code, write: toPlain, read: fromPlain });
}

// A field of that name is a field: calling it is what JSON does.
const packr = new Packr({ useRecords: false, moreTypes: true, useToJSON: false });

/** MessagePack for our own envelopes (contexts, definitions, events): plain maps that Python reads too. */
export const pack = (value: unknown): Buffer => packr.pack(value);
export const unpack = (bytes: Uint8Array): unknown => packr.unpack(bytes);

/**
 * @returns tag byte and body in one buffer.
 * @throws UnencodableError naming the path inside `value` of what cannot travel.
 */
export function encodeValue(value: unknown, root = ''): Buffer {
  switch (classify(value)) {
    case Fit.Plain:
      return packPlain(value);
    case Fit.Clone:
      return encodeClone(value, root);
    default:
      return refuse(value, root);
  }
}

/** @throws Error if the bytes are not an encoded value, or are one that lies in a store. */
export function decodeValue(body: Buffer): unknown {
  switch (body[0]) {
    case ValueTag.Plain: {
      const small = readSmall(body);
      return small === NOT_SMALL ? packr.unpack(body.subarray(1)) : small;
    }
    case ValueTag.Clone:
      return deserializeExactly(body.subarray(1));
    case ValueTag.MarkedClone:
      return mapValues(deserializeExactly(body.subarray(1)), fromMark);
    case ValueTag.Python:
      return decodePython(body);
    default:
      throw new Error(`cannot decode a value with tag ${body[0]}`);
  }
}

export function encodeStored(stored: StoredValue): Buffer {
  const body = packr.pack(stored, RESERVE_START_SPACE | 1);
  body[0] = ValueTag.Stored;
  return body;
}

export const isStored = (body: Uint8Array): boolean => body[0] === ValueTag.Stored;

export function decodeStored(body: Buffer): StoredValue {
  return packr.unpack(body.subarray(1)) as StoredValue;
}

function packPlain(value: unknown): Buffer {
  const body = packr.pack(value, RESERVE_START_SPACE | 1);
  body[0] = ValueTag.Plain;
  return body;
}

function encodeClone(value: unknown, root: string): Buffer {
  try {
    let found = false;
    const marked = mapValues(value, (object) => {
      const mark = toMark(object);
      if (mark) found = true;
      return mark;
    });
    return Buffer.concat([Buffer.of(found ? ValueTag.MarkedClone : ValueTag.Clone), serialize(found ? marked : value)]);
  } catch (error) {
    return refuse(value, root, error);
  }
}
