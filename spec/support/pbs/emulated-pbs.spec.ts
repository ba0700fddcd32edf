import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect } from 'chai';
import { eventually } from '../eventually.ts';
import { isAlive } from '../leftovers.ts';
import { EmulatedPbs } from './emulated-pbs.ts';
import { parseTime } from './select.ts';

const run = promisify(execFile);

describe('the emulated PBS', function () {
  this.timeout(60_000);
  let pbs: EmulatedPbs;
  let cwd: string;
  beforeEach(async () => {
    pbs = await EmulatedPbs.start({ killDelayMs: 500 });
    cwd = join(pbs.dir, 'work');
    mkdirSync(cwd);
  });
  afterEach(() => pbs[Symbol.asyncDispose]());

  /** As a user runs it, through PATH. */
  const command = async (program: string, ...args: string[]) => {
    const env = { ...process.env, PATH: `${pbs.bin}:${process.env['PATH']}`, SUBMITTER: 'me' };
    return run(program, args, { cwd, env }).then(
      ({ stdout, stderr }) => ({ stdout, stderr, code: 0 }),
      (error: { stdout: string; stderr: string; code: number }) => error,
    );
  };
  const submit = async (script: string, ...args: string[]) => {
    writeFileSync(join(cwd, 'job.sh'), script);
    return command('qsub', ...args, 'job.sh');
  };
  const ended = (id: string): Promise<unknown> => eventually(`${id} ends`, () => pbs.server.jobs.get(id)?.state === 'F', 30_000);
  const read = (name: string): string => readFileSync(join(cwd, name), 'utf8');

  it("runs a script in the user's home, with an environment that is not the submitter's, and delivers its output at the end", async () => {
    const { stdout } = await submit(
      '#!/bin/bash\npwd\necho "$PBS_JOBID $PBS_O_WORKDIR $SUBMITTER. $A"\nwhile [ ! -e go ]; do sleep 0.05; done\n',
      '-v',
      'A=1',
    );
    expect(stdout).to.equal('0.ctl\n');
    await eventually('it runs', () => pbs.server.jobs.get('0.ctl')?.state === 'R');
    expect(existsSync(join(cwd, 'job.sh.o0'))).to.equal(false);
    writeFileSync(join(pbs.dir, 'home', 'go'), '');
    await ended('0.ctl');
    expect(read('job.sh.o0')).to.equal(`${join(pbs.dir, 'home')}\n0.ctl ${cwd} . 1\n`);
  });

  it('reads directives down to the first line that is not a comment, and lets the command line win', async () => {
    await submit('#!/bin/bash\n#PBS -N top\n# a comment\n#PBS -P p1 -A one\n\n#PBS -A two\ntrue\n#PBS -q nowhere\n', '-N', 'given');
    expect(pbs.server.jobs.get('0.ctl')).to.include({ name: 'given', project: 'p1', account: 'two', queue: 'workq' });
  });

  for (const [directive, code, words] of [
    ['-Z', 2, "invalid option -- 'Z'"],
    ['-l ncpus=1 -l select=1', 5, '"-lresource=" cannot be used with "select" or "place"'],
    ['-l select=1:nosuch=1', 187, 'Unknown resource: nosuch'],
    ['-l nosuch=1', 187, 'Unknown resource: nosuch'],
    ['-l place=somewhere', 166, 'Illegal attribute or resource value Resource_List.place'],
    ['-l walltime=10m', 166, 'Illegal attribute or resource value Resource_List.walltime'],
    ['-N bad/name', 2, 'illegal -N value'],
    ['-j both', 2, 'illegal -j value'],
    ['-l select=1 more', 2, 'invalid operand more'],
    ['-W nonsense=1', 2, 'illegal -W value'],
  ] as const) {
    it(`refuses the directive ${directive}`, async () => {
      const { stderr, code: exitCode } = await submit(`#!/bin/bash\n#PBS ${directive}\n`);
      expect(stderr).to.include(words);
      expect(exitCode).to.equal(code);
      expect(pbs.server.jobs.size).to.equal(0);
    });
  }

  it('repeats a host in PBS_NODEFILE for each MPI process of its chunk', async () => {
    await submit('#!/bin/bash\ncat $PBS_NODEFILE\n', '-l', 'select=2:ncpus=2:mpiprocs=2', '-l', 'place=scatter');
    await ended('0.ctl');
    expect(read('job.sh.o0')).to.equal('n1\nn1\nn2\nn2\n');
  });

  it('ends all processes of a job that is deleted, those that do not listen too', async () => {
    await submit("#!/bin/bash\ntrap '' TERM\necho $$ > pids\nsetsid sleep 300 & echo $! >> pids\nwhile :; do sleep 0.05; done\n");
    const file = join(pbs.dir, 'home', 'pids');
    const pids = await eventually('it runs', () => {
      const lines = existsSync(file) ? readFileSync(file, 'utf8').trim().split('\n') : [];
      return lines.length === 2 && lines.map(Number);
    });
    expect(pids.map(isAlive)).to.deep.equal([true, true]);
    await command('qdel', '0');
    await ended('0.ctl');
    expect(pids.map(isAlive)).to.deep.equal([false, false]);
  });

  it('prints JSON that is none for names that strtod(3) takes for numbers, and gives an empty variable the next one', async () => {
    for (const [name, isValid] of [
      ['007', false],
      ['nan', false],
      ['0x1f', false],
      ['1.', false],
      ['12', true],
      ['1abc', true],
      ['flotilla.r.0', true],
    ] as const) {
      const id = (await submit('#!/bin/bash\n', '-h', '-N', name, '-v', 'EMPTY=,B=2')).stdout.trim();
      const { stdout } = await command('qstat', '-f', '-F', 'json', id);
      expect(isJson(stdout), name).to.equal(isValid);
      expect(stdout).to.include('"EMPTY":"B=2"').and.not.include('"B":');
    }
  });

  it('fails as commands do whose server is gone; jobs run on', async () => {
    await submit('#!/bin/bash\nwhile [ ! -e go ]; do sleep 0.05; done\n');
    pbs.isDown = true;
    expect(await command('qstat', '-f', '-F', 'json', '0')).to.deep.include({
      code: 162,
      stderr: 'Connection refused\nqstat: cannot connect to server ctl (errno=15010)\n',
    });
    pbs.isDown = false;
    expect(pbs.server.jobs.get('0.ctl')?.state).to.equal('R');
  });

  it('reads times as PBS does', () => {
    expect(['90', '1:30', '0:10:00', '100:00:00', '10m', ''].map(parseTime)).to.deep.equal([90, 90, 600, 360_000, undefined, undefined]);
  });
});

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
