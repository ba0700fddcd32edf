import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { expect } from 'chai';
import { buildJobScript } from '../../providers/job-script.ts';
import { quoteForShell } from '../../providers/shell-quote.ts';

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

describe('a quoted word', () => {
  it('arrives as it was, whatever is in it', async () => {
    const words = ['', 'plain', "it's", '$HOME `id` $(id)', '\\', '"', "'", "''", 'a\nb\n', '-n', '*', '~', 'ä ☃', '!x', '\t '];
    const { stdout } = await run('bash', ['-c', `printf '%s\\0' ${words.map(quoteForShell).join(' ')}`]);
    expect(stdout.split('\0').slice(0, -1)).to.deep.equal(words);
  });

  it('refuses what no word can hold', () => expect(() => quoteForShell('a\0b')).to.throw(RangeError, 'NUL'));
});
