/**
 * One line at the bottom of a terminal that is rewritten in place and steps aside for everything else that is written.
 */

export interface TerminalStream {
  readonly isTTY?: boolean;
  readonly columns?: number;
  write(chunk: string | Uint8Array, ...rest: unknown[]): boolean;
}

const ERASE = '\r\u001b[K';

export class TerminalLine {
  readonly #restore: (() => void)[];
  readonly #write: (text: string) => void;
  #shown = false;
  /** Whether what others wrote last left the cursor at the start of a line. */
  #atLineStart = true;

  constructor(stream: TerminalStream, others: readonly TerminalStream[]) {
    const write = stream.write;
    this.#write = (text) => void write.call(stream, text);
    this.#restore = [...new Set([stream, ...others])].map((output) => this.#stepAsideFor(output));
  }

  /** Waits with it while somebody else's line is unfinished. */
  show(text: string): void {
    if (!this.#atLineStart) return;
    this.#write(`${ERASE}${text}`);
    this.#shown = true;
  }

  clear(): void {
    if (!this.#shown) return;
    this.#write(ERASE);
    this.#shown = false;
  }

  dispose(): void {
    this.clear();
    for (const restore of this.#restore.splice(0)) restore();
  }

  #stepAsideFor(output: TerminalStream): () => void {
    const original = output.write;
    const own = Object.hasOwn(output, 'write');
    output.write = (chunk, ...rest) => {
      this.clear();
      this.#atLineStart = endsLine(chunk) ?? this.#atLineStart;
      return original.call(output, chunk, ...rest);
    };
    return () => {
      if (own) output.write = original;
      else Reflect.deleteProperty(output, 'write');
    };
  }
}

/** undefined: nothing was written. */
function endsLine(chunk: string | Uint8Array): boolean | undefined {
  if (chunk.length === 0) return undefined;
  return typeof chunk === 'string' ? chunk.endsWith('\n') : chunk.at(-1) === 10;
}
