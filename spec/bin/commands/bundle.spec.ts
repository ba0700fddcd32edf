import { spawnSync } from 'node:child_process';
import { lstatSync, mkdirSync, readdirSync, readFileSync, renameSync } from 'node:fs';
import { join, relative } from 'node:path';
import { expect } from 'chai';
import type { BundleManifest } from '../../../lib/bundle/manifest.ts';
import { elfHead } from '../../lib/bundle/program-heads.ts';
import { copySource, type Ended, remove, run, runWell } from '../../support/package-copy.ts';
import { ROOT } from '../../support/source-tree.ts';
import { TemporaryFolder } from '../../support/temporary-folder.ts';

/** A script with all kinds of apps; names with a path start from the working directory. */
const SCRIPT = `
import { bashApp, jsApp, load, pythonApp, sh } from 'flotilla';
import { half } from '#half';

await using kernel = await load();
const simulate = jsApp<[x: number], number>(new URL('./src/sim.ts', import.meta.url), 'simulate');
const late = jsApp(async (x: number) => (await import('./src/late.ts')).late(x));
const area = pythonApp<[r: number], number>({ file: 'src/fit.py', function: 'area' });
const say = bashApp((x: number) => sh\`src/say.sh \${x}\`, { returns: 'stdout' });
const where = jsApp<[], unknown>(new URL('./src/sim.ts', import.meta.url), 'where');
console.log(JSON.stringify({ values: [half(8), await simulate(4), await late(5), await area(6), await say(7)], where: await where() }));
`;
/** The same from anywhere. */
const PORTABLE = `
import { jsApp, load, pythonApp } from 'flotilla';

await using kernel = await load();
const simulate = jsApp<[x: number], number>(new URL('./src/sim.ts', import.meta.url), 'simulate');
const area = pythonApp<[r: number], number>({ file: new URL('./src/fit.py', import.meta.url), function: 'area' });
console.log(await simulate(await area(2)));
`;
const FILES: Readonly<Record<string, string>> = {
  'package.json': '{ "name": "user", "type": "module", "imports": { "#half": "./src/half.ts" } }',
  'script.ts': SCRIPT,
  'portable.ts': PORTABLE,
  'src/half.ts': 'export const half = (x: number): number => x / 2;',
  'src/late.ts': 'export const late = (x: number): number => x + 1;',
  'src/sim.ts': `
    import { readdirSync, readFileSync } from 'node:fs';
    import { triple } from 'tiny';
    export const simulate = (x: number): number => triple(x);
    const commandOf = (pid: string | number): string => {
      try { return readFileSync(\`/proc/\${pid}/cmdline\`, 'utf8'); } catch { return ''; }
    };
    export const where = (): object => ({
      worker: [process.execPath, process.argv[1]],
      manager: commandOf(process.ppid).split('\\0'),
      all: readdirSync('/proc').filter((name) => /^\\d+$/.test(name)).map(commandOf),
    });`,
  'src/fit.py': 'from shapes import SIDES\n\n\ndef area(r):\n    return SIDES * r\n',
  'src/shapes.py': 'SIDES = 4\n',
  'node_modules/tiny/package.json': '{ "name": "tiny", "version": "1.2.3", "main": "lib/index.js" }',
  'node_modules/tiny/lib/index.js': 'exports.triple = (x) => 3 * x;',
};

interface Where {
  readonly worker: readonly string[];
  readonly manager: readonly string[];
  readonly all: readonly string[];
}

const canHide = spawnSync('unshare', ['-rm', 'true']).status === 0;

describe('flotilla bundle', function () {
  this.timeout(240_000);
  let source: string;
  const project = new TemporaryFolder();
  const away = new TemporaryFolder();
  const moved = away.at("a b/it's moved");

  const bundle = (...args: string[]): Promise<Ended> =>
    run(project.path, process.execPath, [join(source, 'dist/bin/flotilla.js'), 'bundle', ...args]);

  /** As on a machine that has nothing of this one: no variables, no home, and, where Linux lets us, no checkout. */
  function runAway(cwd: string, ...command: string[]): Promise<Ended> {
    const bare = ['env', '-i', 'PATH=/usr/bin:/bin', `HOME=${away.at('home')}`, ...command];
    const hidden = ['unshare', '-rm', 'sh', '-c', 'mount -t tmpfs none "$1" && shift && exec "$@"', 'sh', ROOT];
    const [program = '', ...args] = canHide ? [...hidden, ...bare] : bare;
    return run(cwd, program, args);
  }

  before(async () => {
    for (const [name, text] of Object.entries(FILES)) project.write(name, text);
    project.write('src/say.sh', '#!/bin/sh\necho "said $1"\n', 0o755);
    mkdirSync(away.at('home'));
    mkdirSync(away.at('a b'));
    source = await copySource();
  });
  after(async () => {
    await runWell('/', 'chmod', ['-R', 'u+w', away.path]);
    project.remove();
    away.remove();
    await remove(source);
  });

  it('says in a checkout that this has to be built', async () => {
    const { code, stderr } = await run(project.path, process.execPath, [join(source, 'bin/flotilla.ts'), 'bundle', '-o', 'x']);
    expect(stderr).to.contain('has not been built').and.contain('npm run build');
    expect(code).to.equal(2);
  });

  describe('once built', () => {
    before(async () => {
      await runWell(source, 'npm', ['run', 'build']);
    });

    it('says what went in, how large it is, and how it is run', async () => {
      const { code, stdout, stderr } = await bundle('script.ts', '-o', 'sweep.tar', '--include', 'portable.ts');
      expect(code, stderr).to.equal(0);
      expect(stdout).to.match(/sweep\.tar: [\d.]+ MB in \d+ files, [\d.]+ MB packed, for Linux /);
      expect(stdout).to.contain(process.versions.node).and.contain('tiny@1.2.3').and.contain('zeromq@');
      expect(stdout).to.contain('portable.ts script.ts src/fit.py src/half.ts src/late.ts src/say.sh src/shapes.py src/sim.ts');
      expect(stdout).to.contain('run it: tar xf sweep.tar && cd sweep && ./flotilla run script.ts');
      expect(stderr).to.equal('');
      await runWell(away.path, 'tar', ['-xf', project.at('sweep.tar')]);
      renameSync(away.at('sweep'), moved);
      project.write('sweep.tar');
    });

    it('makes one that names nothing of the machine on which it was made', () => {
      const files = filesIn(moved);
      expect(files.filter((file) => lstatSync(join(moved, file)).isSymbolicLink())).to.deep.equal([]);
      const texts = files.filter((file) => /(flotilla|\.(js|cjs|mjs|json|sh|py|pl|yaml))$/.test(file));
      expect(texts).to.include.members(['flotilla', 'bundle.json', 'node_modules/flotilla/dist/index.js']);
      const traitors = texts.filter((file) =>
        [ROOT, source, project.path].some((path) => readFileSync(join(moved, file), 'utf8').includes(path)),
      );
      expect(traitors).to.deep.equal([]);
    });

    it('makes one that runs elsewhere, every process from its own files with its own Node', async () => {
      const { code, stdout, stderr } = await runAway(moved, './flotilla', 'run', 'script.ts');
      expect(code, stderr).to.equal(0);
      const { values, where } = JSON.parse(stdout) as { values: unknown[]; where: Where };
      expect(values).to.deep.equal([4, 12, 6, 24, 'said 7\n']);
      const [node, dist] = [join(moved, 'node/bin/node'), join(moved, 'node_modules/flotilla/dist')];
      expect(where.worker).to.deep.equal([node, `${dist}/executors/workers/js/process-entry.js`]);
      expect(where.manager).to.include.members([node, `${dist}/executors/high-throughput/manager/manager-entry.js`]);
      const interchange = `${dist}/executors/high-throughput/interchange/interchange-entry.js`;
      expect(where.all.filter((command) => command.startsWith(`${node}\0`) && command.includes(interchange))).to.have.length(1);
      expect(readdirSync(away.at('home'))).to.deep.equal([]);
    });

    it('makes one that runs from another folder, and may itself not be written to', async () => {
      await runWell('/', 'chmod', ['-R', 'a-w', moved]);
      const before = filesIn(moved);
      mkdirSync(away.at('work'));
      const { code, stdout, stderr } = await runAway(away.at('work'), join(moved, 'flotilla'), 'run', join(moved, 'portable.ts'));
      expect(stdout, stderr).to.equal('24\n');
      expect(code).to.equal(0);
      expect(filesIn(moved).filter((file) => !file.includes('__pycache__'))).to.deep.equal(
        before.filter((file) => !file.includes('__pycache__')),
      );
      expect(readdirSync(away.at('work'))).to.deep.equal(['runinfo']);
    });

    it('makes one for another machine from an archive of its Node, with that machine’s libraries, and one that says so here', async () => {
      const other = process.arch === 'x64' ? 'arm64' : 'x64';
      const loader = other === 'arm64' ? '/lib/ld-linux-aarch64.so.1' : '/lib64/ld-linux-x86-64.so.2';
      const binary = Buffer.concat([elfHead(other, loader), Buffer.from('\0/download/release/v24.9.1/\0')]);
      away.write(`node-v24.9.1-linux-${other}/bin/node`, binary, 0o755);
      await runWell(away.path, 'tar', ['-czf', 'node.tar.gz', `node-v24.9.1-linux-${other}`]);
      const made = await bundle('script.ts', '-o', 'other', '--arch', other, '--node', away.at('node.tar.gz'), '--json');
      expect(made.code, made.stderr).to.equal(0);
      const report = JSON.parse(made.stdout) as {
        node: BundleManifest['node'];
        warnings: string[];
        parts: Record<string, { files: number }>;
      };
      expect(report.node).to.deep.equal({ version: '24.9.1', platform: 'linux', arch: other, libc: 'glibc', loader });
      expect(report.parts).to.have.all.keys('node', 'flotilla', 'packages', 'script');
      const addons = filesIn(project.at('other')).filter((file) => file.endsWith('.node') && file.includes('zeromq'));
      expect(addons).to.not.deep.equal([]);
      expect(addons.filter((file) => !file.includes(`/linux/${other}/`) || file.includes('musl'))).to.deep.equal([]);
      const started = await run(project.path, project.at('other/flotilla'), ['--version']);
      expect(started.stderr).to.contain(`this bundle is for Linux ${other} with glibc; this machine is `);
      expect(started.code).to.equal(2);
    });

    const wrong: readonly [title: string, args: readonly string[], words: string][] = [
      ['a script that is not there', ['none.ts', '-o', 'x'], 'there is no script'],
      ['a folder for a script', ['src', '-o', 'x'], 'is not a file'],
      ['no output', ['script.ts'], "required option '-o, --output <dir|tar>' not specified"],
      ['an output that is something else', ['script.ts', '-o', 'src'], 'exists and is no bundle; name another, or replace it with --force'],
      ['files to include that are not there', ['script.ts', '-o', 'x', '--include', 'data/*.csv'], '--include data/*.csv: no file matches'],
      [
        'an architecture whose Node is not here',
        ['script.ts', '-o', 'x', '--arch', process.arch === 'x64' ? 'arm64' : 'x64'],
        'https://nodejs.org/dist/v',
      ],
      ['an architecture that there are no libraries for', ['script.ts', '-o', 'x', '--arch', 'riscv64'], 'Allowed choices are x64, arm64'],
    ];
    for (const [title, args, words] of wrong) {
      it(`refuses ${title}`, async () => {
        const { code, stderr, stdout } = await bundle(...args);
        expect(stderr).to.contain(words);
        expect(stdout).to.equal('');
        expect(code).to.equal(2);
        expect(readdirSync(project.path)).not.to.include('x');
      });
    }
  });
});

const filesIn = (folder: string): string[] =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => !entry.isDirectory())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)))
    .sort();
