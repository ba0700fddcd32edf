import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { packagedNames } from '../../../configs/packaged.ts';
import { makeScriptFolder, type ScriptFolder } from '../../support/flotilla-run.ts';

describe('flotilla config', () => {
  let folder: ScriptFolder;
  beforeEach(async () => {
    folder = await makeScriptFolder();
  });
  afterEach(() => folder.remove());
  const config = (...args: string[]) => folder.run(['config', ...args]);

  it('lists the packaged configs with what each is', async () => {
    const { stdout } = await config('list');
    expect(stdout)
      .to.match(/^local +This machine, as HighThroughputExecutor runs it$/m)
      .and.match(/^local-threads +\S/m);
    const listed = JSON.parse((await config('list', '--json')).stdout) as { name: string; description: string; path: string }[];
    expect(listed.map(({ name }) => name)).to.deep.equal(packagedNames());
    expect(listed.every(({ description, path }) => description.length > 10 && path.endsWith('.yaml'))).to.equal(true);
  });

  it('shows a config with its comments, so that it can be the start of another', async () => {
    const { stdout } = await config('show', 'local');
    expect(stdout)
      .to.match(/^# This machine/)
      .and.contain('type: HighThroughputExecutor');
    await folder.write('copy.yaml', stdout);
    expect((await config('check', 'copy.yaml')).code).to.equal(0);
  });

  it('shows what --set makes of it', async () => {
    const { stdout } = await config('show', 'local', '--set', 'retries=3', '--set', 'executors.0.maxWorkersPerNode=2', '--json');
    expect(JSON.parse(stdout)).to.deep.equal({
      retries: 3,
      executors: [{ type: 'HighThroughputExecutor', label: 'htex', provider: { type: 'LocalProvider' }, maxWorkersPerNode: 2 }],
    });
  });

  it('shows the data of a config in TypeScript, and names what only TypeScript can write', async () => {
    const url = new URL('../../../index.ts', import.meta.url).href;
    await folder.write(
      'c.ts',
      `import { Config } from '${url}';\nexport default new Config({ retries: 1, retryHandler: function costs() { return 1; } });\n`,
    );
    expect((await config('show', 'c.ts')).stdout).to.equal('retries: 1\nretryHandler: (function costs)\n');
  });

  it('shows the names of variables, and what they hold only when asked to', async () => {
    await folder.write('c.yaml', 'retries: !env TRIES\nexecutors:\n  - type: HighThroughputExecutor\n    env: { TOKEN: !env TOKEN }\n');
    const show = async (...args: string[]): Promise<string> =>
      (await folder.run(['config', 'show', 'c.yaml', ...args], { TOKEN: 'hush-hush', TRIES: '3' })).stdout;
    for (const args of [[], ['--json'], ['--set', 'maxIdleTime=5s'], ['--json', '--set', 'maxIdleTime=5s']]) {
      const shown = await show(...args);
      expect(shown).to.include('!env TOKEN').and.include('!env TRIES').and.not.include('hush-hush');
    }
    expect(JSON.parse(await show('--json', '--set', 'retries=5'))).to.have.property('retries', 5);
    expect(await show('--with-env'))
      .to.include('TOKEN: hush-hush')
      .and.include('retries: 3');
    // What is shown is a config again.
    await folder.write('again.yaml', await show('--set', 'maxIdleTime=5s'));
    expect((await folder.run(['config', 'check', 'again.yaml'], { TOKEN: 'x', TRIES: '3' })).code).to.equal(0);
  });

  it('checks a config, and shows its warnings', async () => {
    await folder.write('good.yaml', 'usageTracking: 3\nexecutors: [{ type: ThreadPoolExecutor, label: t }]\n');
    const { stdout, code } = await config('check', 'good.yaml');
    expect(code).to.equal(0);
    expect(stdout).to.equal(
      'good.yaml: can be used; executors: t (ThreadPoolExecutor)\nwarning: Config.usageTracking has no effect: no usage is tracked\n',
    );
  });

  it('warns of a plan for workers that this machine cannot carry out, and of one that looks like a mistake', async () => {
    await folder.write(
      'plan.yaml',
      "executors: [{ type: HighThroughputExecutor, cpuAffinity: 'list:9998-9999:9999', maxWorkersPerNode: 1, coresPerWorker: 0.1 }]\n",
    );
    const { stdout, code } = await config('check', 'plan.yaml');
    expect(code).to.equal(0);
    expect(stdout)
      .to.contain('warning: HighThroughputExecutor.cpuAffinity gives CPU 9999 to worker 0 and to worker 1: they will share it\n')
      .and.contain(
        "warning: executor 'htex' cannot have its workers on this machine: cpuAffinity gives worker 0 the CPUs 9998-9999, which this job may",
      );
  });

  it('shows with --dry-run the script of a block and every command, where there is no scheduler', async () => {
    await folder.write(
      'slurm.yaml',
      'executors:\n  - { type: HighThroughputExecutor, label: htex, provider: { type: SlurmProvider, account: mine, walltime: 30m } }\n  - { type: ThreadPoolExecutor, label: threads }\n',
    );
    const { stdout, code } = await config('check', '--config', 'slurm.yaml', '--dry-run');
    expect(code).to.equal(0);
    expect(stdout)
      .to.contain('  #SBATCH --time=00:30:00\n')
      .and.contain('  #SBATCH --account=mine\n')
      .and.match(/^ {2}sbatch --parsable .*runinfo\/NNN\/blocks\/htex\/flotilla\.NNN\.htex-0\.sh$/m)
      .and.match(/^ {2}scancel JOB_ID$/m)
      .and.contain('threads: has no blocks');
    const { blocks } = JSON.parse((await config('check', 'slurm.yaml', '--dry-run', '--json')).stdout);
    expect(blocks[0].rehearsal.commands[0].argv[0]).to.equal('sbatch');
    expect(existsSync(join(folder.path, 'runinfo'))).to.equal(false);
  });

  it('asks for a config where none is named', async () => {
    expect(await config('check')).to.deep.include({ code: 2, stdout: '' });
  });

  it('refuses two configs, of which it would check one', async () => {
    const { stdout, stderr, code } = await config('check', 'slurm', '--config', 'pbspro');
    expect({ stdout, code }).to.deep.equal({ stdout: '', code: 2 });
    expect(stderr).to.contain("both 'slurm' and --config 'pbspro' are given");
  });

  for (const args of ['list', 'show local', 'check slurm --dry-run', 'schema']) {
    it(`is quiet where nobody reads what it prints: ${args}`, async () => {
      const { stderr } = await folder.runScript(`{ flotilla config ${args}; echo "code $?" >&2; } | true`);
      expect(stderr).to.equal('code 0\n');
    });
  }

  it('refuses one that cannot be used, at its place, with 2', async () => {
    await folder.write('bad.yaml', 'retrys: 2\n');
    const { stdout, stderr, code } = await config('check', 'bad.yaml');
    expect({ stdout, code }).to.deep.equal({ stdout: '', code: 2 });
    expect(stderr).to.match(/^flotilla: bad\.yaml:1:1: Config\.retrys is not an option\. Did you mean 'retries'\?/);
    const json = await config('check', 'bad.yaml', '--json');
    expect(json.code).to.equal(2);
    expect(JSON.parse(json.stdout)).to.deep.include({
      valid: false,
      problems: [
        { path: 'retrys', message: "Config.retrys is not an option. Did you mean 'retries'?", file: 'bad.yaml', line: 1, column: 1 },
      ],
    });
  });

  it('checks with --set', async () => {
    expect((await config('check', 'local', '--set', 'executors.0.maxWorkersPerNode=0')).code).to.equal(2);
    expect((await config('check', 'nowhere')).stderr).to.contain("there is no config 'nowhere'");
  });

  it('prints the JSON Schema', async () => {
    const schema = JSON.parse((await config('schema')).stdout);
    expect(schema.properties).to.have.property('retries');
    expect(schema.$defs).to.have.property('HighThroughputExecutor');
  });

  it('says what there is when asked for nothing, with 2', async () => {
    const { stderr, code } = await config();
    expect(code).to.equal(2);
    expect(stderr).to.contain('check').and.contain('schema');
  });
});
