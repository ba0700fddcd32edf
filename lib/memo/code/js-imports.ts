/**
 * What a JavaScript or TypeScript text imports, by the text alone: it may be TypeScript that only a worker can run.
 *
 * An import within a comment or a string counts too: a file too many costs a needless run, one too few a wrong result.
 */

const QUOTED = /(?<quote>['"`])(?<specifier>[^'"`\n]+?)\k<quote>/.source;
const BETWEEN = /\s*(?:\/\*[^]*?\*\/\s*)*/.source;
const IMPORTS = new RegExp(
  `(?:\\bfrom\\b|\\bimport\\b|\\b(?:import|require|resolve)${BETWEEN}\\(|\\bnew\\s+URL\\s*\\()${BETWEEN}${QUOTED}`,
  'g',
);

/** Specifiers as written, each once: './geometry.ts', 'node:fs', 'lodash/fp'. */
export function findJsImports(text: string): string[] {
  return [...new Set([...text.matchAll(IMPORTS)].map(({ groups }) => groups?.specifier ?? ''))];
}
