/** A cable from here, "the laptop", to the login node of the cluster, with OpenSSH's server at its end. */
import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { Sshd } from '../support/sshd.ts';
import type { SlurmCluster } from './slurm-cluster.ts';

const run = promisify(execFile);
const SCRIPT = fileURLToPath(new URL('./cluster.sh', import.meta.url));
/** Of 198.18.0.0/15, which is for tests of networks (RFC 2544). */
const HERE = '198.19.91.1';
const THERE = '198.19.91.2';

export class LoginCable {
  readonly sshd: Sshd;
  readonly #cluster: SlurmCluster;

  private constructor(cluster: SlurmCluster, sshd: Sshd) {
    this.#cluster = cluster;
    this.sshd = sshd;
  }

  static async lay(cluster: SlurmCluster): Promise<LoginCable> {
    const holder = (await readFile(join(cluster.folder, 'run', 'login.pid'), 'utf8')).trim();
    const init = (await readFile(`/proc/${holder}/task/${holder}/children`, 'utf8')).trim().split(' ')[0] ?? '';
    const name = `flt${process.pid}-l`;
    await run('ip', ['link', 'add', name, 'type', 'veth', 'peer', 'name', 'laptop', 'netns', init]);
    await run('ip', ['addr', 'add', `${HERE}/30`, 'dev', name]);
    await run('ip', ['link', 'set', name, 'up']);
    await cluster.on('login', 'ip', 'addr', 'add', `${THERE}/30`, 'dev', 'laptop');
    await cluster.on('login', 'ip', 'link', 'set', 'laptop', 'up');
    const sshd = await Sshd.start({
      addresses: [THERE],
      config: [`SetEnv CLUSTER=${cluster.folder} SLURM_CONF=${join(cluster.folder, 'slurm.conf')}`],
      inside: ['env', `CLUSTER=${cluster.folder}`, 'bash', SCRIPT, 'on', 'login'],
      hasOwnRun: true,
    });
    return new LoginCable(cluster, sshd);
  }

  /** Options of an SshChannel. */
  get channel(): object {
    const { port, keyFile, knownHostsFile } = this.sshd;
    return { host: THERE, port, keyFile, knownHostsFile, configFile: 'none', keepAlive: '500ms' };
  }

  cut = (): Promise<string> => this.#cluster.on('login', 'ip', 'link', 'set', 'laptop', 'down');
  plug = (): Promise<string> => this.#cluster.on('login', 'ip', 'link', 'set', 'laptop', 'up');

  /** The cable goes with the cluster. */
  close = (): Promise<void> => this.sshd.close();
}
