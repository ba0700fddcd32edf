/**
 * What a Python text imports, by the text alone: the driver has no Python.
 */

export interface PythonImport {
  /** Dots before the name: 0 for an absolute import. */
  readonly level: number;
  /** Dotted; '' for `from . import x`. */
  readonly module: string;
  /** What is taken from it; each may be a module itself. */
  readonly names: readonly string[];
}

const FROM = /^[ \t]*from[ \t]+(?<dots>\.*)[ \t]*(?<module>[\w.]*)[ \t]+import[ \t]+(?:\((?<list>[^)]*)\)|(?<line>[^\n#;]*))/gm;
const IMPORT = /(?:^|;)[ \t]*import[ \t]+(?<modules>[\w., \t]+)/gm;

export function findPythonImports(text: string): PythonImport[] {
  // A line that ends in a backslash goes on.
  const code = text.replace(/\\\r?\n/g, ' ');
  const froms = [...code.matchAll(FROM)].map(({ groups = {} }) => ({
    level: groups.dots?.length ?? 0,
    module: groups.module ?? '',
    names: namesIn((groups.list ?? groups.line ?? '').replace(/#[^\n]*/g, '')),
  }));
  const plain = [...code.matchAll(IMPORT)].flatMap(({ groups = {} }) => namesIn(groups.modules ?? ''));
  return [...froms, ...plain.map((module) => ({ level: 0, module, names: [] }))];
}

/** `a as b, c` → a, c. */
const namesIn = (list: string): string[] =>
  list
    .split(',')
    .map((item) => item.trim().split(/\s+/)[0] ?? '')
    .filter((name) => /^[\w.]+$/.test(name));
