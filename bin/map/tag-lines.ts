/**
 * `--tag`: the job's arguments and a tab before every line. Pure.
 */

/** Tags what passes, chunk by chunk. */
export class LineTagger {
  readonly #tag: Buffer;
  #atLineStart = true;

  constructor(args: readonly string[]) {
    this.#tag = Buffer.from(`${args.join(' ')}\t`);
  }

  tag(chunk: Buffer): Buffer {
    const parts: Buffer[] = [];
    for (let at = 0; at < chunk.length; ) {
      const newline = chunk.indexOf(10, at);
      const end = newline === -1 ? chunk.length : newline + 1;
      if (this.#atLineStart) parts.push(this.#tag);
      parts.push(chunk.subarray(at, end));
      this.#atLineStart = newline !== -1;
      at = end;
    }
    return Buffer.concat(parts);
  }
}
