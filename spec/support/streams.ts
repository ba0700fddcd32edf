/**
 * Output streams that remember what was written to them.
 */
import type { TerminalStream } from '../../bin/terminal-line.ts';

export interface RecordingStream extends TerminalStream {
  readonly written: string[];
  /** What a terminal would show: carriage returns and erasures carried out. */
  screen(): string;
}

export function recordingStream(options: { readonly isTTY?: boolean; readonly columns?: number } = {}): RecordingStream {
  const written: string[] = [];
  return {
    ...options,
    written,
    write(chunk) {
      written.push(typeof chunk === 'string' ? chunk : Buffer.from(chunk).toString());
      return true;
    },
    screen: () =>
      written
        .join('')
        .split('\n')
        .map((line) => line.split('\r\u001b[K').at(-1))
        .join('\n'),
  };
}

/** What is written to stderr meanwhile. */
export function stderrOf(work: () => void): string {
  const { write } = process.stderr;
  let text = '';
  process.stderr.write = (chunk: string | Uint8Array): boolean => {
    text += String(chunk);
    return true;
  };
  try {
    work();
  } finally {
    process.stderr.write = write;
  }
  return text;
}
