/**
 * Arguments from a stream: one per line, or NUL-separated. Reads as far as they are asked for.
 */
import { TextDecoder } from 'node:util';
import { UsageError } from '../usage-error.ts';

/**
 * @param separator '\n' or '\0'; behind the last argument it may be missing.
 * @throws UsageError for bytes that are not UTF-8: a command is text.
 */
export async function* readArguments(stream: AsyncIterable<Uint8Array>, separator: '\n' | '\0'): AsyncGenerator<string> {
  const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
  let rest = '';
  let count = 0;
  for await (const chunk of stream) {
    const pieces = (rest + decode(decoder, chunk, count)).split(separator);
    rest = pieces.pop() ?? '';
    count += pieces.length;
    yield* pieces;
  }
  rest += decode(decoder, undefined, count);
  if (rest !== '') yield rest;
}

function decode(decoder: TextDecoder, chunk: Uint8Array | undefined, before: number): string {
  try {
    return chunk === undefined ? decoder.decode() : decoder.decode(chunk, { stream: true });
  } catch (error) {
    throw new UsageError(
      `the arguments are not UTF-8 text (somewhere behind argument ${before}), and a command is text; convert them, for example with iconv`,
      {
        cause: error,
      },
    );
  }
}
