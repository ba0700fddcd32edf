/**
 * Bodies of the Python codec, written by Python or by JavaScript → JavaScript values. Nothing in a result refers to the body's memory.
 */
import { readExtras } from './extras-reader.ts';
import { EXTRAS_HEADER_BYTES, Form, PLAIN_HEADER_BYTES, PYTHON_TAG } from './marshal-code.ts';
import { MarshalReader } from './marshal-reader.ts';

/** @throws Error if the bytes are not a whole body of this codec. */
export function decodeBody(body: Buffer): unknown {
  if (body[0] !== PYTHON_TAG) throw new Error(`not a value of the Python codec: it starts with byte ${body[0]}, not ${PYTHON_TAG}`);
  switch (body[1]) {
    case Form.Plain:
      return new MarshalReader(body, PLAIN_HEADER_BYTES, body.length, []).value();
    case Form.WithExtras:
      return decodeWithExtras(body);
    default:
      throw new Error(`a value of the Python codec in unknown form ${body[1]}`);
  }
}

function decodeWithExtras(body: Buffer): unknown {
  const tableStart = EXTRAS_HEADER_BYTES + body.readUInt32LE(2);
  const blobStart = tableStart + body.readUInt32LE(6);
  const table = new MarshalReader(body, tableStart, blobStart, []).value();
  return new MarshalReader(body, EXTRAS_HEADER_BYTES, tableStart, readExtras(table, body, blobStart)).value();
}
