/**
 * Which function the source text of a pythonApp defines. The driver has no Python: this reads as much of the language as that takes,
 * and leaves every other mistake in the text to the interpreter.
 */

const TRIPLE_QUOTED = /('''|""")(?:\\[^]|(?!\1)[^])*(?:\1|$)/.source;
const QUOTED = /'(?:\\[^]|[^'\\\n])*'?|"(?:\\[^]|[^"\\\n])*"?/.source;
const STRINGS_AND_COMMENTS = new RegExp(`${TRIPLE_QUOTED}|${QUOTED}|#[^\n]*`, 'g');

const TOP_LEVEL_DEF = /^(?:async[ \t]+)?def[ \t]+([\p{L}_][\p{L}\p{N}_]*)/gmu;

/**
 * Takes the indentation of the first line of code from every line that has it, so that source may be written indented in a template literal.
 * Text inside triple-quoted strings that is indented less stays as it is.
 */
export function dedentPython(source: string): string {
  const lines = source.split('\n');
  const first = lines.find((line) => /^\s*[^\s#]/.test(line));
  const indentation = /^[ \t]*/.exec(first ?? '')?.[0] ?? '';
  if (indentation === '') return source;
  return lines.map((line) => withoutIndentation(line, indentation)).join('\n');
}

function withoutIndentation(line: string, indentation: string): string {
  if (line.startsWith(indentation)) return line.slice(indentation.length);
  // A comment may stand further left than the code; as a line of code it must not be indented.
  return /^[ \t]*(#|$)/.test(line) ? line.trimStart() : line;
}

/**
 * The only top-level function of `source`, or the only one whose name does not start with an underscore.
 * @throws TypeError if there is none, or more than one.
 * @example pythonFunctionName('import math\ndef area(r):\n  return math.pi * r * r')  // 'area'
 */
export function pythonFunctionName(source: string): string {
  const code = dedentPython(source).replace(STRINGS_AND_COMMENTS, '_');
  const names = [...new Set([...code.matchAll(TOP_LEVEL_DEF)].map(([, name]) => name ?? ''))];
  const candidates = names.length > 1 ? names.filter((name) => !name.startsWith('_')) : names;
  const [only] = candidates;
  if (only !== undefined && candidates.length === 1) return only;
  throw new TypeError(names.length === 0 ? describeNone(source) : describeSeveral(names));
}

function describeNone(source: string): string {
  const start = source.trim().split('\n')[0]?.slice(0, 60) ?? '';
  return (
    `pythonApp: the source defines no top-level function (it starts with ${JSON.stringify(start)}); ` +
    "write one as 'def name(…):', or name a file as { file, function }"
  );
}

function describeSeveral(names: readonly string[]): string {
  return (
    `pythonApp: the source defines ${names.length} top-level functions (${names.join(', ')}), so that it is unclear which is the app; ` +
    "let the names of all others start with '_', or put them into a file and name one as { file, function }"
  );
}
