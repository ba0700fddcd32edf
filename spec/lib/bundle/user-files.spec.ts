import { relative } from 'node:path';
import { expect } from 'chai';
import { findUserFiles } from '../../../lib/bundle/user-files.ts';
import { layOutUserFiles } from '../../../lib/bundle/user-layout.ts';
import { TemporaryFolder } from '../../support/temporary-folder.ts';

describe('what a script consists of', () => {
  let folder: TemporaryFolder;
  beforeEach(() => (folder = new TemporaryFolder()));
  afterEach(() => folder.remove());

  function find(script: string, cwd = '.') {
    const found = findUserFiles([folder.at(script)], folder.at(cwd));
    return { ...found, files: found.files.map((file) => relative(folder.path, file)).sort(), packages: [...found.packages.keys()].sort() };
  }

  const rows: readonly [title: string, script: string, files: Readonly<Record<string, string>>, expected: readonly string[]][] = [
    [
      'imports and exports',
      "import './a.ts';\nexport { b } from './b.js';",
      { 'a.ts': "import './c.mjs';", 'b.js': '', 'c.mjs': '' },
      ['a.ts', 'b.js', 'c.mjs'],
    ],
    [
      'import() within a function that is shipped',
      "jsApp(async () => (await import('./late.ts')).late());",
      { 'late.ts': '' },
      ['late.ts'],
    ],
    [
      'modules that are named by a URL',
      "jsApp(new URL('./sim.ts', import.meta.url), 'simulate');",
      { 'sim.ts': "import './field.ts';", 'field.ts': '' },
      ['field.ts', 'sim.ts'],
    ],
    [
      'require in CommonJS, endings left out',
      "require('./old');",
      { 'old.js': "require('./folder');", 'folder/index.js': '' },
      ['folder/index.js', 'old.js'],
    ],
    [
      'Python files by path from the working directory, and what they import',
      "pythonApp({ file: 'py/fit.py', function: 'fit' });",
      {
        'py/fit.py': 'import numpy\nfrom shapes import a\nfrom pack.inner import b',
        'py/shapes.py': '',
        'py/pack/__init__.py': '',
        'py/pack/inner.py': 'from . import deep',
        'py/pack/deep.py': '',
      },
      ['py/fit.py', 'py/pack/__init__.py', 'py/pack/deep.py', 'py/pack/inner.py', 'py/shapes.py'],
    ],
    [
      'Python modules that source within the script imports',
      'pythonApp(`\nimport helper\ndef f():\n  return helper.g()`);',
      { 'helper.py': '' },
      ['helper.py'],
    ],
    ['configs that are named', "await load('./cluster.yaml');", { 'cluster.yaml': 'retries: 1' }, ['cluster.yaml']],
    [
      'shell scripts within commands',
      'bashApp(() => sh`bash tools/run.sh 3 && ./x.py`);',
      { 'tools/run.sh': '', 'x.py': '' },
      ['tools/run.sh', 'x.py'],
    ],
    ['JSON that is imported', "import data from './data.json' with { type: 'json' };", { 'data.json': '{}' }, ['data.json']],
    [
      "what the package's own imports stand for",
      "import '#half';\nimport '#lib/x.ts';",
      {
        'package.json': '{"imports":{"#half":{"node":"./half.ts","default":"./other.ts"},"#lib/*":"./lib/*"}}',
        'half.ts': '',
        'other.ts': '',
        'lib/x.ts': '',
      },
      ['half.ts', 'lib/x.ts', 'other.ts'],
    ],
  ];
  for (const [title, script, files, expected] of rows) {
    it(`has ${title}`, () => {
      folder.write('script.ts', script);
      for (const [name, text] of Object.entries(files)) folder.write(name, text);
      const found = find('script.ts');
      expect(found.files).to.deep.equal([...expected, 'script.ts'].sort());
      expect(found.warnings).to.deep.equal([]);
    });
  }

  it('has packages by their names, and neither Node’s modules nor flotilla', () => {
    folder.write(
      'script.ts',
      "import 'node:fs';\nimport 'path';\nimport 'flotilla';\nimport 'a/deep.js';\nimport '@b/c/d';\nimport './x.ts';",
    );
    folder.write('x.ts', "import 'e';");
    expect(find('script.ts').packages).to.deep.equal(['@b/c', 'a', 'e']);
  });

  it('warns, with file and line, of imports whose names are computed, and of no others', () => {
    const lines = [
      'await import(name);',
      `await import(\`./\${kind}.ts\`);`,
      "await import(new URL('./script.ts', import.meta.url).href);",
      '// await import(comment)',
      "const text = 'import(x)';",
      'const other = thing.require(x), load = require(y);',
    ];
    folder.write('script.ts', lines.join('\n'));
    expect(find('script.ts').warnings.map((line) => line.split(',')[0])).to.deep.equal([
      'script.ts:1 loads import(name)',
      `script.ts:2 loads import(\`./\${kind}.ts\`)`,
      'script.ts:6 loads require(y)',
    ]);
  });

  it('warns of modules that are not there, and of absolute paths', () => {
    folder.write('script.ts', "import './gone.ts';\nimport '/opt/site/x.js';");
    expect(find('script.ts').warnings).to.deep.equal([
      'script.ts names ./gone.ts, which is not there',
      'script.ts names /opt/site/x.js, an absolute path: it is not taken along, and looked for there',
    ]);
  });

  describe('lies in a bundle', () => {
    const layOut = (script: string, cwd: string) => {
      const { files } = findUserFiles([folder.at(script)], folder.at(cwd));
      const { entries, base } = layOutUserFiles(files, folder.at(script), folder.at(cwd));
      return { paths: entries.map(({ to }) => to).sort(), base: relative(folder.path, base), entries };
    };

    it('as it lies in the working directory, so that paths from there hold', () => {
      folder.write('work/src/script.ts', "import './a.ts';\npythonApp({ file: 'src/fit.py', function: 'f' });");
      folder.write('work/src/a.ts');
      folder.write('work/src/fit.py');
      expect(layOut('work/src/script.ts', 'work')).to.deep.include({
        paths: ['package.json', 'src/a.ts', 'src/fit.py', 'src/script.ts'],
        base: 'work',
      });
    });

    it('from the folder that holds all, where a file lies outside of it', () => {
      folder.write('work/script.ts', "import '../common/a.ts';");
      folder.write('common/a.ts');
      expect(layOut('work/script.ts', 'work')).to.deep.include({ paths: ['common/a.ts', 'package.json', 'work/script.ts'], base: '' });
    });

    it("with what Node reads of the project's package.json, and nothing else of it", () => {
      folder.write('package.json', '{"name":"user","type":"module","scripts":{"x":"y"},"dependencies":{"a":"1"}}');
      folder.write('sub/script.js');
      const { entries } = layOut('sub/script.js', 'sub');
      const manifest = entries.find(({ to }) => to === 'package.json')?.content;
      expect(JSON.parse(manifest && 'text' in manifest ? manifest.text : '')).to.deep.equal({ private: true, type: 'module' });
    });

    it('never in the place of the bundle’s own files', () => {
      folder.write('script.ts', "import './node/a.ts';");
      folder.write('node/a.ts');
      expect(() => layOut('script.ts', '.')).to.throw(/node\/a\.ts would lie at node\/a\.ts, and node is the bundle's own; rename it/);
    });
  });
});
