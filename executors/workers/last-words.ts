/**
 * Which lines of what a dead worker wrote to stderr say why it died. Pure.
 */
const SHOWN = 6;
const SHOWN_WITHOUT_SIGN = 3;

/** Frames of what runs the tasks, of Node's own code, and rules between the parts of a report. */
const IS_NOISE = /flotilla_runtime|flotilla_worker\.py|^\s*\d+: 0x[0-9a-f]+|^\s*-{3,}.*-{3,}\s*$/;

/**
 * From the first line that says how it ended: Node's "FATAL ERROR: … out of memory" and Python's "Fatal Python error" come before
 * long stacks, the user's frames first. An error that is named somewhere is only taken for the reason if it is near the end.
 */
export function lastWords(text: string): string {
  const lines = text.split('\n').filter((line) => line.trim() !== '' && !IS_NOISE.test(line));
  const fatal = lines.findIndex((line) => /\bfatal\b/i.test(line));
  if (fatal >= 0) return join(lines.slice(fatal, fatal + SHOWN));
  const end = lines.slice(-SHOWN);
  const error = end.findIndex((line) => /error/i.test(line));
  return join(error >= 0 ? end.slice(error) : end.slice(-SHOWN_WITHOUT_SIGN));
}

const join = (lines: readonly string[]): string => lines.map((line) => line.trim()).join(' | ');
