import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createRequire, stripTypeScriptTypes } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect } from 'chai';
import { findPinnedNode } from '../../bin/pinned-node.ts';

const own = join(dirname(createRequire(import.meta.url).resolve('node/package.json')), 'bin', 'node');

describe('the pinned Node', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'flotilla-node-'));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  const install = (project: string, version: string, binary: string | undefined): string => {
    const bin = join(folder, project, 'node_modules', 'node', 'bin');
    mkdirSync(bin, { recursive: true });
    writeFileSync(join(bin, '..', 'package.json'), JSON.stringify({ name: 'node', version }));
    if (binary !== undefined) symlinkSync(binary, join(bin, 'node'));
    return pathToFileURL(join(folder, project, 'package.json')).href;
  };

  it('is looked for in the project, then beside the package', () => {
    const project = install('project', '24.3.0', process.execPath);
    const other = install('other', '25.0.0', process.execPath);
    const none = pathToFileURL(join(folder, 'none', 'package.json')).href;
    expect(findPinnedNode(24, [project, other])).to.equal(join(folder, 'project/node_modules/node/bin/node'));
    expect(findPinnedNode(24, [none, other])).to.equal(join(folder, 'other/node_modules/node/bin/node'));
    expect(findPinnedNode(24, [none])).to.equal(undefined);
  });

  it('is passed over when it is too old, or its binary is missing', () => {
    expect(findPinnedNode(24, [install('old', '22.12.0', process.execPath)])).to.equal(undefined);
    expect(findPinnedNode(24, [install('empty', '24.3.0', undefined)])).to.equal(undefined);
  });

  describe('on a machine whose Node is too old', () => {
    const old = findOldNode();
    before(function () {
      if (old === undefined) {
        console.warn('    no Node older than 24 on this machine: skipped');
        this.skip();
      }
    });

    /** The command as it is built, with a cli.js that shows what reached it. */
    const build = (cli: string): string => {
      const bin = join(folder, 'dist', 'bin');
      mkdirSync(bin, { recursive: true });
      writeFileSync(join(folder, 'dist', 'package.json'), '{ "type": "module" }');
      for (const name of ['flotilla', 'pinned-node']) {
        const source = readFileSync(new URL(`../../bin/${name}.ts`, import.meta.url), 'utf8');
        writeFileSync(
          join(bin, `${name}.js`),
          stripTypeScriptTypes(source).replaceAll(/(from|import\()( ?'\.\/[a-z-]+)\.ts'/g, "$1$2.js'"),
        );
      }
      writeFileSync(join(bin, 'cli.js'), cli);
      return join(bin, 'flotilla.js');
    };

    it('runs the same command with it, and passes on its exit code', () => {
      install('.', '24.3.0', own);
      const command = build(
        'export const main = (argv) => { console.log(process.versions.node.split(".")[0] >= 24, argv.join()); process.exitCode = 7; };',
      );
      const { stdout, status } = spawnSync(old ?? '', [command, 'run', 'a b.ts', '--', '-x'], { cwd: folder, encoding: 'utf8' });
      expect(stdout).to.equal('true run,a b.ts,--,-x\n');
      expect(status).to.equal(7);
    });

    it('passes signals on, and dies of the one that it died of', async () => {
      install('.', '24.3.0', own);
      const command = build(
        'export const main = () => { process.once("SIGINT", () => console.log("interrupted")); setInterval(() => {}, 1000); console.log("up"); };',
      );
      const child = spawn(old ?? '', [command], { cwd: folder, stdio: ['ignore', 'pipe', 'inherit'] });
      const exited = once(child, 'exit');
      const said = child.stdout.setEncoding('utf8')[Symbol.asyncIterator]();
      expect((await said.next()).value).to.equal('up\n');
      child.kill('SIGINT');
      expect((await said.next()).value).to.equal('interrupted\n');
      child.kill('SIGTERM');
      expect(await exited).to.deep.equal([null, 'SIGTERM']);
    });

    it('says what to do when there is none', () => {
      const { stderr, status } = spawnSync(old ?? '', [build('')], { cwd: folder, encoding: 'utf8' });
      expect(status).to.equal(2);
      expect(stderr).to.match(/needs Node 24 or newer, and this is Node \d+[\s\S]*npm install --save-dev node@24/);
    });
  });
});

function findOldNode(): string | undefined {
  const folders = ['/usr/bin', '/usr/local/bin', ...(process.env.PATH ?? '').split(':')];
  return folders.map((path) => join(path, 'node')).find((path) => existsSync(path) && majorOf(path) < 24);
}

function majorOf(node: string): number {
  return Number.parseInt(execFileSync(node, ['--version'], { encoding: 'utf8' }).slice(1), 10);
}
