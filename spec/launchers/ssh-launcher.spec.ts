import { expect } from 'chai';
import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { SshLauncher } from '../../launchers/ssh-launcher.ts';
import type { SshLauncherOptions } from '../../launchers/options.ts';
import { eventually } from '../support/eventually.ts';
import { Sshd, hasSshd } from '../support/sshd.ts';
import { launcherContract } from './contract.ts';
import { isAlive, ScriptBench, type ScriptRun } from './run-script.ts';

const HOSTS = ['127.0.0.1', '127.0.0.2'];

describe('SshLauncher, with a real sshd', function () {
  this.timeout(60_000);
  let sshd: Sshd;
  before(async function () {
    if (!hasSshd) this.skip();
    sshd = await Sshd.start({ addresses: HOSTS });
  });
  after(() => sshd?.close());

  const make = (options: SshLauncherOptions = {}) => new SshLauncher({ hosts: HOSTS, ...options, overrides: sshd.clientOptions });
  launcherContract('SshLauncher, one host', { make, nodesPerBlock: 1, tasksPerNode: 1, copies: 1, needs: 'ssh' });
  launcherContract('SshLauncher, two hosts with two copies each', { make, nodesPerBlock: 2, tasksPerNode: 2, copies: 4, needs: 'ssh' });

  let bench: ScriptBench;
  beforeEach(async () => {
    bench = await ScriptBench.open();
  });
  afterEach(() => bench.close());

  const hostOf = 'set -- $SSH_CONNECTION; host=$3';
  async function run(command: string, { env = {}, options = {}, nodes = 2 } = {}) {
    const started = await bench.start(make(options).wrap(command, nodes, 1), [], env);
    return { ...(await started.ended), output: started.output() };
  }

  it('starts one manager on each host', async () => {
    expect((await run(`${hostOf}; echo "$host" >> "$DIR/log"`)).exitCode).to.equal(0);
    expect((await bench.lines('log')).sort()).to.deep.equal(HOSTS);
  });

  it('takes the first hosts of the list where a block has fewer', async () => {
    await run(`${hostOf}; echo "$host" >> "$DIR/log"`, { nodes: 1 });
    expect(await bench.lines('log')).to.deep.equal(['127.0.0.1']);
  });

  it('brings the working directory, variables and functions of the job, whatever is in them', async () => {
    const odd = ` 'one' "two" $HOME \`id\` \\ ; & | <>\n*?[x] ü ☃ \t-n {}%`;
    const command = 'greet > "$DIR/greeting"; printf "%s" "$ODD" > "$DIR/odd"; pwd > "$DIR/pwd"';
    const script = `greet() { echo "hello from a function"; }\nexport -f greet\n${make().wrap(command, 1, 1)}`;
    const started = await bench.start(script, [], { ODD: odd });
    expect((await started.ended).exitCode).to.equal(0);
    expect((await bench.lines('odd')).join('\n')).to.equal(odd);
    expect(await bench.lines('pwd')).to.deep.equal([bench.dir]);
    expect(await bench.lines('greeting')).to.deep.equal(['hello from a function']);
  });

  it("leaves alone what belongs to a session: the host's SSH_CONNECTION is its own", async () => {
    await run('echo "$SSH_CONNECTION" >> "$DIR/log"', { env: { SSH_CONNECTION: 'of the login' }, nodes: 1 });
    expect((await bench.lines('log'))[0]).to.include('127.0.0.1');
  });

  it('names the host that fails, with its exit code and what it printed, and lets the other end by itself', async () => {
    const failSecond = 'if [ "$host" = 127.0.0.2 ]; then echo "no such module" >&2; touch "$DIR/failed"; exit 9; fi';
    const stay = 'while [ ! -e "$DIR/failed" ]; do sleep 0.02; done; sleep 0.2; echo stayed >> "$DIR/log"';
    const { exitCode, output } = await run(`${hostOf}\n${failSecond}\n${stay}`);
    expect(exitCode).to.equal(9);
    expect(output).to.include('no such module').and.include('flotilla: host 127.0.0.2 ended with exit code 9');
    expect(await bench.lines('log')).to.deep.equal(['stayed']);
  });

  it('fails where a host cannot be reached, with the words of ssh', async () => {
    const { exitCode, output } = await run('true', { options: { hosts: ['127.0.0.1', '127.0.0.3'] } });
    expect(exitCode).to.equal(255);
    expect(output)
      .to.match(/127\.0\.0\.3.*(refused|verification failed)/i)
      .and.include('host 127.0.0.3 ended with exit code 255');
  });

  it('never takes a host whose key is not known, and asks nobody', async () => {
    const unknown = join(bench.dir, 'empty');
    await writeFile(unknown, '');
    const overrides = sshd.clientOptions.replace(sshd.knownHostsFile, unknown);
    const started = await bench.start(new SshLauncher({ hosts: HOSTS, overrides }).wrap('echo ran >> "$DIR/log"', 2, 1));
    expect((await started.ended).exitCode).to.equal(255);
    expect(started.output()).to.include('Host key verification failed');
    expect(await bench.lines('log')).to.deep.equal([]);
    expect(new SshLauncher({ hosts: HOSTS }).wrap('true', 2, 1))
      .to.not.include('HostKey')
      .and.not.include('KnownHosts');
  });

  it('fails where the working directory does not exist on the host', async () => {
    const script = `mkdir "$DIR/here"; cd "$DIR/here"; rmdir "$DIR/here"\n${make().wrap('echo ran >> "$DIR/log"', 1, 1)}`;
    const started = await bench.start(script);
    expect((await started.ended).exitCode).to.equal(1);
    expect(started.output()).to.include(`${bench.dir}/here`);
    expect(await bench.lines('log')).to.deep.equal([]);
  });

  const takeLeave = `trap 'echo told >> "$DIR/log"; sleep 0.3; echo left >> "$DIR/log"; exit 4' TERM; echo $$ >> "$DIR/pids"; while :; do sleep 0.02; done`;
  async function startTwo(): Promise<ScriptRun> {
    const started = await bench.start(make().wrap(`exec bash -c ${JSON.stringify(takeLeave).replaceAll('$', '\\$')}`, 2, 1));
    await eventually('both managers run', async () => (await bench.lines('pids')).length === 2, 30_000);
    return started;
  }
  async function allGone(): Promise<void> {
    for (const pid of await bench.lines('pids')) await eventually(`process ${pid} ends`, async () => !(await isAlive(Number(pid))), 30_000);
  }

  it('told to end, it tells each manager once and stays until they have taken their leave', async () => {
    const { pid, ended } = await startTwo();
    process.kill(-pid, 'SIGTERM');
    expect((await ended).exitCode).to.equal(4);
    expect((await bench.lines('log')).sort()).to.deep.equal(['left', 'left', 'told', 'told']);
  });

  it("ends the managers when the block's shell is killed", async () => {
    const { pid } = await startTwo();
    process.kill(pid, 'SIGKILL');
    await allGone();
    expect((await bench.lines('log')).sort()).to.deep.equal(['left', 'left', 'told', 'told']);
  });

  it('ends the managers when the connections are cut, and fails', async () => {
    const { ended } = await startTwo();
    sshd.cut();
    expect((await ended).exitCode).to.equal(255);
    await allGone();
  });

  it('leaves no file behind', async () => {
    await run('exit 2', { env: { TMPDIR: bench.dir } });
    expect(await readdir(bench.dir)).to.deep.equal(['script.sh']);
  });
});

describe('SshLauncher', () => {
  it('takes the hosts of a PBS job, each once', async () => {
    const bench = await ScriptBench.open();
    const nodes = join(bench.dir, 'nodes');
    await writeFile(nodes, 'n1\nn1\n\nn2\nn2');
    await writeFile(join(bench.dir, 'fake-ssh'), '#!/bin/bash\necho "$@" >> "$DIR/log"\n', { mode: 0o755 });
    const launcher = new SshLauncher({ sshCommand: '"$DIR"/fake-ssh', overrides: '-p 22' });
    const started = await bench.start(launcher.wrap('true', 2, 1), [], { PBS_NODEFILE: nodes });
    expect((await started.ended).exitCode).to.equal(0);
    const words = '-p 22 -T -o BatchMode=yes -o ServerAliveInterval=30 --';
    expect((await bench.lines('log')).sort()).to.deep.equal([`${words} n1 exec bash -s`, `${words} n2 exec bash -s`]);
    await bench.close();
  });

  it('says how to name hosts where no scheduler has given any', async () => {
    const bench = await ScriptBench.open();
    const started = await bench.start(new SshLauncher().wrap('true', 1, 1), [], { PBS_NODEFILE: '', SLURM_JOB_NODELIST: '' });
    expect((await started.ended).exitCode).to.equal(1);
    expect(started.output()).to.include(
      "needs 1 host(s) but the job has 0: none; there is no PBS_NODEFILE and no Slurm job with as many; name them: hosts: ['n1', 'n2']",
    );
    await bench.close();
  });

  it('has room for as many nodes as it names hosts', () => {
    expect(new SshLauncher({ hosts: ['a', 'b', 'a'] }).maxNodesPerBlock).to.equal(2);
    expect(new SshLauncher().maxNodesPerBlock).to.equal(Number.POSITIVE_INFINITY);
  });

  for (const hosts of [[], ['-oProxyCommand=evil'], ['two words'], 'n1']) {
    it(`refuses hosts: ${JSON.stringify(hosts)}`, () =>
      expect(() => new SshLauncher({ hosts: hosts as string[] })).to.throw('SshLauncher.hosts'));
  }
});
