import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import type { StoredValue } from '../../../lib/task-spec.ts';
import { decodePython, encodePython, type PythonValue } from '../../../lib/wire/python-codec.ts';
import { ResultStatus } from '../../../lib/wire/records.ts';
import { unpackEnvelope } from '../../support/python-worker.ts';
import { ECHO, usePythonWorker } from './python-bench.ts';

describe('a Python worker, around its tasks,', function () {
  this.timeout(60_000);
  const at = usePythonWorker();

  describe('ends with the app:', () => {
    it('os._exit is seen as its code', async () => {
      at.worker.send([{ fnId: at.worker.define({ form: 'source', source: 'import os\ndef f(): os._exit(9)', function: 'f' }) }]);
      expect(await at.worker.end).to.deep.equal({ code: 9, signal: null });
    });

    it('a segmentation fault is seen as its signal, with a traceback in stderr', async () => {
      at.worker.send([
        { fnId: at.worker.define({ form: 'source', source: 'import ctypes\ndef f(): ctypes.string_at(0)', function: 'f' }) },
      ]);
      expect(await at.worker.end).to.deep.equal({ code: null, signal: 'SIGSEGV' });
      expect(at.worker.stderr).to.match(/Segmentation fault[^]*in f/);
    });

    it('a child that an app forks does not hold the stream open, nor goes on as a worker', async () => {
      const source =
        'import os, time\ndef f(pause):\n  pid = os.fork()\n  if pid == 0:\n    time.sleep(pause)\n    return "child"\n  return pid';
      const quick = await at.worker.call(`${source.replace('return pid', 'return os.waitpid(pid, 0)[1]')}`, [0]);
      expect(quick).to.equal(0);
      const pid = (await at.worker.call(source, [600])) as number;
      try {
        at.worker.process.kill('SIGKILL');
        // The end of the link is what supervisors wait for; 'exit' comes before it.
        await new Promise((resolve) => at.worker.process.stdio[3]?.once('close', resolve));
      } finally {
        process.kill(pid, 'SIGKILL');
      }
      await at.worker.end;
    });
  });

  describe('gives each task surroundings of its own:', () => {
    const WHERE = 'import os\ndef f(): return [os.getcwd(), dict(os.environ)]';

    it('starts where it was started, whatever the task before did to directory and environment', async () => {
      const fnId = at.worker.define({ form: 'source', source: WHERE, function: 'f' });
      const [cwd, environ] = (await at.worker.value({ fnId })) as [string, Record<string, string>];
      expect(cwd).to.equal(at.home);
      await at.worker.call(
        'import os\ndef f():\n  os.chdir("/")\n  os.environ.update(NEW="1", HOME="/x")\n  del os.environ["PATH"]\n  os.environ = {}',
      );
      expect(await at.worker.value({ fnId })).to.deep.equal([cwd, environ]);
      expect(
        await at.worker.call('import subprocess\ndef f(): return subprocess.check_output("echo $HOME-$NEW", shell=True)'),
      ).to.deep.equal(Buffer.from(`${process.env.HOME}-\n`));
    });

    it('also after a task that failed', async () => {
      await at.worker.callError('import os\ndef f():\n  os.chdir("/")\n  os.environ["NEW"] = "1"\n  raise ValueError()');
      expect(await at.worker.call('import os\ndef f(): return [os.getcwd(), os.environ.get("NEW")]')).to.deep.equal([at.home, null]);
    });

    it('keeps what a module sets when it is loaded for the tasks of that function, and for no other', async () => {
      const fnId = at.worker.define({
        form: 'source',
        source: 'import os\nos.environ["OMP"] = "1"\ndef f(): return os.environ.get("OMP")',
        function: 'f',
      });
      expect(await at.worker.value({ fnId })).to.equal('1');
      expect(await at.worker.call('import os\ndef f(): return os.environ.get("OMP")')).to.equal(null);
      expect(await at.worker.value({ fnId })).to.equal('1');
    });

    it('applies cwd and env of the task', async () => {
      const context = { cwd: at.folder, env: { GREETING: 'hi' } };
      expect(await at.worker.call('import os\ndef f(): return [os.getcwd(), os.environ["GREETING"]]', [], { context })).to.deep.equal([
        at.folder,
        'hi',
      ]);
      expect(await at.worker.call('import os\ndef f(): return [os.getcwd(), os.environ.get("GREETING")]')).to.deep.equal([at.home, null]);
    });

    it('makes a sandbox and starts the task in it', async () => {
      const sandbox = join(at.folder, 'deep/sandbox');
      expect(
        await at.worker.call('import os\ndef f():\n  open("made", "w").close()\n  return os.getcwd()', [], { context: { sandbox } }),
      ).to.equal(sandbox);
      expect(readdirSync(sandbox)).to.deep.equal(['made']);
    });

    it('names the task and the try to it and to what it starts', async () => {
      const source =
        'import os, subprocess\ndef f(): return [os.environ["FLOTILLA_TRY"], subprocess.check_output("echo $FLOTILLA_TASK_ID", shell=True).decode()]';
      expect(await at.worker.call(source, [], { taskId: 12, tryNumber: 3 })).to.deep.equal(['3', 'run.12\n']);
    });

    it('fails a task that cannot have what it asks for', async () => {
      const error = await at.worker.callError(ECHO, [1], { context: { cwd: '/nowhere' } });
      expect(error.message).to.match(
        /^the directory of the task, \/nowhere.*, cannot be entered: No such file or directory; make it first, or name another with 'cwd'$/,
      );
      const blocked = at.write('file', '');
      expect((await at.worker.callError(ECHO, [1], { context: { stdout: [join(blocked, 'out'), 'w'] } })).message).to.match(
        /stdout or stderr/,
      );
      expect(await at.worker.call(ECHO, [1])).to.equal(1);
    });
  });

  describe('sends output where it belongs:', () => {
    const PRINT =
      'import os, sys, subprocess\ndef f(text):\n  print(text)\n  print("err " + text, file=sys.stderr)\n  subprocess.run(["echo", "child " + text])';
    const read = (name: string): string => readFileSync(join(at.folder, name), 'utf8');

    it('to its own stdout and stderr by default, never into the protocol', async () => {
      await at.worker.call(PRINT, ['one']);
      await at.worker.shutdown();
      expect(at.worker.stdout).to.equal('one\nchild one\n');
      expect(at.worker.stderr).to.equal('err one\n');
    });

    it('to the files of the task, with what its children and native code print', async () => {
      const stdout = join(at.folder, 'new/folder/out');
      const fnId = at.worker.define({
        form: 'source',
        function: 'f',
        source: `${PRINT}\n  import ctypes\n  ctypes.CDLL(None).printf(b"native\\n")`,
      });
      const context = { stdout: [stdout, 'a'], stderr: [join(at.folder, 'err'), 'w'] } as const;
      await at.worker.value({ fnId, args: ['one'], context });
      await at.worker.value({ fnId, args: ['two'], context });
      expect(read('new/folder/out')).to.equal('one\nchild one\nnative\ntwo\nchild two\nnative\n');
      expect(read('err')).to.equal('err two\n');
      await at.worker.call('def f(): print("after")');
      await at.worker.shutdown();
      expect(at.worker.stdout).to.equal('after\n');
    });

    it('to one file where stdout and stderr are the same', async () => {
      await at.worker.call(PRINT, ['x'], { context: { stdout: [join(at.folder, 'both'), 'w'], stderr: [join(at.folder, 'both'), 'w'] } });
      expect(read('both').split('\n').toSorted()).to.deep.equal(['', 'child x', 'err x', 'x']);
    });

    it('also where an app replaces sys.stdout', async () => {
      await at.worker.call('import io, sys\ndef f(): sys.stdout = io.StringIO()');
      await at.worker.call('def f(): print("seen")');
      await at.worker.shutdown();
      expect(at.worker.stdout).to.equal('seen\n');
    });

    it('line by line, so that a killed task leaves what it printed', async () => {
      const out = join(at.folder, 'out');
      at.worker.send([
        {
          fnId: at.worker.define({
            form: 'source',
            source: 'import os\ndef f():\n  print("last words")\n  os.kill(os.getpid(), 9)',
            function: 'f',
          }),
          context: { stdout: [out, 'w'] },
        },
      ]);
      await at.worker.end;
      expect(read('out')).to.equal('last words\n');
    });
  });

  describe('with a store:', () => {
    const stored = (key: string, body: Buffer): StoredValue => {
      writeFileSync(key, body);
      return { store: 'file', key, size: body.length };
    };

    it('puts large results there and sends where they are', async () => {
      const store = join(at.folder, 'store');
      await at.restart({ FLOTILLA_STORE: store, FLOTILLA_INLINE_LIMIT: '1000' });
      const fnId = at.worker.define({ form: 'source', source: 'def f(n): return "x" * n', function: 'f' });
      const [small, large] = await at.worker.run([
        { fnId, args: [900] },
        { fnId, args: [2000] },
      ]);
      expect(small && decodePython(small.body)).to.equal('x'.repeat(900));
      expect(large?.body[0]).to.equal(3);
      const { store: kind, key, size } = unpackEnvelope(large?.body.subarray(1) ?? Buffer.alloc(0)) as StoredValue;
      expect([kind, readdirSync(store).map((name) => join(store, name))]).to.deep.equal(['file', [key]]);
      expect(readFileSync(key).length).to.equal(size);
      expect(decodePython(readFileSync(key))).to.equal('x'.repeat(2000));
    });

    it('sends a large result itself where there is no room for it', async () => {
      await at.restart({ FLOTILLA_STORE: at.write('blocked', ''), FLOTILLA_INLINE_LIMIT: '10' });
      expect(await at.worker.call('def f(): return list(range(5000))')).to.have.length(5000);
    });

    it('reads arguments from it, in both encodings', async () => {
      const python = stored(join(at.folder, 'a'), encodePython({ at: new Date(0), n: 5 }));
      const plain = stored(join(at.folder, 'b'), Buffer.concat([Buffer.of(0), Buffer.from([0x92, 0x01, 0xa1, 0x78])]));
      const refs = [
        { at: [0, 0, 'x'], value: python },
        { at: [1, 'k'], value: plain },
      ];
      expect(
        await at.worker.call('def f(a, k): return [a["x"]["n"], k]', [{ x: null }], { kwargs: { k: null }, context: { refs } }),
      ).to.deep.equal([5, [1, 'x']]);
      const whole = stored(join(at.folder, 'c'), encodePython([[1, 2], {}]));
      expect(await at.worker.call('def f(a, b): return a + b', [], { context: { refs: [{ at: [], value: whole }] } })).to.equal(3);
    });

    it('reads there what another Python app has put', async () => {
      const store = join(at.folder, 'store');
      await at.restart({ FLOTILLA_STORE: store, FLOTILLA_INLINE_LIMIT: '100' });
      const fnId = at.worker.define({
        form: 'source',
        source: 'class M:\n  v = (1, "y" * 500)\ndef f(): return [M(), (1, 2), M.v]',
        function: 'f',
      });
      const value = unpackEnvelope((await at.worker.runOne({ fnId })).body.subarray(1)) as StoredValue;
      const context = { refs: [{ at: [0, 0], value }] };
      expect(await at.worker.call('def f(v): return [v[0].v[0], type(v[1]).__name__]', [null], { context })).to.deep.equal([1, 'list']);
    });

    it('says which argument cannot be read', async () => {
      const value = { store: 'file', key: join(at.folder, 'gone'), size: 1 } as const;
      const error = await at.worker.callError(ECHO, [null], { context: { refs: [{ at: [0, 0], value }] } });
      expect(error).to.include({ kind: 'serialization' });
      expect(error.message).to.match(/args\[0\] lies in the store and cannot be read.*gone/);
    });
  });

  it('keeps its descriptors from what apps start', async () => {
    await at.restart({ FLOTILLA_JOURNAL: join(at.folder, 'journal') });
    const open = await at.worker.call(
      'import subprocess\ndef f(): return subprocess.check_output(["sh", "-c", "ls /proc/$$/fd"], close_fds=False).decode().split()',
    );
    expect(open).to.satisfy((fds: string[]) => !fds.includes('3'));
    expect(existsSync(join(at.folder, 'journal'))).to.equal(true);
  });

  it('lets apps use processes of their own', async () => {
    const source =
      'import multiprocessing as m\ndef _work(x): return x * 2\ndef f():\n  with m.get_context("fork").Pool(2) as pool: return pool.map(_work, [1, 2, 3])';
    expect(await at.worker.call(source)).to.deep.equal([2, 4, 6]);
    expect(await at.worker.call(ECHO, ['after'])).to.equal('after');
  });

  it('carries a value of Python through JavaScript unchanged', async () => {
    const value = (await at.worker.call('def f(): return 2j')) as PythonValue;
    expect(await at.worker.call('def f(v, **k): return [v == 2j, k["z"] == 2j]', [value], { kwargs: { z: value } })).to.deep.equal([
      true,
      true,
    ]);
  });

  it('runs no-ops at a rate that leaves the protocol out of sight', async () => {
    const fnId = at.worker.define({ form: 'source', source: ECHO, function: 'f' });
    const batch = Array.from({ length: 256 }, (_, i) => ({ fnId, taskId: i, args: [i] }));
    await at.worker.run(batch);
    const results = await at.worker.run(batch);
    const busyUs = results.reduce((sum, result) => sum + result.durationUs, 0);
    // 5 µs a task on a quiet machine; the bound only catches a change of kind.
    expect(busyUs / results.length).to.be.below(200);
    expect(results.every((result) => result.status === ResultStatus.Ok)).to.equal(true);
  });
});
