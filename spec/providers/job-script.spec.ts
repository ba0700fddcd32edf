import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect } from 'chai';
import { buildJobScript, type JobScript } from '../../providers/job-script.ts';
import { quoteForShell } from '../../providers/shell-quote.ts';
import { ScriptBench } from '../launchers/run-script.ts';
import { eventually } from '../support/eventually.ts';

const run = promisify(execFile);
const script = { name: 'flotilla.r.0', env: {}, workerInit: '', command: 'true' };

describe("a job's script", () => {
  it("has the scheduler's lines right below the first, where schedulers look for them", () => {
    const text = buildJobScript({ ...script, env: { A: '1' }, directives: '#SBATCH --nodes=2\n#SBATCH --time=10' });
    expect(text.split('\n').slice(0, 3)).to.deep.equal(['#!/bin/bash', '#SBATCH --nodes=2', '#SBATCH --time=10']);
  });

  it('does not let a name out of its comment', () => {
    expect(buildJobScript({ ...script, name: 'a\nrm -rf x' })).not.to.match(/^rm/m);
  });

  for (const workerInit of ['', 'module load conda # and no more', 'cat <<END\ntext\nEND', 'f() { :; }\nf']) {
    it(`is one that bash can parse with workerInit ${JSON.stringify(workerInit)}`, async () => {
      await run('bash', ['-n', '-c', buildJobScript({ ...script, workerInit, env: { A: "it's" } })]);
    });
  }

  it('says when the job ends, as of its start and not of the end of workerInit', async () => {
    const env = { FLOTILLA_BLOCK_WALLTIME: '90' };
    const text = buildJobScript({ ...script, env, workerInit: 'sleep 2', command: 'echo "$FLOTILLA_BLOCK_END"' });
    const before = Math.floor(Date.now() / 1000);
    const end = Number((await run('bash', ['-c', text])).stdout);
    expect(end).to.be.within(before + 90, Math.floor(Date.now() / 1000) + 88);
    expect(buildJobScript(script)).not.to.include('FLOTILLA_BLOCK_END');
  });

  for (const key of ['a-b', '1A', '', 'A=B', 'A B', 'A\n']) {
    it(`refuses the variable ${JSON.stringify(key)}`, () => {
      expect(() => buildJobScript({ ...script, env: { [key]: '1' } })).to.throw(RangeError, 'cannot be exported by a shell');
    });
  }
});

describe("a job's script that writes down its end", () => {
  let bench: ScriptBench;
  beforeEach(async () => (bench = await ScriptBench.open()));
  afterEach(() => bench.close());

  const end = async (changes: Partial<JobScript>) => {
    const { ended } = await bench.start(buildJobScript({ ...script, ...changes, endPath: join(bench.dir, "the job's end") }));
    return { exitCode: (await ended).exitCode, written: await bench.lines("the job's end") };
  };

  for (const [how, changes, exitCode] of [
    ['comes to its last line', { command: 'true' }, 0],
    ['fails', { command: '(exit 3)' }, 3],
    ['exits', { command: 'exit 4\necho no' }, 4],
    ['execs', { command: 'exec bash -c "exit 5"' }, 5],
    ['has a trap of its own', { workerInit: "trap 'echo bye' EXIT", command: 'exit 6' }, 6],
    ['ends in a here-document', { command: 'cat >/dev/null <<END\ntext\nEND' }, 0],
    ['never gets to its command', { workerInit: 'exit 7', command: 'exit 8' }, 7],
  ] as const) {
    it(`does so when it ${how}`, async () => {
      expect(await end(changes)).to.deep.equal({ exitCode, written: [String(exitCode)] });
    });
  }

  it('does so when it is told to leave', async () => {
    const { pid, ended } = await bench.start(
      buildJobScript({ ...script, command: `bash -c 'touch "$DIR/started"; exec sleep 300'`, endPath: join(bench.dir, 'end') }),
    );
    await eventually('it runs', () => existsSync(join(bench.dir, 'started')));
    process.kill(-pid, 'SIGTERM');
    expect((await ended).exitCode).to.equal(143);
    expect(await bench.lines('end')).to.deep.equal(['143']);
  });
});

describe('a quoted word', () => {
  it('arrives as it was, whatever is in it', async () => {
    const words = ['', 'plain', "it's", '$HOME `id` $(id)', '\\', '"', "'", "''", 'a\nb\n', '-n', '*', '~', 'ä ☃', '!x', '\t '];
    const { stdout } = await run('bash', ['-c', `printf '%s\\0' ${words.map(quoteForShell).join(' ')}`]);
    expect(stdout.split('\0').slice(0, -1)).to.deep.equal(words);
  });

  it('refuses what no word can hold', () => expect(() => quoteForShell('a\0b')).to.throw(RangeError, 'NUL'));
});
