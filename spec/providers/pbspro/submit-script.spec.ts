import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { expect } from 'chai';
import { PBSProProvider } from '../../../providers/pbspro/description.ts';
import type { PBSProProviderOptions } from '../../../providers/pbspro/options.ts';
import { formatWalltime } from '../../../providers/pbspro/submit-script.ts';
import { expectGolden } from '../../support/golden.ts';

const run = promisify(execFile);
const PLACE = { scriptDir: '/eagle/runinfo/003/blocks/htex', workingDirectory: '/eagle/my project' };
const job = { name: 'flotilla.r1.htex-0', command: 'mpiexec -n 1 manager --block 0', env: { FLOTILLA_BLOCK_ID: '0', ODD: "it's, \\ a=b" } };

const rehearse = (options: PBSProProviderOptions, changes: Partial<typeof job> = {}, place = PLACE) =>
  new PBSProProvider(options).rehearse({ ...job, ...changes }, place);
const scriptOf = (options: PBSProProviderOptions, changes: Partial<typeof job> = {}): string => rehearse(options, changes).script.text;
const directives = (options: PBSProProviderOptions): string[] =>
  scriptOf(options)
    .split('\n')
    .filter((line) => line.startsWith('#PBS'));

const EXAMPLES: Readonly<Record<string, PBSProProviderOptions>> = {
  'one-node': {},
  polaris: {
    account: 'datascience',
    queue: 'debug',
    walltime: '0:10:00',
    schedulerOptions: '#PBS -l filesystems=home:eagle',
    selectOptions: 'ngpus=4',
    workerInit: 'module load conda; conda activate my-env',
    nodesPerBlock: 1,
    cpusPerNode: 64,
  },
  'two-nodes': { nodesPerBlock: 2, cpusPerNode: 32, selectOptions: ':ngpus=4:system=polaris', walltime: '26h' },
};

describe("the submit script of PBS Pro's jobs", () => {
  for (const [name, options] of Object.entries(EXAMPLES)) {
    it(`is as was read by people: ${name}`, () => {
      expectGolden(scriptOf(options), new URL(`./golden/${name}.pbs`, import.meta.url));
    });

    it(`is one that bash can parse: ${name}`, () => run('bash', ['-n', '-c', scriptOf(options)]));
  }

  it('has every directive above the first command, where PBS looks for them', () => {
    const lines = scriptOf({ schedulerOptions: '#PBS -l filesystems=home\n# mine\n#PBS -P other' }).split('\n');
    const firstCommand = lines.findIndex((line) => line !== '' && !line.startsWith('#'));
    expect(lines.slice(firstCommand).filter((line) => line.startsWith('#PBS'))).to.deep.equal([]);
  });

  it('gives no variables to qsub: they stand in the script', () => {
    expect(directives({}).join('\n')).not.to.match(/ -[vV]\b/);
    expect(scriptOf({})).to.include(`export ODD='it'\\''s, \\ a=b'`);
    expect(rehearse({}).commands[0]?.argv).to.deep.equal(['qsub', `${PLACE.scriptDir}/flotilla.r1.htex-0.sh`]);
  });

  for (const [options, select, place] of [
    [{}, '1:ncpus=1', undefined],
    [{ nodesPerBlock: 3 }, '3:ncpus=1', 'scatter'],
    [{ nodesPerBlock: 3, placeOptions: 'scatter:excl' }, '3:ncpus=1', 'scatter:excl'],
    [{ placeOptions: 'excl', cpusPerNode: 8 }, '1:ncpus=8', 'excl'],
    [{ selectOptions: 'ngpus=2:mem=10gb' }, '1:ncpus=1:ngpus=2:mem=10gb', undefined],
  ] as const) {
    it(`asks for ${select}${place === undefined ? '' : ` and place=${place}`} with ${JSON.stringify(options)}`, () => {
      const found = directives(options);
      expect(found).to.include(`#PBS -l select=${select}`);
      expect(found.find((line) => line.includes('place='))).to.equal(place === undefined ? undefined : `#PBS -l place=${place}`);
    });
  }

  it('writes whole seconds, and never fewer than were asked for', () => {
    expect([1, 60_000, 3_600_000 * 100 + 1500].map(formatWalltime)).to.deep.equal(['00:00:01', '00:01:00', '100:00:02']);
  });

  for (const [name, why] of [
    ['7', 'cannot be a job'],
    ['nan', 'cannot be a job'],
    ['flotilla.r1.a b', 'cannot be a job'],
    [`flotilla.r1.${'x'.repeat(230)}`, 'shorter label'],
  ] as const) {
    it(`refuses the name ${name.slice(0, 20)}, which PBS would not take or not give back`, () => {
      expect(() => scriptOf({}, { name })).to.throw(RangeError, why);
    });
  }

  it('refuses to have output written where a directive cannot say', () => {
    expect(() => rehearse({}, {}, { ...PLACE, scriptDir: '/home/me/my runs' })).to.throw(RangeError, 'set runDir to a folder');
  });
});

describe('the options of PBSProProvider', () => {
  for (const [options, message] of [
    [{ selectOptions: 'ngpus=4 ' }, /selectOptions.*one word/],
    [{ queue: 'debug\n#PBS -l x' }, /queue.*one word/],
    [{ schedulerOptions: '#PBS -l a=b\nmodule load conda' }, /module load conda.*belong in workerInit/],
    [{ cpusPerNode: 0 }, /cpusPerNode/],
    [{ walltime: 600 }, /write '600s'/],
    [{ selctOptions: 'ngpus=4' }, /selectOptions/],
    [{ maxBlocks: 1, initBlocks: 2 }, /maxBlocks/],
  ] as const) {
    it(`refuse ${JSON.stringify(options)} and say why`, () => {
      expect(() => new PBSProProvider(options as PBSProProviderOptions)).to.throw(message);
    });
  }

  it("have Parsl's defaults", () => {
    const { compiled } = new PBSProProvider();
    expect(compiled).to.include({ cpusPerNode: 1, selectOptions: '', schedulerOptions: '', commandTimeoutMs: 120_000 });
    expect(compiled.limits).to.deep.include({ nodesPerBlock: 1, initBlocks: 1, minBlocks: 0, maxBlocks: 1, walltimeMs: 1_200_000 });
  });

  it('warn of what has no meaning here', () => {
    expect(new PBSProProvider({ moveFiles: false }).warnings.join()).to.match(/moveFiles/);
  });
});
