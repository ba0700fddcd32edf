/**
 * Reads what V8's serializer wrote. Node's own reader makes typed arrays views of the message: their `buffer` would show its
 * neighbours, and a small one would keep a large message. Here each has a buffer of its own, of its own size.
 */
import { DefaultDeserializer } from 'node:v8';

class ExactDeserializer extends DefaultDeserializer {
  /** V8 asks for what is an object of Node's: with the default serializer, a typed array or a DataView. */
  _readHostObject(): unknown {
    // The cast: the method is there (it is how Node extends V8's reader) but not declared.
    const view = (DefaultDeserializer.prototype as unknown as { _readHostObject(): ArrayBufferView })._readHostObject.call(this);
    return copyOf(view);
  }
}

export function deserializeExactly(bytes: Buffer): unknown {
  const reader = new ExactDeserializer(bytes);
  reader.readHeader();
  return reader.readValue();
}

type TypedArrayClass = new (buffer: ArrayBuffer) => ArrayBufferView;

function copyOf(view: ArrayBufferView): ArrayBufferView {
  const bytes = new Uint8Array(view.byteLength);
  bytes.set(new Uint8Array(view.buffer, view.byteOffset, view.byteLength));
  return Buffer.isBuffer(view) ? Buffer.from(bytes.buffer) : new (view.constructor as TypedArrayClass)(bytes.buffer);
}
