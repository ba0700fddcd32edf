import { mkdirSync, readdirSync, rmSync, symlinkSync } from 'node:fs';
import { createServer } from 'node:net';
import { once } from 'node:events';
import { join } from 'node:path';
import { expect } from 'chai';
import { findProgram } from '../../../executors/workers/worker-argv.ts';
import { makeScriptFolder, type ScriptFolder } from '../../support/flotilla-run.ts';

interface Found {
  readonly group: string;
  readonly name: string;
  readonly status: string;
  readonly found: string;
  readonly neededFor?: string;
  readonly remedy?: string;
}

describe('flotilla doctor', function () {
  this.timeout(60_000);
  let folder: ScriptFolder;
  beforeEach(async () => {
    folder = await makeScriptFolder();
  });
  afterEach(() => folder.remove());

  const examine = async (args: readonly string[] = [], env: Readonly<Record<string, string>> = {}) => {
    const { stdout, stderr, code } = await folder.run(['doctor', '--json', ...args], env);
    const { fit, checks } = JSON.parse(stdout || `{"stderr":${JSON.stringify(stderr)}}`) as { fit: boolean; checks: Found[] };
    return { code, fit, find: (name: string) => checks.find((check) => check.name === name), checks };
  };

  it('finds this machine fit, and leaves nothing behind', async () => {
    const { code, fit, find, checks } = await examine();
    expect({ code, fit }).to.deep.equal({ code: 0, fit: true });
    expect(find('node')?.found).to.contain(process.versions.node);
    expect(find('bash')?.found).to.match(/^\d+\.\d+/);
    expect(find('command helper')?.found).to.match(/^in C \(.*\/spawner-linux-|^not compiled$/);
    expect(find('CPUs')?.found).to.match(/^\d+ CPUs? for this process/);
    expect(find('loopback')?.found).to.match(/^127\.0\.0\.1 answers in [\d.]+ ms$/);
    expect(find('ports 54000 to 55000')?.found).to.match(/^5\d{4} is free$/);
    expect(find('run directory')?.found).to.match(/ free, writes .*\/s, a file in [\d.]+ ms$/);
    expect(find('open files')?.found).to.match(/^(\d+|unlimited)$/);
    expect([...new Set(checks.map(({ group }) => group))]).to.deep.equal(['programs', 'machine', 'network', 'disk', 'limits']);
    expect(readdirSync(folder.path)).to.deep.equal([]);
  });

  it('says it in words, and what is missing, what for and how to get it', async () => {
    mkdirSync(join(folder.path, 'bin'));
    symlinkSync(findProgram('bash') ?? '', join(folder.path, 'bin', 'bash'));
    const { stdout, code } = await folder.run(['doctor'], { PATH: join(folder.path, 'bin') });
    expect(code).to.equal(0);
    expect(stdout)
      .to.match(/^programs\n {2}ok {2}node /)
      .and.contain('\nTasks can run here. What is missing, or little:\n');
    expect(stdout).to.contain(
      '  -- perl: not found\n       for starting commands where the helper in C cannot run; without it Node does it, slower\n       install it, on Debian with: apt-get install perl\n',
    );
    for (const name of ['setpriv', 'taskset', 'python3']) expect(stdout).to.contain(`  -- ${name}: not found\n`);
  });

  it('ends with 1 where tasks cannot run', async () => {
    mkdirSync(join(folder.path, 'bin'));
    const { code, fit, find } = await examine([], { PATH: join(folder.path, 'bin') });
    expect({ code, fit }).to.deep.equal({ code: 1, fit: false });
    expect(find('bash')).to.include({ status: 'problem', found: 'not found' });
    expect(find('bash')?.remedy).to.contain('apt-get install bash');
  });

  it('looks at what the config names: its Python, its port, its run directory, pinning', async () => {
    const server = createServer().listen(0, '0.0.0.0');
    await once(server, 'listening');
    const { port } = server.address() as { port: number };
    rmSync(join(folder.path, 'bin'), { recursive: true, force: true });
    const set = [`executors.0.workerPort=${port}`, 'executors.0.python=/no/python', 'runDir=/proc/runs', 'executors.0.cpuAffinity=block'];
    const { code, find } = await examine(set.flatMap((text) => ['--set', text]));
    server.close();
    expect(code).to.equal(1);
    expect(find(`port ${port}`)).to.include({ status: 'problem', found: 'none is free' });
    expect(find('/no/python')).to.include({ status: 'optional', neededFor: 'pythonApps' });
    expect(find('run directory')).to.include({ status: 'problem' });
    expect(find('run directory')?.remedy).to.contain('runDir');
    expect(find('taskset')?.status).to.equal('ok');
  });

  it('ends with 2 for a config that cannot be used', async () =>
    expect((await folder.run(['doctor', '--config', 'nowhere'])).code).to.equal(2));
});
