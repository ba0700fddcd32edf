/**
 * Routing ids of managers as ZeroMQ takes them, made once: messages are many. Probes come with an id each, and managers come and go: the
 * number of those that are remembered has an end.
 */

/** More than there are managers at once. */
const MOST = 16_384;

export class RoutingIds {
  readonly #buffers = new Map<string, Buffer>();

  /** @param id as latin1 text. */
  of(id: string): Buffer {
    const known = this.#buffers.get(id);
    if (known !== undefined) return known;
    if (this.#buffers.size >= MOST) this.#buffers.clear();
    // With memory of its own: a small piece of Node's pool would keep all of that, 64 KiB for each manager.
    const buffer = Buffer.alloc(id.length);
    buffer.write(id, 'latin1');
    this.#buffers.set(id, buffer);
    return buffer;
  }
}
