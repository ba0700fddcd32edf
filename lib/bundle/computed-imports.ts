/**
 * Finds imports whose module is computed: what they load cannot be read from the text. By the text alone, as it may be TypeScript.
 */

const COMMENTS_OR_STRINGS = /\/\*[^]*?\*\/|(?<![:\\])\/\/[^\n]*|'(?:\\.|[^'\\\n])*'|"(?:\\.|[^"\\\n])*"/g;
const COMPUTED = /(?<![.\w])(?<how>import|require)\s*\(\s*(?<what>(?!['"`)]|new\s+URL\s*\(\s*['"`])[^()\n]+|`[^`]*\$\{[^`]*`)/g;

export interface ComputedImport {
  /** From 1. */
  readonly line: number;
  /** `import(name)`, shortened. */
  readonly text: string;
}

export function findComputedImports(text: string): ComputedImport[] {
  const code = text.replace(COMMENTS_OR_STRINGS, blank);
  return [...code.matchAll(COMPUTED)].map(({ index, groups }) => ({
    line: code.slice(0, index).split('\n').length,
    text: `${groups?.how ?? ''}(${shorten(groups?.what ?? '')})`,
  }));
}

/** Lines and quotes stay where they are. */
const blank = (match: string): string =>
  match.startsWith('/') ? match.replace(/[^\n]/g, ' ') : `${match[0] ?? ''}${' '.repeat(match.length - 2)}${match[0] ?? ''}`;

const shorten = (what: string): string => (what.length > 40 ? `${what.slice(0, 39)}…` : what.trim());
