/**
 * One contract for all spawners, with real processes.
 */
import { expect } from 'chai';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { chmod, mkdir, mkdtemp, readFile, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  CommandRunner,
  CommandRunnerLostError,
  type CommandOutcome,
  type CommandRunnerOptions,
  type CommandSpec,
  type RunnerExit,
} from '../../../../executors/workers/command/command-runner.ts';
import { SPAWNER_KINDS } from '../../../../executors/workers/command/spawner-argv.ts';
import { eventually } from '../../../support/eventually.ts';
import { gone, groupOf, isEmpty, isRunning, numberIn } from './processes.ts';

const RUNNER_URL = new URL('../../../../executors/workers/command/command-runner.ts', import.meta.url).href;

for (const spawner of SPAWNER_KINDS) {
  describe(`CommandRunner with the ${spawner} spawner`, () => {
    let directory: string;
    let scratch: string;
    let lost: RunnerExit[];
    let runner: CommandRunner;

    const make = (options: Partial<CommandRunnerOptions> = {}): CommandRunner =>
      new CommandRunner({
        cwd: directory,
        env: {},
        scratchDir: scratch,
        prefix: [],
        spawner,
        onLost: (exit) => lost.push(exit),
        ...options,
      });
    const run = (command: string, options: Partial<CommandSpec> = {}): Promise<CommandOutcome> =>
      runner.run({ command, returns: 'stdout', ...options });
    const inDirectory = (name: string): string => join(directory, name);

    beforeEach(async () => {
      directory = await mkdtemp(join(tmpdir(), 'flotilla-command-'));
      scratch = join(directory, 'scratch');
      lost = [];
      runner = make();
    });

    afterEach(async () => {
      await runner.close();
      const left = await readdir(scratch).catch(() => []);
      await rm(directory, { recursive: true, force: true });
      expect(left, 'files left in the scratch directory').to.deep.equal([]);
      expect(lost, 'helpers lost').to.deep.equal([]);
    });

    if (spawner !== 'node') {
      it('tells CPU time and peak memory, those of all that the command waited for', async () => {
        const { usage, durationUs } = await run('head -c 60000000 /dev/zero | sort >/dev/null');
        expect(usage?.cpuMs).to.be.within(5, durationUs / 500 + 50);
        expect(usage?.peakMemoryKiB).to.be.within(55_000, 400_000);
      });
    }

    describe('how a command ends', () => {
      const rows: readonly [string, number | null, string | null][] = [
        ['true', 0, null],
        ['false', 1, null],
        ['exit 0', 0, null],
        ['exit 15', 15, null],
        ['exit 137', 137, null],
        ['exit 255', 255, null],
        ['kill -9 $$', null, 'SIGKILL'],
        ['kill -TERM $$', null, 'SIGTERM'],
        ['kill -SEGV $$', null, 'SIGSEGV'],
        ['sh -c "kill -9 \\$\\$"; exit $?', 137, null],
        ['no-such-program-here', 127, null],
        ['no-such-program-here; true', 0, null],
      ];
      for (const [command, exitCode, signal] of rows) {
        it(`reports \`${command}\` as ${signal ?? `exit ${exitCode}`}`, async () => {
          const outcome = await run(command);
          expect(outcome).to.include({ exitCode, signal });
          expect(outcome.failure).to.equal(undefined);
        });
      }

      it('reports 126 and 127 with the words of a shell', async () => {
        await writeFile(inDirectory('plain.txt'), 'no program');
        expect(await run('./plain.txt')).to.include({ exitCode: 126 });
        expect((await run('./plain.txt')).stderrTail).to.include('Permission denied');
        expect((await run('no-such-program-here x')).stderrTail).to.include('no-such-program-here: command not found');
      });

      it('runs a script without #! in bash, as a shell would', async () => {
        await writeFile(inDirectory('script'), '[[ $BASH_VERSION ]] && echo "bash $1"');
        await chmod(inDirectory('script'), 0o755);
        expect((await run('./script one')).stdout.toString()).to.equal('bash one\n');
      });

      it('measures start and duration', async () => {
        const before = Date.now();
        const { startMs, durationUs } = await run('sleep 0.1');
        expect(startMs).to.be.within(before - 5, Date.now());
        expect(durationUs).to.be.within(95_000, 5_000_000);
      });
    });

    describe('surroundings', () => {
      it('starts in the runner’s directory, or in the one of the command, and says so in PWD', async () => {
        await mkdir(inDirectory('real'));
        await symlink(inDirectory('real'), inDirectory('link'));
        expect((await run('pwd')).stdout.toString().trim()).to.equal(directory);
        for (const command of ['env', 'env;']) {
          const environment = (await run(command, { cwd: inDirectory('link') })).stdout.toString();
          expect(environment.match(/^PWD=.*$/gm), command).to.deep.equal([`PWD=${inDirectory('link')}`]);
        }
      });

      it('shows the runner’s variables and the command’s, which win and are gone for the next', async () => {
        await runner.close();
        runner = make({ env: { SLOT: '3', BOTH: 'runner' } });
        expect((await run('echo $SLOT $BOTH $OWN', { env: { BOTH: 'command', OWN: 'a\nb' } })).stdout.toString()).to.equal(
          '3 command a b\n',
        );
        expect((await run('printenv BOTH')).stdout.toString()).to.equal('runner\n');
        expect((await run('printenv OWN || echo none')).stdout.toString()).to.equal('none\n');
        expect((await run('printenv BOTH', { env: { BOTH: 'direct' } })).stdout.toString()).to.equal('direct\n');
      });

      it('hands on variables that would disturb the helper', async () => {
        await runner.close();
        runner = make({ env: { PERL5OPT: '-Mno_such_module', PERL_UNICODE: 'SDA', NODE_OPTIONS: '--no-such-option' } });
        const { stdout } = await run('echo $PERL5OPT $PERL_UNICODE $NODE_OPTIONS');
        expect(stdout.toString()).to.equal('-Mno_such_module SDA --no-such-option\n');
      });

      it('gives nothing to read, default signals and a group of its own', async () => {
        expect((await run('cat; echo end')).stdout.toString()).to.equal('end\n');
        const status = (await run('grep Sig /proc/self/status')).stdout.toString();
        expect(status)
          .to.match(/SigBlk:\t0+$/m)
          .and.to.match(/SigIgn:\t0+$/m);
        const [pid, group] = (await run('set -- $(cut -d" " -f1,5 /proc/$$/stat); echo $1; echo $2')).stdout.toString().split('\n');
        expect(group).to.equal(pid);
      });

      it('uses the PATH of the command', async () => {
        await mkdir(inDirectory('bin'));
        await writeFile(inDirectory('bin/mine'), '#!/bin/sh\necho mine', { mode: 0o755 });
        const env = { PATH: `${inDirectory('bin')}:${process.env['PATH']}` };
        expect((await run('mine', { env })).stdout.toString()).to.equal('mine\n');
        expect(await run('mine')).to.include({ exitCode: 127 });
      });

      it('lets a shell start-up file and exported functions have their say', async () => {
        await writeFile(inDirectory('start.sh'), 'ls() { echo from start-up; }');
        expect((await run('ls', { env: { BASH_ENV: inDirectory('start.sh') } })).stdout.toString()).to.equal('from start-up\n');
        expect((await run('ls', { env: { 'BASH_FUNC_ls%%': '() { echo exported; }' } })).stdout.toString()).to.equal('exported\n');
      });
    });

    describe('output', () => {
      it('appends or truncates as asked, and makes the directories', async () => {
        const path = inDirectory('a/b/c.out');
        for (const [mode, text] of [
          ['a', 'one'],
          ['a', 'two'],
          ['w', 'three'],
          ['a', 'four'],
        ] as const) {
          await run(`echo ${text}; echo ${text} >&2`, { stdout: [path, mode], stderr: [inDirectory('e/f.err'), mode] });
        }
        expect(await readFile(path, 'utf8')).to.equal('three\nfour\n');
        expect(await readFile(inDirectory('e/f.err'), 'utf8')).to.equal('three\nfour\n');
      });

      it('takes result and tails of an appended file from this command alone', async () => {
        const files = { stdout: [inDirectory('out'), 'a'], stderr: [inDirectory('err'), 'a'] } as const;
        await run('echo before; echo before >&2', files);
        const outcome = await run('echo now; echo wrong >&2; exit 3', files);
        expect(outcome).to.include({ exitCode: 3, stdoutTail: 'now\n', stderrTail: 'wrong\n' });
        expect(outcome.stdout.toString()).to.equal('now\n');
        const large = await run('yes 0123456789abcdef | head -n 8000', files);
        expect(large.stdout.toString()).to.equal('0123456789abcdef\n'.repeat(8000));
      });

      it('opens one file once for stdout and stderr', async () => {
        const both = [inDirectory('both'), 'w'] as const;
        await run('echo 1; echo 2 >&2; echo 3', { stdout: both, stderr: both });
        expect(await readFile(both[0], 'utf8')).to.equal('1\n2\n3\n');
      });

      it('returns 10 MB whole, and the end of it', async () => {
        const { stdout, stdoutTail } = await run('head -c 10000000 /dev/zero | tr "\\0" x; printf END');
        expect(stdout.length).to.equal(10_000_003);
        expect(stdout.subarray(-5).toString()).to.equal('xxEND');
        expect(stdoutTail.length).to.equal(8192);
        expect(stdoutTail.endsWith('xxEND')).to.equal(true);
      });

      for (const bytes of [0, 1, 8191, 8192, 8193, 65535, 65536, 65537]) {
        it(`returns ${bytes} bytes whole`, async () => {
          const { stdout } = await run(`head -c ${bytes} /dev/zero`);
          expect(stdout.equals(Buffer.alloc(bytes))).to.equal(true);
        });
      }

      it('does not read stdout where only the exit code is wanted, but keeps its end', async () => {
        const outcome = await run('echo some; echo more >&2; exit 4', { returns: 'exitCode' });
        expect(outcome.stdout.length).to.equal(0);
        expect(outcome).to.include({ stdoutTail: 'some\n', stderrTail: 'more\n' });
      });

      it('cuts tails between characters', async () => {
        const { stderrTail } = await run('for ((i = 0; i < 4000; i++)); do printf "\\u20ac"; done >&2; printf x >&2; exit 1', {
          env: { LC_ALL: 'C.UTF-8' },
        });
        expect(stderrTail).to.equal(`${'€'.repeat(2730)}x`);
      });

      it('leaves devices alone', async () => {
        const outcome = await run('echo hidden', { stdout: ['/dev/null', 'w'] });
        expect(outcome).to.include({ exitCode: 0, stdoutTail: '' });
      });

      it('says which outputs are missing after an exit with 0', async () => {
        const outputs = [inDirectory('there'), inDirectory('not-there')];
        expect((await run('touch there', { outputs })).failure).to.deep.include({
          kind: 'missing-outputs',
          fields: { missing: [outputs[1]] },
        });
        expect((await run('touch there; exit 1', { outputs })).failure).to.equal(undefined);
        expect((await run('touch there not-there', { outputs })).failure).to.equal(undefined);
      });
    });

    describe('what cannot start', () => {
      const rows: readonly [string, Partial<CommandSpec>, RegExp][] = [
        ['a missing working directory', { cwd: '/no/such/place' }, /working directory \/no\/such\/place \(ENOENT/],
        ['a working directory that is a file', { cwd: '/etc/passwd' }, /\/etc\/passwd \(ENOTDIR/],
        ['a stdout that is a directory', { stdout: ['/tmp', 'w'] }, /'stdout' file \/tmp cannot be opened \(EISDIR/],
        [
          'a stdout where nothing can be made',
          { stdout: ['/proc/none/x', 'w'] },
          /'stdout' file \/proc\/none\/x cannot be opened \(ENOENT/,
        ],
        ['a stderr below a file', { stderr: ['/etc/passwd/x', 'a'] }, /'stderr' file \/etc\/passwd\/x cannot be opened \((ENOTDIR|EEXIST)/],
        ['a NUL byte in the command', { command: 'echo a\0b' }, /command holds a NUL byte/],
        ['a NUL byte in a variable', { env: { X: 'a\0b' } }, /variable X holds a NUL byte/],
        ['a command longer than Linux takes', { command: `true ${'x'.repeat(140_000)}` }, /command of 140005 bytes .* too long .*E2BIG/],
        ['a PATH without bash', { command: 'true;', env: { PATH: '/no/such/place' } }, /bash cannot be executed \(ENOENT/],
      ];
      for (const [what, options, message] of rows) {
        it(`refuses ${what}, naming it, and goes on`, async () => {
          const outcome = await run('echo never', options);
          expect(outcome).to.include({ exitCode: null, signal: null });
          expect(outcome.failure).to.include({ kind: 'bash', name: 'BashExitError' });
          expect(outcome.failure?.message).to.match(message);
          expect((await run('echo next')).stdout.toString()).to.equal('next\n');
        });
      }

      it('refuses a named pipe, which would wait for a reader', async () => {
        await run('mkfifo pipe');
        expect((await run('echo x', { stdout: [inDirectory('pipe'), 'w'] })).failure?.message).to.match(
          /pipe cannot be opened \(ENXIO.*within the command/,
        );
      });
    });

    describe('what a command leaves behind', () => {
      it('does not wait for a background child that holds the output open, and ends it', async () => {
        const started = performance.now();
        const { stdout } = await run('sleep 1000 & echo $!');
        expect(performance.now() - started).to.be.below(5000);
        await gone(Number(stdout));
      });

      it('kills, after the grace, a background child that ignores TERM, while the next command runs', async () => {
        const { stdout } = await run('(trap "" TERM; echo > ready; while :; do sleep 1; done) & until [ -e ready ]; do :; done; echo $!', {
          killGraceMs: 300,
        });
        const pid = Number(stdout);
        expect((await run('echo next')).stdout.toString()).to.equal('next\n');
        expect(isRunning(pid)).to.equal(true);
        await gone(pid);
      });

      it('ends a background child that ignores TERM when it closes', async () => {
        const { stdout } = await run('(trap "" TERM; echo > ready; while :; do sleep 1; done) & until [ -e ready ]; do :; done; echo $!');
        expect(isRunning(Number(stdout))).to.equal(true);
        await runner.close();
        await gone(Number(stdout));
      });
    });

    describe('kill', () => {
      const grandchild = 'bash -c "sleep 1000; true" & echo $! > child; wait; true';

      it('signals the whole group', async () => {
        const outcome = run(grandchild);
        const child = await numberIn(inDirectory('child'));
        runner.kill('SIGTERM');
        expect(await outcome).to.include({ exitCode: null, signal: 'SIGTERM' });
        await gone(child);
      });

      it('lets a command handle TERM, and ends it with KILL', async () => {
        const outcome = run('trap "echo handled > handled" TERM; echo > ready; while :; do sleep 0.05; done');
        await eventually('the trap', () => existsSync(inDirectory('ready')));
        runner.kill('SIGTERM');
        await eventually('the handler', () => existsSync(inDirectory('handled')));
        runner.kill('SIGKILL');
        expect(await outcome).to.include({ exitCode: null, signal: 'SIGKILL' });
      });

      it('leaves alone what has left the group', async () => {
        const outcome = run('setsid sleep 1000 & echo $! > child; wait; true');
        const child = await numberIn(inDirectory('child'));
        await eventually('setsid', () => groupOf(child) === child);
        runner.kill('SIGTERM');
        expect(await outcome).to.include({ signal: 'SIGTERM' });
        expect(isRunning(child)).to.equal(true);
        process.kill(child, 'SIGKILL');
        await gone(child);
      });

      it('reaches a command that has only just been asked for', async () => {
        for (let round = 0; round < 20; round++) {
          const outcome = run('sleep 1000; true');
          runner.kill('SIGTERM');
          expect(await outcome).to.include({ signal: 'SIGTERM' });
        }
      });

      it('is harmless when nothing runs', async () => {
        runner.kill('SIGKILL');
        await run('true');
        runner.kill('SIGKILL');
        expect(await run('true')).to.include({ exitCode: 0 });
      });
    });

    describe('when the helper dies', () => {
      it('rejects with a worker-lost error, ends the command, and starts another helper', async () => {
        const outcome = run('(sleep 1000; true) & echo $! > child; echo partial; wait; true').catch((error: unknown) => error);
        const child = await numberIn(inDirectory('child'));
        const helper = runner.pid ?? 0;
        process.kill(helper, 'SIGKILL');
        const error = await outcome;
        expect(error).to.be.instanceOf(CommandRunnerLostError);
        expect((error as CommandRunnerLostError).wireError).to.deep.include({ kind: 'worker-lost', name: 'WorkerLost' });
        expect((error as CommandRunnerLostError).exit).to.include({ exitCode: null, signal: 'SIGKILL' });
        await gone(child);
        expect(lost.splice(0).map(({ signal }) => signal)).to.deep.equal(['SIGKILL']);
        expect((await run('echo again')).stdout.toString()).to.equal('again\n');
        expect(runner.pid).to.not.equal(helper);
      });

      it('says so also when nothing ran', async () => {
        await run('true');
        process.kill(runner.pid ?? 0, 'SIGKILL');
        await eventually('the loss', () => lost.length > 0);
        expect(lost.splice(0)[0]).to.include({ signal: 'SIGKILL' });
        expect(await run('true')).to.include({ exitCode: 0 });
      });

      it('ends the command when the helper gets TERM', async () => {
        const outcome = run('sleep 1000 & echo $! > child; wait; true').catch((error: unknown) => error);
        const child = await numberIn(inDirectory('child'));
        process.kill(runner.pid ?? 0, 'SIGTERM');
        expect(((await outcome) as CommandRunnerLostError).exit).to.include({ exitCode: 143 });
        await gone(child);
        lost.splice(0);
      });
    });

    describe('the end', () => {
      it('ends the command at hand, its group and the helper on close', async () => {
        const outcome = run('sleep 1000 & echo $! > child; trap "" TERM; while :; do sleep 0.1; done').catch((error: unknown) => error);
        const child = await numberIn(inDirectory('child'));
        const helper = runner.pid ?? 0;
        await runner.close();
        expect(((await outcome) as Error).message).to.match(/closed before the command had ended/);
        await gone(child);
        expect(isRunning(helper)).to.equal(false);
      });

      it('kills all at once with killNow', async () => {
        const outcome = run('sleep 1000 & echo $! > child; trap "" TERM; while :; do sleep 0.1; done').catch((error: unknown) => error);
        const child = await numberIn(inDirectory('child'));
        const helper = runner.pid ?? 0;
        runner.killNow();
        expect(await outcome).to.be.instanceOf(CommandRunnerLostError);
        await gone(child);
        await gone(helper);
      });

      it('leaves nothing when the supervisor is killed', async () => {
        const source = `import { CommandRunner } from ${JSON.stringify(RUNNER_URL)};
          import { writeFileSync } from 'node:fs';
          const runner = new CommandRunner({ cwd: ${JSON.stringify(directory)}, env: {}, scratchDir: ${JSON.stringify(scratch)}, prefix: [],
            spawner: '${spawner}', onLost() {} });
          void runner.run({ command: 'sleep 1000 & echo $! > child; trap "" TERM; while :; do sleep 0.1; done', returns: 'stdout' });
          writeFileSync('${directory}/helper', String(runner.pid));`;
        const supervisor = spawn(process.execPath, ['--input-type=module', '-e', source], { stdio: 'inherit' });
        const child = await numberIn(inDirectory('child'));
        const helper = await numberIn(inDirectory('helper'));
        supervisor.kill('SIGKILL');
        await once(supervisor, 'exit');
        await gone(child);
        await gone(helper);
        await eventually('an empty scratch directory', () => isEmpty(scratch));
      });

      it('does not keep an idle process alive', async () => {
        const source = `import { CommandRunner } from ${JSON.stringify(RUNNER_URL)};
          const runner = new CommandRunner({ cwd: '/', env: {}, scratchDir: ${JSON.stringify(scratch)}, prefix: [],
            spawner: '${spawner}', onLost() {} });
          console.log((await runner.run({ command: 'echo done', returns: 'stdout' })).stdout.toString());`;
        const script = spawn(process.execPath, ['--input-type=module', '-e', source], { stdio: ['ignore', 'inherit', 'inherit'] });
        const [code] = await once(script, 'exit');
        expect(code).to.equal(0);
        await eventually('an empty scratch directory', () => isEmpty(scratch));
      });

      it('refuses commands after the close', async () => {
        await runner.close();
        expect(await run('true').catch((error: unknown) => error)).to.be.instanceOf(CommandRunnerLostError);
      });
    });

    it('puts the prefix before the helper', async () => {
      await runner.close();
      runner = make({ prefix: ['taskset', '-c', '0'] });
      expect((await run('grep Cpus_allowed_list /proc/self/status')).stdout.toString()).to.match(/\t0\n/);
    });

    it('says why when the prefix is no program', async () => {
      const broken = make({ prefix: ['/no/such/program'] });
      const error = await broken.run({ command: 'true', returns: 'exitCode' }).catch((caught: unknown) => caught);
      expect((error as Error).message).to.match(/\/no\/such\/program/);
      expect(lost.splice(0).length).to.equal(1);
    });
  });
}
