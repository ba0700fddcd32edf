/** Golden submit scripts: `UPDATE_GOLDEN=1` writes them anew, to be read before they are committed. */
import { execFile } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect } from 'chai';
import { SingleNodeLauncher, SlurmProvider, type SlurmProviderOptions } from '../../../index.ts';

const job = { name: 'flotilla.000-0123456789ab.htex-0', command: 'flotilla-manager settings.json', env: { FLOTILLA_BLOCK_ID: '0' } };
const place = { scriptDir: '/scratch/me/runinfo/000/blocks/htex', workingDirectory: '/scratch/me' };

const ROWS: Readonly<Record<string, SlurmProviderOptions>> = {
  defaults: {},
  'shared-node': { exclusive: false, coresPerNode: 4, memPerNode: '6GiB', walltime: '90s' },
  accelerators: {
    account: 'bsc99',
    partition: 'acc',
    qos: 'acc_debug',
    nodesPerBlock: 2,
    gpusPerNode: 4,
    coresPerNode: 80,
    walltime: '2h',
    workerInit: 'module load python/3.12\nsource env/bin/activate',
  },
  everything: {
    account: 'm1234',
    partition: 'regular,debug',
    qos: 'normal',
    constraint: 'gpu&hbm80g',
    clusters: 'perlmutter',
    exclusive: true,
    gpusPerNode: 'a100:4',
    gres: 'lscratch:100',
    memPerNode: 200,
    coresPerNode: 64,
    nodesPerBlock: 3,
    walltime: '3d',
    launcher: new SingleNodeLauncher({ debug: false }),
    schedulerOptions: '#SBATCH --mail-type=FAIL\n#SBATCH --reservation="my days"\n',
  },
};

describe('the submit script for Slurm', () => {
  for (const [name, options] of Object.entries(ROWS)) {
    it(`is as it was: ${name}`, async () => {
      const url = new URL(`./golden/${name}.sh`, import.meta.url);
      const { script, commands } = new SlurmProvider(options).rehearse(job, place);
      const text = `${script.text}\n# ${commands.map(({ purpose, argv }) => `${purpose}: ${argv.join(' ')}`).join('\n# ')}\n`;
      if (process.env['UPDATE_GOLDEN'] !== undefined) writeFileSync(url, text);
      expect(text).to.equal(readFileSync(url, 'utf8'));
      await promisify(execFile)('bash', ['-n', fileURLToPath(url)]);
    });
  }

  it('has all directives above the first command, where sbatch stops to read them', () => {
    for (const options of Object.values(ROWS)) {
      const lines = new SlurmProvider(options).rehearse(job, place).script.text.split('\n');
      const firstCommand = lines.findIndex((line) => !line.startsWith('#'));
      expect(lines.findLastIndex((line) => line.startsWith('#SBATCH'))).to.be.lessThan(firstCommand);
    }
  });

  it('names files with a percent sign so that sbatch does not take it for a pattern', () => {
    const { commands } = new SlurmProvider().rehearse(job, { ...place, scriptDir: '/scratch/100%j' });
    expect(commands[0]?.argv).to.include('--output=/scratch/100%%j/flotilla.000-0123456789ab.htex-0.stdout');
    expect(commands[0]?.argv.at(-1)).to.equal('/scratch/100%j/flotilla.000-0123456789ab.htex-0.sh');
  });
});
