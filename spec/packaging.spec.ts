import { existsSync } from 'node:fs';
import { access, constants, readFile, realpath, rm, writeFile } from 'node:fs/promises';
import { createRequire, isBuiltin } from 'node:module';
import { basename, delimiter, dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect } from 'chai';
import { configJsonSchema } from '../configs/schema.ts';
import { hasSpawner, NATIVE_SPAWNER } from '../executors/workers/command/spawner-argv.ts';
import { findJsImports } from '../lib/memo/code/js-imports.ts';
import { copySource, installTarball, remove, run, runWell } from './support/package-copy.ts';
import { LAYERS, ROOT, sourceFiles } from './support/source-tree.ts';

interface Packed {
  readonly filename: string;
  readonly files: readonly { readonly path: string; readonly mode: number }[];
}

const SCRIPT = `
import { bashApp, type AppFuture, jsApp, load, pythonApp, sh } from 'flotilla';

await using kernel = await load();
const simulate = jsApp<[t: number], number>(new URL('./sim.ts', import.meta.url), 'simulate');
const half = jsApp((x: number) => x / 2);
const area = pythonApp<[r: number], number>({ file: new URL('./area.py', import.meta.url), function: 'area' });
const say = bashApp((x: number) => sh\`printf %s \${x}\`, { returns: 'stdout' });
const simulated: AppFuture<number> = simulate(20);
console.log(JSON.stringify([await half(simulated), await area(simulated), await say(simulated)]));
`;
const SIMULATION = 'export function simulate(t: number): number {\n  return t + 1;\n}\n';
const PYTHON = 'SIDES = 4\n\n\ndef area(r):\n    return SIDES * r\n';

describe('the package', function () {
  this.timeout(240_000);
  let source: string;
  let project: string;
  let packed: Packed;

  before(async () => {
    source = await copySource();
    await runWell(source, 'npm', ['run', 'build']);
    // As publishing does: packing builds once more, from nothing.
    await rm(join(source, 'dist'), { recursive: true });
    const { stdout } = await runWell(source, 'npm', ['pack', '--json', '--loglevel=error']);
    packed = (JSON.parse(stdout.slice(stdout.indexOf('[\n'))) as [Packed])[0];
    project = await installTarball(join(source, packed.filename));
    await writeFile(join(project, 'script.ts'), SCRIPT);
    await writeFile(join(project, 'sim.ts'), SIMULATION);
    await writeFile(join(project, 'area.py'), PYTHON);
  });
  after(() => Promise.all([source, project].map(remove)));

  it('is built again after dist/ was removed', () => expect(existsSync(join(source, 'dist/index.js'))).to.equal(true));

  it('holds every file that the code needs beside its JavaScript', () => {
    const needed = sourceFiles(LAYERS).filter((path) => /\.(py|pl|sh|yaml)$/.test(path));
    expect(needed).to.not.deep.equal([]);
    const paths = packed.files.map(({ path }) => path);
    expect(needed.filter((path) => !paths.includes(`dist/${path}`))).to.deep.equal([]);
  });

  it('has the helper in C, as a program, where it can be compiled', function skipWithout() {
    if (!hasSpawner('native')) return this.skip();
    const helper = packed.files.find(({ path }) => path.endsWith(`/${basename(NATIVE_SPAWNER)}`));
    expect(helper?.mode).to.equal(0o755);
  });

  it('holds nothing but the build and what a reader wants', () => {
    const others = packed.files.map(({ path }) => path).filter((path) => !path.startsWith('dist/'));
    expect(others.sort()).to.deep.equal(['CHANGELOG.md', 'LICENSE', 'README.md', 'package.json']);
    expect(packed.files.filter(({ path }) => /(^|\/)spec\/|\.spec\.|\.pyc$|__pycache__/.test(path))).to.deep.equal([]);
  });

  it('has each program that nodes start in one file, which loads what is native and nothing else', async () => {
    const scripts = packed.files.map(({ path }) => path).filter((path) => /^dist\/executors\/.*\.js$/.test(path));
    expect(scripts.map((path) => path.slice(path.lastIndexOf('/') + 1)).sort()).to.deep.equal([
      'interchange-entry.js',
      'manager-entry.js',
      'node-spawner-entry.js',
      'process-entry.js',
      'relay-entry.js',
      'thread-entry.js',
    ]);
    const loaded = await Promise.all(scripts.map(async (path) => findJsImports(await readFile(join(source, path), 'utf8'))));
    const others = loaded.flat().filter((specifier) => !isBuiltin(specifier) && !BESIDE.test(specifier));
    expect([...new Set(others)].sort()).to.deep.equal(['msgpackr-extract', 'node-pty', 'zeromq']);
  });

  it('loads no other package when a script imports it, but what is native', async () => {
    const script = `
      import { registerHooks } from 'node:module';
      const loaded = [];
      registerHooks({ load: (url, context, next) => (loaded.push(url), next(url, context)) });
      await import(${JSON.stringify(pathToFileURL(join(source, 'dist/index.js')).href)});
      console.log(JSON.stringify(loaded));`;
    const { stdout } = await runWell(source, process.execPath, [
      '--disable-warning=ExperimentalWarning',
      '--input-type=module',
      '-e',
      script,
    ]);
    const loaded = JSON.parse(stdout) as string[];
    expect(
      loaded.filter((url) => url.includes('/dist/')),
      'the hook sees what is loaded',
    ).to.have.length.above(1);
    expect(loaded.filter((url) => url.includes('/node_modules/') && !url.includes('/@msgpackr-extract/'))).to.deep.equal([]);
  });

  it('has the licences of those whose code it has taken in', async () => {
    expect(await readFile(join(source, 'dist/THIRD-PARTY-LICENSES'), 'utf8')).to.match(/^msgpackr \d.*\n\nMIT License/);
  });

  it('has the JSON Schema of configs, for editors', async () => {
    const path = createRequire(join(project, 'script.ts')).resolve('flotilla/config.schema.json');
    expect(path).to.equal(await realpath(join(project, 'node_modules/flotilla/dist/configs/config.schema.json')));
    expect(JSON.parse(await readFile(path, 'utf8'))).to.deep.equal(configJsonSchema());
  });

  it('has its command executable, in dist/ and where npm puts it', async () => {
    await access(join(source, 'dist/bin/flotilla.js'), constants.X_OK);
    await access(join(project, 'node_modules/.bin/flotilla'), constants.X_OK);
  });

  for (const config of ['local-threads', 'local']) {
    it(`runs a script in TypeScript with a module and a Python file beside it, config ${config}`, async () => {
      const { stdout, stderr, code } = await runCommand(['run', 'script.ts', '--config', config]);
      expect(stdout, stderr).to.equal('[10.5,84,"21"]\n');
      expect(stderr).to.contain(`config ${config} (--config)`);
      expect(code).to.equal(0);
    });
  }

  it('runs it with node alone too, on this machine by default', async () => {
    const { stdout, stderr } = await run(project, process.execPath, ['script.ts']);
    expect(stdout, stderr).to.equal('[10.5,84,"21"]\n');
  });

  it('has types that stand by themselves, also where declarations are checked', async () => {
    const everything = "import * as everything from 'flotilla';\nexport type Everything = typeof everything;\n";
    const mistake = "import { bashApp } from 'flotilla';\nexport const text: Promise<string> = bashApp(() => 'true')().result();\n";
    await writeFile(join(project, 'everything.ts'), everything);
    await writeFile(join(project, 'mistake.ts'), mistake);
    // Not this project's tsconfig, by which 'flotilla' is the source tree.
    const compilerOptions = { module: 'nodenext', target: 'esnext', strict: true, noEmit: true, skipLibCheck: false };
    const files = ['script.ts', 'everything.ts', 'mistake.ts'];
    const config = {
      compilerOptions: { ...compilerOptions, allowImportingTsExtensions: true, types: ['node'], typeRoots: [TYPES] },
      files,
    };
    await writeFile(join(project, 'tsconfig.json'), JSON.stringify(config));
    const tsc = join(ROOT, 'node_modules/typescript/bin/tsc');
    const { stdout } = await run(project, process.execPath, [tsc, '-p', project, '--pretty', 'false']);
    // Declarations of dependencies are their authors' business.
    const ours = stdout.split('\n').filter((line) => /^\w+\.ts\(|node_modules\/flotilla\//.test(line));
    expect(ours.map((line) => line.slice(0, line.indexOf(':')))).to.deep.equal(['mistake.ts(2,14)']);
  });

  it('tells its version', async () => {
    const { version } = JSON.parse(await readFile(join(ROOT, 'package.json'), 'utf8')) as { version: string };
    expect((await runCommand(['--version'])).stdout).to.equal(`${version}\n`);
  });

  const runCommand = (args: readonly string[]) => {
    const path = [dirname(process.execPath), process.env['PATH']].join(delimiter);
    return run(project, join(project, 'node_modules/.bin/flotilla'), args, { PATH: path });
  };
});

/** Files that a module finds from its own place: scripts of other languages, and other programs. */
const BESIDE = /^\.|\.js$|^@msgpackr-extract\//;
const TYPES = join(ROOT, 'node_modules/@types');

describe('the lock file', () => {
  interface Locked {
    readonly version?: string;
    readonly optionalDependencies?: Readonly<Record<string, string>>;
  }

  it('names the builds of every platform: npm ci refuses it otherwise where a registry lacks one of them', async () => {
    const { packages } = JSON.parse(await readFile(join(ROOT, 'package-lock.json'), 'utf8')) as { packages: Record<string, Locked> };
    const names = new Set(Object.keys(packages).map((path) => path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length)));
    const missing = Object.values(packages).flatMap(({ optionalDependencies = {} }) => Object.keys(optionalDependencies));
    expect(missing.filter((name) => !names.has(name))).to.deep.equal([]);
    expect(Object.entries(packages).filter(([, { version }]) => version === undefined)).to.deep.equal([]);
  });
});
