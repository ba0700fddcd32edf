/** Behaviours 20–25: bash. */
import { existsSync, mkdirSync } from 'node:fs';
import { chmod, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'chai';
import fc from 'fast-check';
import {
  bashApp,
  BashExitError,
  DefinitionError,
  file,
  InvalidOptionError,
  jsApp,
  MissingOutputsError,
  pythonApp,
  sh,
} from '../../index.ts';
import { type ExecutorUnderTest, failureOf, useKernel } from '../support/kernel.ts';

const run = bashApp((command: string) => command, { name: 'run' });
const text = bashApp((command: string) => command, { name: 'text', returns: 'stdout' });

export function describeBash(executor: ExecutorUnderTest): void {
  const place = useKernel(executor);

  describe('the end of a command', () => {
    it('is 0, or an error with its exit code, its command and the ends of its output', async () => {
      expect(await run('true')).to.equal(0);
      const error = await failureOf<BashExitError>(run('echo to stdout; echo to stderr >&2; exit 15'));
      expect(error).to.be.instanceOf(BashExitError);
      expect(error).to.include({ exitCode: 15, signal: null, command: 'echo to stdout; echo to stderr >&2; exit 15' });
      expect(error.stdoutTail).to.equal('to stdout\n');
      expect(error.stderrTail).to.equal('to stderr\n');
      expect(error.message).to.include('exited with 15').and.include('to stderr');
    });

    it('is 127 for a program that is not there, and says so', async () => {
      const error = await failureOf<BashExitError>(run('no-such-program --flag'));
      expect(error.exitCode).to.equal(127);
      expect(error.message).to.include('not found');
    });

    it('is 126 for a file that is not executable, and says so', async () => {
      const script = place.path('plain.sh');
      await writeFile(script, '#!/bin/sh\ntrue\n');
      await chmod(script, 0o644);
      const error = await failureOf<BashExitError>(run(script));
      expect(error.exitCode).to.equal(126);
      expect(error.message).to.include('not executable');
    });

    it('names the signal that ended it', async () => {
      const error = await failureOf<BashExitError>(run('kill -SEGV $$'));
      expect(error).to.include({ exitCode: null, signal: 'SIGSEGV' });
      expect(error.message).to.include('SIGSEGV');
    });

    it('costs retries like any failure', async () => {
      const log = place.path('tries');
      const future = run.with({ retries: 2 })(`echo x >> ${log}; [ $(wc -l < ${log}) = 3 ]`);
      expect(await future).to.equal(0);
      expect(future.tries.map(({ outcome }) => outcome)).to.deep.equal(['failed', 'failed', 'done']);
    });
  });

  describe('returns', () => {
    it('stdout, its lines, or JSON', async () => {
      expect(await bashApp(() => 'echo one; echo two', { returns: 'stdout' })()).to.equal('one\ntwo\n');
      expect(await bashApp(() => 'echo one; echo; echo two', { returns: 'lines' })()).to.deep.equal(['one', '', 'two']);
      expect(await bashApp(() => `echo '{"n": [1, 2.5, null]}'`, { returns: 'json' })()).to.deep.equal({ n: [1, 2.5, null] });
    });

    it('says what it saw where stdout is no JSON', async () => {
      const error = await failureOf(bashApp(() => 'echo nonsense', { returns: 'json' })());
      expect(error).to.be.instanceOf(BashExitError);
      expect(error.message).to.include('nonsense').and.include('not JSON');
    });

    it('a stdout of several megabytes whole', async () => {
      const output = await bashApp(() => 'head -c 3000000 /dev/zero | tr "\\0" x', { returns: 'stdout' })();
      expect(output.length).to.equal(3_000_000);
    });
  });

  describe('stdout and stderr', () => {
    it('append by default', async () => {
      const path = place.path('appended');
      await run.with({ stdout: path })('echo one');
      await run.with({ stdout: path })('echo two');
      expect(await readFile(path, 'utf8')).to.equal('one\ntwo\n');
    });

    it("are begun anew with [path, 'w']", async () => {
      const path = place.path('renewed');
      await run.with({ stdout: [path, 'w'] })('echo one');
      await run.with({ stdout: [path, 'w'] })('echo two');
      expect(await readFile(path, 'utf8')).to.equal('two\n');
    });

    it('make the folder that they lie in, and may be one file', async () => {
      const path = place.path('deep/down/both');
      await run.with({ stdout: path, stderr: path })('echo out; echo err >&2; echo out');
      expect(await readFile(path, 'utf8')).to.equal('out\nerr\nout\n');
    });

    it('are refused where they make no sense', () => {
      for (const stdout of [['x', 'r'], 7, ['x', 'w', 'a'], '', 'https://host/x']) {
        expect(() => run.with({ stdout: stdout as string }), JSON.stringify(stdout)).to.throw(InvalidOptionError, /'stdout'/);
      }
    });

    it("land in the run directory under a predictable name with 'auto'", async () => {
      const future = run.with({ stdout: 'auto', stderr: 'auto' })('echo kept; echo aside >&2');
      await future;
      const folder = join(place.kernel.runDir, 'task_logs', '0000');
      const id = String(future.taskId).padStart(5, '0');
      expect(future.stdout).to.equal(join(folder, `task_${id}_run.stdout`));
      expect(future.stderr).to.equal(join(folder, `task_${id}_run.stderr`));
      expect(await readFile(String(future.stdout), 'utf8')).to.equal('kept\n');
      expect(await readFile(String(future.stderr), 'utf8')).to.equal('aside\n');
    });

    it('hold the output of JavaScript and Python apps as well', async () => {
      const path = place.path('spoken');
      const speak = jsApp(
        () => {
          console.log('from JavaScript');
          console.error('to stderr');
        },
        { name: 'speak' },
      );
      await speak.with({ stdout: path, stderr: place.path('spoken.err') })();
      await pythonApp('def speak():\n    print("from Python")').with({ stdout: path })();
      expect(await readFile(path, 'utf8')).to.equal('from JavaScript\nfrom Python\n');
      expect(await readFile(place.path('spoken.err'), 'utf8')).to.equal('to stderr\n');
    });

    it('are named in the error of a command that fails', async () => {
      const path = place.path('failed.err');
      const error = await failureOf<BashExitError>(run.with({ stderr: path })('echo the reason >&2; exit 1'));
      expect(error.stderr).to.equal(path);
      expect(error.stderrTail).to.equal('the reason\n');
    });
  });

  describe('outputs', () => {
    it('are futures of files, which arrive as paths', async () => {
      const path = place.path('made');
      const maker = run.with({ outputs: [path] })(`sleep 0.1; echo content > ${path}`);
      const [made] = maker.outputs;
      if (!made) throw new Error('no output');
      const read = bashApp((input: { path: string }) => sh`cat ${input.path}`, { returns: 'stdout', name: 'read' });
      expect(await read(made)).to.equal('content\n');
      expect((await made).path).to.equal(path);
    });

    it('are waited for as inputs too', async () => {
      const path = place.path('waited');
      const maker = run.with({ outputs: [path] })(`sleep 0.1; echo content > ${path}`);
      expect(await text.with({ inputs: maker.outputs })(`cat ${path}`)).to.equal('content\n');
    });

    it('that are missing are an error, for each kind of app', async () => {
      const path = place.path('never-made');
      const makers = [
        run.with({ outputs: [path] })('true'),
        jsApp(() => 1).with({ outputs: [path] })(),
        pythonApp('def f():\n    pass').with({ outputs: [path] })(),
      ];
      for (const maker of makers) {
        const error = await failureOf<MissingOutputsError>(maker);
        expect(error).to.be.instanceOf(MissingOutputsError);
        expect(error.missing).to.deep.equal([path]);
        expect(error.message).to.include(path);
      }
    });

    it('that fail count as seen once the file was asked for', async () => {
      const maker = run.with({ outputs: [place.path('unmade')] })('exit 1');
      const [output] = maker.outputs;
      if (!output) throw new Error('no output');
      await failureOf(output);
      expect(place.kernel.unobservedFailures().map(({ taskId }) => taskId)).not.to.include(maker.taskId);
    });
  });

  describe('sh`…`', () => {
    it('passes each interpolation as one word, whatever is in it', async () => {
      const show = bashApp((...words: string[]) => sh`printf '%s\0' ${words}`, { returns: 'stdout', name: 'show' });
      const nasty = [
        '',
        ' ',
        "it's",
        '"',
        '$HOME',
        '`id`',
        '$(id)',
        'a\nb',
        '\\',
        '*',
        '~',
        '!!',
        ';ls',
        '-n',
        'é😀',
        "'\"'",
        '#',
        '&',
        '\t',
      ];
      expect((await show(...nasty)).split('\0').slice(0, -1)).to.deep.equal(nasty);
    });

    it('does so for any words at all', async function () {
      this.timeout(20_000);
      const show = bashApp((word: string) => sh`printf %s ${word}`, { returns: 'stdout', name: 'show' });
      const word = fc.string({ unit: fc.constantFrom(...'ab \'"\\$`!*?[]{}()<>|&;#~\n\t=%-é😀') });
      await fc.assert(
        fc.asyncProperty(word, async (value) => (await show(value)) === value),
        { numRuns: 60 },
      );
    });

    it('takes numbers, files and arrays', async () => {
      const show = bashApp(() => sh`echo ${1.5} ${file('/tmp/a b')} ${[1, 'two words']}`, { returns: 'stdout', name: 'show' });
      expect(await show()).to.equal('1.5 /tmp/a b 1 two words\n');
    });
  });

  describe('where a task runs', () => {
    it("is the driver's working directory, where relative paths are looked for as well", async () => {
      const here = process.cwd();
      mkdirSync(place.path('work'));
      process.chdir(place.path('work'));
      const future = run.with({ stdout: 'a.out' })('pwd');
      process.chdir(here);
      await future;
      expect(await readFile(place.path('work/a.out'), 'utf8')).to.equal(`${place.path('work')}\n`);
      expect(await text('pwd'), 'and no other than that of the call').to.equal(`${here}\n`);
    });

    it('is what cwd says', async () => {
      mkdirSync(place.path('elsewhere'));
      expect(await text.with({ cwd: place.path('elsewhere') })('pwd')).to.equal(`${place.path('elsewhere')}\n`);
      expect(
        await pythonApp<[], string>('def where():\n    import os\n    return os.getcwd()').with({ cwd: place.path('elsewhere') })(),
      ).to.equal(place.path('elsewhere'));
    });

    it('is an empty directory of its own in the run directory with sandbox', async () => {
      const [first, second] = await Promise.all([1, 2].map(() => text.with({ sandbox: true })('pwd; ls -A; touch left')));
      expect(first).to.match(new RegExp(`^${place.kernel.runDir}/sandboxes/task_\\d+_1\n$`));
      expect(second).not.to.equal(first);
    });

    it('is an error where it is not there, and names it', async () => {
      const error = await failureOf(run.with({ cwd: place.path('nowhere') })('true'));
      expect(error.message).to.include(place.path('nowhere'));
    });

    if (executor.hasProcesses) {
      it('holds for JavaScript apps too', async () => {
        mkdirSync(place.path('of-js'));
        const where = jsApp(() => process.cwd(), { name: 'where' });
        expect(await where()).to.equal(process.cwd());
        expect(await where.with({ cwd: place.path('of-js') })()).to.equal(place.path('of-js'));
        expect(await where(), 'the next one').to.equal(process.cwd());
        expect(await where.with({ sandbox: true })()).to.include('/sandboxes/');
      });

      it('is an error of the call where it is not there, in JavaScript as in Python', async () => {
        const cwd = place.path('nowhere');
        const where = jsApp(() => process.cwd(), { name: 'where', cwd, retries: 2 });
        const pythonWhere = pythonApp<[], string>('def where():\n    return 1').with({ cwd, retries: 2 });
        for (const moved of [where(), pythonWhere()]) {
          const error = await failureOf(moved);
          expect(error).to.be.instanceOf(DefinitionError);
          expect(error.message)
            .to.include(`the directory of the task, ${cwd}, cannot be entered: `)
            .and.include("; make it first, or name another with 'cwd'");
          expect(moved.tries, 'another try would fail the same way').to.have.length(1);
        }
      });

      it('that an app changes does not show in the next', async () => {
        const leave = jsApp(() => process.chdir('/'), { name: 'leave' });
        const where = jsApp(() => process.cwd(), { name: 'where' });
        for (let i = 0; i < 4; i++) await leave();
        expect(new Set(await Promise.all([where(), where(), where(), where()]))).to.deep.equal(new Set([process.cwd()]));
      });
    } else {
      it('cannot be changed by a JavaScript app, which is told what to do', async () => {
        const where = jsApp(() => process.cwd(), { name: 'where' });
        const moved = where.with({ cwd: place.dir, retries: 2 })();
        const error = await failureOf(moved);
        expect(error).to.be.instanceOf(DefinitionError);
        expect(error.message).to.include('a thread cannot change directory').and.include('HighThroughputExecutor');
        expect(moved.tries, 'another try would fail the same way').to.have.length(1);
        expect(await failureOf(where.with({ sandbox: true })()))
          .to.have.property('message')
          .that.includes('HighThroughputExecutor');
        expect(await where()).to.equal(process.cwd());
      });
    }
  });

  describe('the environment', () => {
    it('has what env says, for that task only', async () => {
      expect(await text.with({ env: { SPICE: 'pepper and salt' } })('echo $SPICE')).to.equal('pepper and salt\n');
      expect(await text('echo [$SPICE]')).to.equal('[]\n');
    });

    it('that an app changes does not show in the next', async () => {
      const spoil = jsApp(
        () => {
          process.env['SPOILT'] = 'yes';
          delete process.env['HOME'];
        },
        { name: 'spoil' },
      );
      const look = jsApp(() => [process.env['SPOILT'] ?? 'clean', process.env['HOME'] ?? 'gone'], { name: 'look' });
      for (let i = 0; i < 4; i++) await spoil();
      const seen = await Promise.all([look(), look(), look(), look()]);
      expect(seen).to.deep.equal(seen.map(() => ['clean', process.env['HOME']]));
      const spoilPython = pythonApp('def spoil():\n    import os\n    os.environ["SPOILT"] = "yes"\n    os.chdir("/")');
      const lookPython = pythonApp<[], unknown>('def look():\n    import os\n    return [os.environ.get("SPOILT", "clean"), os.getcwd()]');
      for (let i = 0; i < 4; i++) await spoilPython();
      expect(await lookPython()).to.deep.equal(['clean', process.cwd()]);
    });

    it('names the task, its try and its worker', async () => {
      const future = text('echo $FLOTILLA_TASK_ID $FLOTILLA_TRY $FLOTILLA_WORKER_COUNT $FLOTILLA_WORKER_RANK');
      expect(await future).to.match(new RegExp(`^${place.kernel.runId}\\.${future.taskId} 1 2 [01]\n$`));
    });
  });

  it('leaves nothing in the background behind', async () => {
    const mark = place.path('background');
    await run(`(sleep 0.4; touch ${mark}) & true`);
    expect(existsSync(mark)).to.equal(false);
  });

  it('fails with what its body throws, and for what is no command', async () => {
    expect(
      await failureOf(
        bashApp((): string => {
          throw new RangeError('in the body');
        })(),
      ),
    ).to.be.instanceOf(RangeError);
    expect((await failureOf(bashApp(() => '  ', { name: 'blank' })())).message).to.match(
      /task \d+ \(blank\): the body of a bashApp returns the command/,
    );
  });
}
