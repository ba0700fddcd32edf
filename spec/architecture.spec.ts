import { expect } from 'chai';
import { LAYERS, loadedImports, namedImports, readSource, sourceFiles } from './support/source-tree.ts';

/** Specs may be longer: theirs are tables of behaviour. */
const MAX_LINES = { shipped: 350, spec: 500 };

/** Which folders a folder may import. An executor may start what a provider gives; a launcher knows the library alone. */
const ARROWS: Readonly<Record<string, readonly string[]>> = {
  lib: ['lib'],
  launchers: ['lib', 'launchers'],
  providers: ['lib', 'launchers', 'providers'],
  executors: ['lib', 'launchers', 'providers', 'executors'],
  configs: ['lib', 'launchers', 'providers', 'executors', 'configs'],
  bin: LAYERS,
};

const folderOf = (path: string): string => path.split('/')[0] ?? '';
const isTypeScript = (path: string): boolean => path.endsWith('.ts');

describe('the house', () => {
  const shipped = sourceFiles(LAYERS);

  for (const [folder, allowed] of Object.entries(ARROWS)) {
    it(`has ${folder}/ import ${allowed.join(', ')} and no other folder, for types neither`, () => {
      const wrong = shipped
        .filter((path) => folderOf(path) === folder && isTypeScript(path))
        .flatMap((path) => forbiddenImports(path, readSource(path), allowed));
      expect(wrong).to.deep.equal([]);
    });
  }

  it('has no circle of imports; type-only imports and import() do not count, as they load nothing by themselves', () => {
    const graph = new Map(['index.ts', ...shipped.filter(isTypeScript)].map((path) => [path, loadedImports(path, readSource(path))]));
    expect(findCycle(graph)).to.equal(undefined);
  });

  it('imports files that exist', () => {
    const known = new Set(sourceFiles());
    const missing = shipped.filter(isTypeScript).flatMap((path) =>
      namedImports(path, readSource(path))
        .filter((target) => !known.has(target))
        .map((target) => `${path} → ${target}`),
    );
    expect(missing).to.deep.equal([]);
  });

  it('names files in kebab-case, and Python modules in snake_case', () => {
    const wrong = sourceFiles().filter((path) => !hasGoodName(path.slice(path.lastIndexOf('/') + 1)));
    expect(wrong).to.deep.equal([]);
  });

  for (const [title, files, limit] of [
    ['', sourceFiles().filter((path) => folderOf(path) !== 'spec'), MAX_LINES.shipped],
    ['spec ', sourceFiles(['spec']), MAX_LINES.spec],
  ] as const) {
    it(`has no ${title}file above ${limit} lines`, () => {
      const long = files.map((path) => ({ path, lines: readSource(path).split('\n').length - 1 })).filter(({ lines }) => lines > limit);
      expect(long.map(({ path, lines }) => `${path}: ${lines}`)).to.deep.equal([]);
    });
  }

  it('has each file begin with a comment that says what it is', () => {
    const silent = [...shipped, ...sourceFiles(['bench', 'examples', 'scripts'])].filter((path) => !startsWithComment(readSource(path)));
    expect(silent).to.deep.equal([]);
  });
});

describe('what watches over the house', () => {
  it('sees an import that goes up, and one of types too', () => {
    const text =
      "import { a } from './b.ts';\nimport type { C } from '../configs/c.ts';\nawait import('../bin/d.ts');\n// from '../bin/e.ts'\n";
    expect(forbiddenImports('lib/a.ts', text, ['lib'])).to.deep.equal(['lib/a.ts → configs/c.ts', 'lib/a.ts → bin/d.ts']);
  });

  it('sees a circle, and does not take a type-only import for one', () => {
    const texts = { 'a.ts': "import { b } from './b.ts';", 'b.ts': "export { c } from './c.ts';", 'c.ts': "import { a } from './a.ts';" };
    const graph = (files: Record<string, string>) =>
      new Map(Object.entries(files).map(([path, text]) => [path, loadedImports(path, text)]));
    expect(findCycle(graph(texts))).to.equal('a.ts → b.ts → c.ts → a.ts');
    expect(findCycle(graph({ ...texts, 'c.ts': "import type { a } from './a.ts';" }))).to.equal(undefined);
    expect(findCycle(graph({ ...texts, 'c.ts': "export const a = () => import('./a.ts');" }))).to.equal(undefined);
  });
});

function forbiddenImports(path: string, text: string, allowed: readonly string[]): string[] {
  return namedImports(path, text)
    .filter((target) => !allowed.includes(folderOf(target)))
    .map((target) => `${path} → ${target}`);
}

/** The first circle, written out, by a walk in depth. */
function findCycle(graph: ReadonlyMap<string, readonly string[]>): string | undefined {
  const finished = new Set<string>();
  const visit = (path: string, trail: readonly string[]): string | undefined => {
    if (trail.includes(path)) return [...trail.slice(trail.indexOf(path)), path].join(' → ');
    if (finished.has(path)) return undefined;
    for (const target of graph.get(path) ?? []) {
      const cycle = visit(target, [...trail, path]);
      if (cycle !== undefined) return cycle;
    }
    finished.add(path);
    return undefined;
  };
  for (const path of graph.keys()) {
    const cycle = visit(path, []);
    if (cycle !== undefined) return cycle;
  }
  return undefined;
}

function hasGoodName(name: string): boolean {
  return name.endsWith('.py') ? /^(__init__|[a-z0-9]+(_[a-z0-9]+)*)\.py$/.test(name) : /^[a-z0-9]+(-[a-z0-9]+)*(\.[a-z]+)+$/.test(name);
}

function startsWithComment(text: string): boolean {
  const [first = ''] = text
    .replace(/^#!.*\n/, '')
    .trimStart()
    .split('\n', 1);
  return /^(\/\*\*|#|"""|\/\/)/.test(first);
}
