import { mkdirSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect } from 'chai';
import { type AppEntry, registerFunction } from '../../../../lib/apps/app-entry.ts';
import { compileAppOptions } from '../../../../lib/apps/options.ts';
import { codeDigest } from '../../../../lib/memo/code/code-digest.ts';
import type { JsDefinition, PythonDefinition } from '../../../../lib/task-spec.ts';

describe('the digest of code', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'flotilla-code-'));
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  const write = (name: string, text: string): void => {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text);
  };
  const entryOf = (definition: JsDefinition | PythonDefinition): AppEntry => ({
    kind: definition.kind,
    options: compileAppOptions(undefined, definition.kind, definition.name),
    fn: registerFunction(definition),
  });
  const digest = (definition: JsDefinition | PythonDefinition): string => codeDigest(entryOf(definition), folder);
  const module = (): string =>
    digest({ kind: 'js', name: 'f', form: 'module', url: pathToFileURL(join(folder, 'main.ts')).href, exportName: 'f' });
  const source = (text: string): string =>
    digest({ kind: 'js', name: 'f', form: 'source', source: text, filename: join(folder, 'main.ts') });
  const python = (rest: Partial<PythonDefinition>): string => digest({ kind: 'python', name: 'f', form: 'file', function: 'f', ...rest });

  const importers = [
    "import { x } from './lib/x.ts';",
    "import {\n  x,\n} from './lib/x.ts';",
    "export * from './lib/x.ts';",
    "import './lib/x.ts';",
    "const x = await import(/* later */ './lib/x.ts');",
    'const x = await import(`./lib/x.ts`);',
    "new Worker(new URL('./lib/x.ts', import.meta.url));",
    "require('./lib/x');",
  ];
  for (const text of importers) {
    it(`follows ${text.replace(/\n/g, ' ')} to the files behind it`, () => {
      write('main.ts', text);
      write('lib/x.ts', "export { y as x } from '../y.ts';");
      write('y.ts', 'export const y = 1;');
      write('other.ts', 'export const z = 1;');
      const first = module();
      write('other.ts', 'export const z = 2;');
      expect(module()).to.equal(first);
      write('y.ts', 'export const y = 2;');
      expect(module()).to.not.equal(first);
    });
  }

  it('is that of a source text with what it imports from the module that defines it', () => {
    write('x.ts', 'export const x = 1;');
    const text = "async () => (await import('./x.ts')).x";
    const first = source(text);
    expect(source(`${text} `)).to.not.equal(first);
    write('x.ts', 'export const x = 2;');
    expect(source(text)).to.not.equal(first);
  });

  it('does not depend on the folder, and does on the export', () => {
    write('main.ts', "import './x.ts';");
    write('x.ts', '1');
    const first = module();
    write('deep/main.ts', "import './x.ts';");
    write('deep/x.ts', '1');
    const url = pathToFileURL(join(folder, 'deep/main.ts')).href;
    expect(digest({ kind: 'js', name: 'f', form: 'module', url, exportName: 'f' })).to.equal(first);
    expect(digest({ kind: 'js', name: 'f', form: 'module', url, exportName: 'g' })).to.not.equal(first);
  });

  it('counts packages by their version', () => {
    write('main.ts', "import { a } from '@scope/some/deep';");
    write('node_modules/@scope/some/package.json', '{"version":"1.0.0"}');
    const first = module();
    write('node_modules/@scope/some/package.json', '{"version":"1.0.1"}');
    expect(module()).to.not.equal(first);
  });

  it('ends where modules import each other', () => {
    write('main.ts', "import './x.ts';");
    write('x.ts', "import './main.ts';");
    expect(module()).to.be.a('string');
  });

  const pythonImporters = [
    'import helper',
    'import os, helper as h',
    'from helper import (\n    x,  # one\n    y,\n)',
    'def f():\n    from helper import x\n',
    'from . import helper',
    'from .helper import x',
    'import os; import helper',
  ];
  for (const text of pythonImporters) {
    it(`follows Python's ${text.replace(/\n/g, '⏎')}`, () => {
      write('fit.py', text);
      write('helper.py', 'import pack.inner\nx = 1');
      write('pack/__init__.py', '');
      write('pack/inner.py', 'z = 1');
      const path = join(folder, 'fit.py');
      const first = python({ path });
      write('pack/inner.py', 'z = 2');
      expect(python({ path })).to.not.equal(first);
    });
  }

  it('takes names from packages for modules, where they are', () => {
    write('fit.py', 'from pack import inner');
    write('pack/inner.py', 'z = 1');
    const first = python({ path: join(folder, 'fit.py') });
    write('pack/inner.py', 'z = 2');
    expect(python({ path: join(folder, 'fit.py') })).to.not.equal(first);
  });

  it('finds importable modules from the working directory, and tells functions and interpreters apart', () => {
    write('pack/inner.py', 'z = 1');
    const definition = { form: 'module', module: 'pack.inner' } as const;
    const first = python(definition);
    expect(python({ ...definition, function: 'g' })).to.not.equal(first);
    expect(python({ ...definition, python: '/usr/bin/python3' })).to.not.equal(first);
    write('pack/inner.py', 'z = 2');
    expect(python(definition)).to.not.equal(first);
  });

  it('is the text of a body that runs in the driver', () => {
    const body = (x: number): string => `echo ${x}`;
    const other = (x: number): string => `echo  ${x}`;
    const options = compileAppOptions(undefined, 'join', 'j');
    expect(codeDigest({ kind: 'join', options, body }, folder)).to.not.equal(codeDigest({ kind: 'join', options, body: other }, folder));
  });
});
