import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { readConfig } from '../configs/read.ts';
import * as surface from '../index.ts';
import { ERROR_CODES } from '../lib/errors/codes.ts';
import { withTables } from '../scripts/doc-tables.ts';
import { brokenLinks, type Fence, type Page, readPages } from './support/doc-pages.ts';
import { run } from './support/package-copy.ts';
import { ROOT, readSource } from './support/source-tree.ts';

const FROM_SOURCE = new URL('./support/from-source.fixture.ts', import.meta.url).href;
const pages = readPages();

describe('the documentation', function () {
  this.timeout(120_000);
  let folder: string;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'flotilla-docs-'));
    for (const page of pages) await writePage(folder, page);
  });
  after(() => rm(folder, { recursive: true, force: true }));

  it('has TypeScript that compiles', async () => {
    const compilerOptions = { typeRoots: [join(ROOT, 'node_modules/@types')], paths: { flotilla: [join(ROOT, 'index.ts')] } };
    await writeFile(
      join(folder, 'tsconfig.json'),
      JSON.stringify({ extends: join(ROOT, 'tsconfig.json'), compilerOptions, include: ['**/*.ts'] }),
    );
    const { stdout } = await run(folder, process.execPath, [
      join(ROOT, 'node_modules/typescript/bin/tsc'),
      '-p',
      folder,
      '--pretty',
      'false',
    ]);
    const errors = stdout.split('\n').filter((line) => !line.startsWith('../') && line !== '');
    expect(errors).to.deep.equal([]);
  });

  for (const page of pages) {
    const scripts = page.fences.filter(({ isRun }) => isRun);
    for (const script of scripts) {
      it(`has a script that runs: ${page.path}:${script.line}`, async () => {
        const args = ['--disable-warning=ExperimentalWarning', `--import=${FROM_SOURCE}`, fileName(script)];
        const { stdout, stderr, code } = await run(folderOf(folder, page), process.execPath, args);
        expect(code, stderr).to.equal(0);
        if (script.output !== undefined) expect(stdout, stderr).to.equal(script.output);
      });
    }

    const configs = page.fences.filter(({ language }) => language === 'yaml');
    for (const config of configs) {
      it(`has a config that can be read: ${page.path}:${config.line}`, async () => {
        await readConfig(join(folderOf(folder, page), fileName(config)));
      });
    }

    it(`links to what is there: ${page.path}`, () => expect(brokenLinks(page)).to.deep.equal([]));
    it(`has tables that say what the code says: ${page.path} (npm run docs writes them)`, () => {
      expect(page.text).to.equal(withTables(page.text));
    });
  }

  it('has every option of every config in a table', () => {
    const text = textOf('docs/configuration.md');
    for (const name of [
      'Config',
      'HighThroughputExecutor',
      'ThreadPoolExecutor',
      'LocalProvider',
      'SlurmProvider',
      'SimpleLauncher',
      'SingleNodeLauncher',
    ])
      expect(text).to.contain(`<!-- table: ${name} -->`);
  });

  it('lists every error code, and none that does not exist', () => {
    const listed = [...textOf('docs/errors.md').matchAll(/^\| `(FLOTILLA_\w+)` \|/gm)].map(([, code]) => code);
    expect(listed.sort()).to.deep.equal(Object.keys(ERROR_CODES).sort());
  });

  it('lists every export of the package, and none that does not exist', () => {
    const listed = [...textOf('docs/api.md').matchAll(/^\| ((?:`\w+`(?:, )?)+) \|/gm)].flatMap(
      ([, names = '']) => names.match(/\w+/g) ?? [],
    );
    expect(listed.sort()).to.deep.equal(exportedNames().sort());
  });
});

/** Values as the module has them, types as its text names them. */
function exportedNames(): string[] {
  const named = [...readSource('index.ts').matchAll(/export (?:type )?\{([^}]*)\}/g)].flatMap(([, list = '']) => list.split(','));
  const names = named.map((name) => name.replace(/^\s*type\s/, '').trim()).filter((name) => name !== '');
  return [...new Set([...names, ...Object.keys(surface)])];
}

const textOf = (path: string): string => pages.find((page) => page.path === path)?.text ?? '';
const folderOf = (folder: string, { path }: Page): string => join(folder, path.replace(/\.md$/, ''));
const fileName = ({ file, line, language }: Fence): string => file ?? `line-${line}.${language === 'yaml' ? 'yaml' : 'ts'}`;

/** A folder per page, a file per fence; a fence that exports nothing is a module all the same. */
async function writePage(folder: string, page: Page): Promise<void> {
  const home = folderOf(folder, page);
  await mkdir(home, { recursive: true });
  await writeFile(join(home, 'package.json'), '{ "type": "module" }');
  for (const fence of page.fences) {
    if (fence.language !== 'ts' && fence.language !== 'yaml' && fence.file === undefined) continue;
    const isModule = fence.language !== 'ts' || /^(import|export)\b/m.test(fence.code);
    await writeFile(join(home, fileName(fence)), isModule ? fence.code : `${fence.code}export {};\n`);
  }
}
