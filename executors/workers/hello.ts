/**
 * The first frame of a worker process: whether it is one of ours, and speaks as we do.
 */
import { FrameType } from '../../lib/wire/frames.ts';
import { PROTOCOL_VERSION } from '../../lib/wire/protocol.ts';
import { unpack } from '../../lib/wire/value-codec.ts';

/** @returns what is wrong with a worker's first frame; undefined if it is a Hello of this protocol. */
export function problemWithHello(type: number, body: Buffer): string | undefined {
  if (type !== FrameType.Hello) return `its first frame is of type ${type}, and no Hello (${FrameType.Hello})`;
  const { protocol } = fieldsOf(body);
  if (protocol === PROTOCOL_VERSION) return undefined;
  // An object may have a toString that is none.
  if (typeof protocol !== 'number') return 'its Hello names no protocol';
  return `it speaks protocol ${protocol}, and this side ${PROTOCOL_VERSION}: their files are of different versions, install one for both`;
}

/** What a worker had in memory when it was ready, bytes; undefined: it cannot tell. */
export function memoryInHello(body: Buffer): number | undefined {
  const { memory } = fieldsOf(body);
  return typeof memory === 'number' && memory > 0 ? memory : undefined;
}

function fieldsOf(body: Buffer): { readonly protocol?: unknown; readonly memory?: unknown } {
  try {
    const hello: unknown = unpack(body);
    return typeof hello === 'object' && hello !== null ? hello : {};
  } catch {
    // Not even MessagePack.
    return {};
  }
}
