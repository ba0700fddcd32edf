import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { expect } from 'chai';
import type { StoredValue } from '../../../lib/task-spec.ts';
import { encodeFrame, FrameType } from '../../../lib/wire/frames.ts';
import { decodePython, encodePython, type PythonValue } from '../../../lib/wire/python-codec.ts';
import { readResult, recordEnd, ResultStatus, type ResultRecord } from '../../../lib/wire/records.ts';
import { barePython, systemPython } from '../../support/python.ts';
import { PythonWorker, unpackEnvelope, WORKER } from '../../support/python-worker.ts';

const ECHO = 'def f(x): return x';
const values = (results: readonly ResultRecord[]): unknown[] => results.map((result) => decodePython(result.body));

describe('a Python worker', function () {
  this.timeout(60_000);
  let folder: string;
  let worker: PythonWorker;
  let home: string;

  beforeEach(async () => {
    folder = realpathSync(mkdtempSync(join(tmpdir(), 'flotilla-python-')));
    home = join(folder, 'home');
    mkdirSync(home);
    worker = await start();
  });
  afterEach(async () => {
    await worker.kill();
    rmSync(folder, { recursive: true, force: true });
  });

  const start = (env: Record<string, string> = {}): Promise<PythonWorker> => PythonWorker.start({ python: systemPython(), env, cwd: home });
  const restart = async (env: Record<string, string>): Promise<void> => {
    await worker.kill();
    worker = await start(env);
  };
  const write = (name: string, text: string): string => {
    const path = join(folder, name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
    return path;
  };
  const journal = (path: string): { batch: number; records: ResultRecord[] } => {
    const bytes = readFileSync(path);
    const records: ResultRecord[] = [];
    for (let at = 4; at < bytes.length && bytes.readUInt32LE(at) > 0; at = recordEnd(bytes, at)) records.push(readResult(bytes, at));
    return { batch: bytes.readUInt32LE(0), records };
  };

  describe('speaks the protocol:', () => {
    it('says first who it is', async () => {
      const bare = await PythonWorker.start({ python: barePython() });
      try {
        expect(bare.hello).to.include({ protocol: 1, pid: bare.process.pid, kind: 'python', numpy: null, executable: barePython() });
        expect(bare.hello.version).to.match(/^3\.\d+\.\d+$/);
      } finally {
        await bare.kill();
      }
    });

    it('answers a batch in the order of its tasks', async () => {
      const fnId = worker.define({ form: 'source', source: ECHO, function: 'f' });
      const results = await worker.run([1, 2, 3].map((x) => ({ fnId, taskId: 70 + x, tryNumber: x, args: [x] })));
      expect(values(results)).to.deep.equal([1, 2, 3]);
      expect(results.map(({ taskId, tryNumber, fnId: fn }) => [taskId, tryNumber, fn])).to.deep.equal([
        [71, 1, fnId],
        [72, 2, fnId],
        [73, 3, fnId],
      ]);
    });

    it('reports slot, start and busy time', async () => {
      await restart({ FLOTILLA_WORKER_RANK: '7' });
      const fnId = worker.define({ form: 'source', source: 'import time\ndef f(): time.sleep(0.05)', function: 'f' });
      await worker.runOne({ fnId });
      const before = Date.now();
      const result = await worker.runOne({ fnId });
      expect(result.worker).to.equal(7);
      expect(result.startMs).to.be.within(before - 20, Date.now() - 30);
      expect(result.durationUs).to.be.within(50_000, 1_000_000);
    });

    it('sends what is finished once it has been busy for a while, and the rest at the end', async () => {
      const fnId = worker.define({ form: 'source', source: 'import time\ndef f(s): time.sleep(s); return s', function: 'f' });
      await worker.run([
        { fnId, args: [0.05] },
        { fnId, args: [0] },
        { fnId, args: [0] },
      ]);
      // On a busy machine the quick ones may take so long that each is sent by itself.
      expect(worker.frames[0]?.records.length).to.equal(1);
      expect(worker.frames.length).to.be.within(2, 3);
    });

    it('takes frames in any pieces, and large ones', async () => {
      const fnId = worker.define({ form: 'source', source: 'def f(x): return len(x)', function: 'f' });
      expect(await worker.value({ fnId, args: [Buffer.alloc(8_000_000)] })).to.equal(8_000_000);
      const ignored = encodeFrame(FrameType.Heartbeat, Buffer.from('x'));
      for (const byte of ignored) worker.sendBytes(Buffer.of(byte));
      expect(await worker.value({ fnId, args: ['after'] })).to.equal(5);
    });

    it('fails a task whose function it was never told', async () => {
      const error = await worker.error({ fnId: 99 });
      expect(error).to.include({ kind: 'definition' });
      expect(error.message).to.match(/function 99/);
    });

    it('leaves on Shutdown, though a thread of an app still runs', async () => {
      await worker.call('import threading, time\ndef f(): threading.Thread(target=time.sleep, args=(600,)).start()');
      expect(await worker.shutdown()).to.deep.equal({ code: 0, signal: null });
    });

    it('leaves when its supervisor is gone', async () => {
      expect(await worker.hangUp()).to.deep.equal({ code: 0, signal: null });
    });

    it('dies with its supervisor even in the middle of a task', async function () {
      if (process.platform !== 'linux') return this.skip();
      // A supervisor in Python: starts the worker on an endless task, tells its pid, and waits.
      const program = write(
        'supervisor.py',
        `
import fcntl, os, signal, socket, struct, subprocess, sys
sys.path.insert(0, ${JSON.stringify(dirname(WORKER))})
from flotilla_runtime.msgpack import packb
ends = [fcntl.fcntl(end.detach(), fcntl.F_DUPFD_CLOEXEC, 10) for end in socket.socketpair()]
os.dup2(ends[1], 3)
child = subprocess.Popen([sys.executable, ${JSON.stringify(WORKER)}], pass_fds=[3])
def send(kind, body): os.write(ends[0], struct.pack('<IB', len(body) + 1, kind) + body)
send(2, struct.pack('<I', 1) + packb({'kind': 'python', 'name': 'f', 'form': 'source', 'function': 'f', 'source': '''
import os
def f():
  print('running', os.getpid(), flush=True)
  while True: pass
'''}))
send(3, struct.pack('<II', 1, 1) + struct.pack('<IIIHBBI', 16, 0, 1, 1, 0, 0, 0))
os.close(3)
signal.pause()
`,
      );
      const env = { ...process.env };
      delete env.FLOTILLA_PDEATHSIG;
      const supervisor = spawn(systemPython(), [program], { stdio: ['ignore', 'pipe', 'inherit'], env });
      const [line] = (await once(createInterface(supervisor.stdout), 'line')) as [string];
      const pid = Number(/running (\d+)/.exec(line)?.[1]);
      const rescue = setTimeout(() => process.kill(pid, 'SIGKILL'), 20_000);
      const killedAt = Date.now();
      supervisor.kill('SIGKILL');
      // The worker holds the other end of this pipe for as long as it lives.
      await once(supervisor, 'close');
      clearTimeout(rescue);
      expect(pid).to.be.greaterThan(0);
      expect(Date.now() - killedAt).to.be.below(15_000);
    });
  });

  describe('keeps a journal:', () => {
    const DIE_AT_3 = 'import os\ndef f(x):\n  if x == 3: os.kill(os.getpid(), 9)\n  return x';

    it('of what a batch has finished before it is killed', async () => {
      const path = join(folder, 'journal');
      await restart({ FLOTILLA_JOURNAL: path });
      const fnId = worker.define({ form: 'source', source: DIE_AT_3, function: 'f' });
      await worker.run([7, 8, 9].map((x) => ({ fnId, args: [x] })));
      const batch = worker.send([1, 2, 3, 4].map((x) => ({ fnId, taskId: x, args: [x] })));
      expect(await worker.end).to.deep.equal({ code: null, signal: 'SIGKILL' });
      const left = journal(path);
      expect(left.batch).to.equal(batch);
      expect(left.records.map((record) => record.taskId)).to.deep.equal([1, 2]);
      expect(values(left.records)).to.deep.equal([1, 2]);
    });

    it('but sends large results at once, after those before them', async () => {
      const path = join(folder, 'journal');
      await restart({ FLOTILLA_JOURNAL: path });
      const fnId = worker.define({
        form: 'source',
        function: 'f',
        source: 'import os\ndef f(x):\n  if x == 3: os.kill(os.getpid(), 9)\n  return "y" * 5000 if x == 2 else x',
      });
      worker.send([1, 2, 3].map((x) => ({ fnId, taskId: x, args: [x] })));
      await worker.end;
      expect(worker.frames.flatMap((frame) => frame.records.map((record) => record.taskId))).to.deep.equal([1, 2]);
      expect(journal(path).records.map((record) => record.taskId)).to.deep.equal([1]);
    });
  });

  describe('finds functions:', () => {
    it('in a file, with its siblings, once per worker', async () => {
      write('lib/helper.py', 'K = 5\ndef late(): return "late"');
      write('lib/another.py', 'V = 6');
      const path = write(
        'lib/app.py',
        'import helper\nloads = []\nloads.append(1)\ndef run(x):\n  import another\n  return [x * helper.K, another.V, len(loads), __file__]',
      );
      const fnId = worker.define({ form: 'file', path, function: 'run' });
      expect(
        values(
          await worker.run([
            { fnId, args: [2] },
            { fnId, args: [3] },
          ]),
        ),
      ).to.deep.equal([
        [10, 6, 1, path],
        [15, 6, 1, path],
      ]);
    });

    it('in a module of the working directory of the task', async () => {
      write('project/tool.py', 'class Runner:\n  @staticmethod\n  def go(x): return x + 1');
      const fnId = worker.define({ form: 'module', module: 'tool', function: 'Runner.go' });
      expect(await worker.value({ fnId, args: [1], context: { cwd: join(folder, 'project') } })).to.equal(2);
    });

    it('that are async', async () => {
      expect(await worker.call('import asyncio\nasync def f(x):\n  await asyncio.sleep(0)\n  return x', [4])).to.equal(4);
    });

    it('and never our own modules in place of the user’s', async () => {
      write('home/codec.py', 'NAME = "mine"');
      expect(await worker.call('import codec\ndef f(): return codec.NAME')).to.equal('mine');
      expect(await worker.call('import sys\ndef f(): return [p for p in sys.path if "workers/python" in p]')).to.deep.equal([]);
    });

    it('so that inspect shows their source', async () => {
      expect(await worker.call('import inspect\ndef f(): return inspect.getsource(f)')).to.equal('def f(): return inspect.getsource(f)');
    });

    it('of two apps with the same name and keeps them apart', async () => {
      const a = worker.define({ form: 'source', source: 'V = 1\ndef f(): return V', function: 'f' });
      const b = worker.define({ form: 'source', source: 'V = 2\ndef f(): return V', function: 'f' });
      expect(values(await worker.run([{ fnId: a }, { fnId: b }, { fnId: a }]))).to.deep.equal([1, 2, 1]);
    });

    it('for classes of a file and its siblings in another worker', async () => {
      write('lib/shapes.py', 'class Square:\n  def __init__(self, a): self.a = a\n  def area(self): return self.a ** 2');
      const path = write('lib/app.py', 'import shapes\nclass Own:\n  v = 3\ndef make(): return [shapes.Square(4), Own()]');
      const made = await worker.value({ fnId: worker.define({ form: 'file', path, function: 'make' }) });
      const other = await start();
      try {
        expect(await other.call('def f(v): return [v[0].area(), v[1].v]', [made])).to.deep.equal([16, 3]);
      } finally {
        await other.kill();
      }
    });

    const broken: [title: string, definition: Parameters<PythonWorker['define']>[0], message: RegExp][] = [
      [
        'source that does not compile',
        { form: 'source', name: 'fit', source: 'def f(:\n  pass', function: 'f' },
        /Python app 'fit': its source cannot be loaded: SyntaxError: invalid syntax.*line 1.*Python 3/s,
      ],
      [
        'source without the function',
        { form: 'source', source: 'def g(): pass', function: 'f' },
        /its source has no function 'f'. It defines: g/,
      ],
      [
        'source that raises while it loads',
        { form: 'source', source: 'x = 1 / 0\ndef f(): pass', function: 'f' },
        /ZeroDivisionError: division by zero/,
      ],
      [
        'source that leaves while it loads',
        { form: 'source', source: 'import sys\nsys.exit(3)\ndef f(): pass', function: 'f' },
        /SystemExit: 3/,
      ],
      ['something that is no function', { form: 'source', source: 'f = 3', function: 'f' }, /'f' in its source is a int, not a function/],
      [
        'a file that is not there',
        { form: 'file', path: '/nowhere/app.py', function: 'f' },
        /file \/nowhere\/app.py cannot be loaded: FileNotFoundError.*share/,
      ],
      [
        'a module that is not there',
        { form: 'module', module: 'no_such_module', function: 'f' },
        /module 'no_such_module' cannot be loaded: ModuleNotFoundError: No module named 'no_such_module'.*looked for by \/.*starting in .*'python'/,
      ],
      ['a module without the function', { form: 'module', module: 'json', function: 'nope' }, /module 'json' has no function 'nope'/],
    ];
    for (const [title, definition, message] of broken) {
      it(`fails the task for ${title}`, async () => {
        const error = await worker.error({ fnId: worker.define(definition) });
        expect(error).to.include({ kind: 'definition', name: 'DefinitionError' });
        expect(error.message).to.match(message);
      });
    }

    it('again after a failure that has been mended', async () => {
      const path = write('late.py', 'def f(): return oops');
      rmSync(path);
      const fnId = worker.define({ form: 'file', path, function: 'f' });
      expect((await worker.error({ fnId })).kind).to.equal('definition');
      write('late.py', 'def f(): return 1');
      expect(await worker.value({ fnId })).to.equal(1);
    });
  });

  describe('reports errors:', () => {
    it('with type, message, arguments, attributes and a traceback of the app’s own lines', async () => {
      const source =
        'class Bad(ValueError):\n  def __init__(self, code):\n    super().__init__("bad", code)\n    self.code = code\n\ndef f(x):\n  g(x)\n\ndef g(x):\n  raise Bad(x)  # here';
      const fnId = worker.define({ form: 'source', name: 'fit', source, function: 'f' });
      const error = await worker.error({ fnId, args: [7] });
      expect(error).to.include({ kind: 'python', name: 'Bad', message: "('bad', 7)" });
      expect(error.fields).to.deep.equal({ type: 'Bad', args: ['bad', 7], attributes: { code: 7 } });
      expect(error.stack).to.match(
        /^Traceback.*File "<pythonApp fit>", line 7, in f\n\s+g\(x\)\n.*line 10, in g\n\s+raise Bad\(x\)\s+# here/s,
      );
      expect(error.stack).not.to.include('flotilla_runtime');
    });

    it('with their cause', async () => {
      const error = await worker.callError('def f():\n  try: {}["k"]\n  except KeyError as e: raise RuntimeError("outer") from e');
      expect(error).to.include({ name: 'RuntimeError', message: 'outer' });
      expect(error.cause).to.include({ kind: 'python', name: 'KeyError', message: "'k'" });
      const suppressed = await worker.callError('def f():\n  try: {}["k"]\n  except KeyError: raise RuntimeError("outer") from None');
      expect(suppressed.cause).to.equal(undefined);
    });

    it('that cannot even be printed', async () => {
      const error = await worker.callError('class E(Exception):\n  def __str__(self): raise ValueError()\ndef f(): raise E()');
      expect(error.name).to.equal('E');
      expect(error.message).to.match(/cannot be had/);
    });

    it('of a call with the wrong arguments', async () => {
      expect((await worker.callError(ECHO)).message).to.match(/missing 1 required positional argument: 'x'/);
    });

    it('of sys.exit and KeyboardInterrupt as errors of the task, and goes on', async () => {
      const exit = await worker.callError('import sys\ndef f(): sys.exit(4)');
      expect(exit).to.include({ kind: 'python', name: 'SystemExit', message: '4' });
      expect(exit.fields).to.include({ code: 4 });
      expect(await worker.callError('def f(): raise KeyboardInterrupt()')).to.include({ kind: 'python', name: 'KeyboardInterrupt' });
      expect(await worker.call(ECHO, [1])).to.equal(1);
    });

    it('of outputs that were not written', async () => {
      const there = write('there', '');
      const outputs = [there, join(folder, 'missing')];
      const error = await worker.callError(ECHO, [1], { context: { outputs } });
      expect(error).to.include({ kind: 'missing-outputs', name: 'MissingOutputsError' });
      expect(error.fields).to.deep.equal({ missing: [outputs[1]] });
      expect(await worker.call(ECHO, [1], { context: { outputs: [there] } })).to.equal(1);
    });

    it('nothing of SIGINT', async () => {
      const fnId = worker.define({
        form: 'source',
        function: 'f',
        source: 'import os, signal\ndef f():\n  os.kill(os.getpid(), signal.SIGINT)\n  return "on"',
      });
      expect(await worker.value({ fnId })).to.equal('on');
    });
  });

  describe('ends with the app:', () => {
    it('os._exit is seen as its code', async () => {
      worker.send([{ fnId: worker.define({ form: 'source', source: 'import os\ndef f(): os._exit(9)', function: 'f' }) }]);
      expect(await worker.end).to.deep.equal({ code: 9, signal: null });
    });

    it('a segmentation fault is seen as its signal, with a traceback in stderr', async () => {
      worker.send([{ fnId: worker.define({ form: 'source', source: 'import ctypes\ndef f(): ctypes.string_at(0)', function: 'f' }) }]);
      expect(await worker.end).to.deep.equal({ code: null, signal: 'SIGSEGV' });
      expect(worker.stderr).to.match(/Segmentation fault[^]*in f/);
    });

    it('a child that an app forks does not hold the stream open, nor goes on as a worker', async () => {
      const source =
        'import os, time\ndef f(pause):\n  pid = os.fork()\n  if pid == 0:\n    time.sleep(pause)\n    return "child"\n  return pid';
      const quick = await worker.call(`${source.replace('return pid', 'return os.waitpid(pid, 0)[1]')}`, [0]);
      expect(quick).to.equal(0);
      const pid = (await worker.call(source, [600])) as number;
      try {
        worker.process.kill('SIGKILL');
        // The end of the link is what supervisors wait for; 'exit' comes before it.
        await new Promise((resolve) => worker.process.stdio[3]?.once('close', resolve));
      } finally {
        process.kill(pid, 'SIGKILL');
      }
      await worker.end;
    });
  });

  describe('gives each task surroundings of its own:', () => {
    const WHERE = 'import os\ndef f(): return [os.getcwd(), dict(os.environ)]';

    it('starts where it was started, whatever the task before did to directory and environment', async () => {
      const fnId = worker.define({ form: 'source', source: WHERE, function: 'f' });
      const [cwd, environ] = (await worker.value({ fnId })) as [string, Record<string, string>];
      expect(cwd).to.equal(home);
      await worker.call(
        'import os\ndef f():\n  os.chdir("/")\n  os.environ.update(NEW="1", HOME="/x")\n  del os.environ["PATH"]\n  os.environ = {}',
      );
      expect(await worker.value({ fnId })).to.deep.equal([cwd, environ]);
      expect(await worker.call('import subprocess\ndef f(): return subprocess.check_output("echo $HOME-$NEW", shell=True)')).to.deep.equal(
        Buffer.from(`${process.env.HOME}-\n`),
      );
    });

    it('also after a task that failed', async () => {
      await worker.callError('import os\ndef f():\n  os.chdir("/")\n  os.environ["NEW"] = "1"\n  raise ValueError()');
      expect(await worker.call('import os\ndef f(): return [os.getcwd(), os.environ.get("NEW")]')).to.deep.equal([home, null]);
    });

    it('keeps what a module sets when it is loaded for the tasks of that function, and for no other', async () => {
      const fnId = worker.define({
        form: 'source',
        source: 'import os\nos.environ["OMP"] = "1"\ndef f(): return os.environ.get("OMP")',
        function: 'f',
      });
      expect(await worker.value({ fnId })).to.equal('1');
      expect(await worker.call('import os\ndef f(): return os.environ.get("OMP")')).to.equal(null);
      expect(await worker.value({ fnId })).to.equal('1');
    });

    it('applies cwd and env of the task', async () => {
      const context = { cwd: folder, env: { GREETING: 'hi' } };
      expect(await worker.call('import os\ndef f(): return [os.getcwd(), os.environ["GREETING"]]', [], { context })).to.deep.equal([
        folder,
        'hi',
      ]);
      expect(await worker.call('import os\ndef f(): return [os.getcwd(), os.environ.get("GREETING")]')).to.deep.equal([home, null]);
    });

    it('makes a sandbox and starts the task in it', async () => {
      const sandbox = join(folder, 'deep/sandbox');
      expect(
        await worker.call('import os\ndef f():\n  open("made", "w").close()\n  return os.getcwd()', [], { context: { sandbox } }),
      ).to.equal(sandbox);
      expect(readdirSync(sandbox)).to.deep.equal(['made']);
    });

    it('names the task and the try to it and to what it starts', async () => {
      const source =
        'import os, subprocess\ndef f(): return [os.environ["FLOTILLA_TRY"], subprocess.check_output("echo $FLOTILLA_TASK_ID", shell=True).decode()]';
      expect(await worker.call(source, [], { taskId: 12, tryNumber: 3 })).to.deep.equal(['3', 'run.12\n']);
    });

    it('fails a task that cannot have what it asks for', async () => {
      const error = await worker.callError(ECHO, [1], { context: { cwd: '/nowhere' } });
      expect(error.message).to.match(/directory of the task cannot be entered.*\/nowhere/);
      const blocked = write('file', '');
      expect((await worker.callError(ECHO, [1], { context: { stdout: [join(blocked, 'out'), 'w'] } })).message).to.match(
        /stdout or stderr/,
      );
      expect(await worker.call(ECHO, [1])).to.equal(1);
    });
  });

  describe('sends output where it belongs:', () => {
    const PRINT =
      'import os, sys, subprocess\ndef f(text):\n  print(text)\n  print("err " + text, file=sys.stderr)\n  subprocess.run(["echo", "child " + text])';
    const read = (name: string): string => readFileSync(join(folder, name), 'utf8');

    it('to its own stdout and stderr by default, never into the protocol', async () => {
      await worker.call(PRINT, ['one']);
      await worker.shutdown();
      expect(worker.stdout).to.equal('one\nchild one\n');
      expect(worker.stderr).to.equal('err one\n');
    });

    it('to the files of the task, with what its children and native code print', async () => {
      const stdout = join(folder, 'new/folder/out');
      const fnId = worker.define({
        form: 'source',
        function: 'f',
        source: `${PRINT}\n  import ctypes\n  ctypes.CDLL(None).printf(b"native\\n")`,
      });
      const context = { stdout: [stdout, 'a'], stderr: [join(folder, 'err'), 'w'] } as const;
      await worker.value({ fnId, args: ['one'], context });
      await worker.value({ fnId, args: ['two'], context });
      expect(read('new/folder/out')).to.equal('one\nchild one\nnative\ntwo\nchild two\nnative\n');
      expect(read('err')).to.equal('err two\n');
      await worker.call('def f(): print("after")');
      await worker.shutdown();
      expect(worker.stdout).to.equal('after\n');
    });

    it('to one file where stdout and stderr are the same', async () => {
      await worker.call(PRINT, ['x'], { context: { stdout: [join(folder, 'both'), 'w'], stderr: [join(folder, 'both'), 'w'] } });
      expect(read('both').split('\n').toSorted()).to.deep.equal(['', 'child x', 'err x', 'x']);
    });

    it('also where an app replaces sys.stdout', async () => {
      await worker.call('import io, sys\ndef f(): sys.stdout = io.StringIO()');
      await worker.call('def f(): print("seen")');
      await worker.shutdown();
      expect(worker.stdout).to.equal('seen\n');
    });

    it('line by line, so that a killed task leaves what it printed', async () => {
      const out = join(folder, 'out');
      worker.send([
        {
          fnId: worker.define({
            form: 'source',
            source: 'import os\ndef f():\n  print("last words")\n  os.kill(os.getpid(), 9)',
            function: 'f',
          }),
          context: { stdout: [out, 'w'] },
        },
      ]);
      await worker.end;
      expect(read('out')).to.equal('last words\n');
    });
  });

  describe('with a store:', () => {
    const stored = (key: string, body: Buffer): StoredValue => {
      writeFileSync(key, body);
      return { store: 'file', key, size: body.length };
    };

    it('puts large results there and sends where they are', async () => {
      const store = join(folder, 'store');
      await restart({ FLOTILLA_STORE: store, FLOTILLA_INLINE_LIMIT: '1000' });
      const fnId = worker.define({ form: 'source', source: 'def f(n): return "x" * n', function: 'f' });
      const [small, large] = await worker.run([
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

    it('fails the task whose result it cannot keep', async () => {
      await restart({ FLOTILLA_STORE: write('blocked', ''), FLOTILLA_INLINE_LIMIT: '10' });
      const error = await worker.callError('def f(): return list(range(5000))');
      expect(error).to.include({ kind: 'serialization' });
      expect(error.message).to.match(/cannot be written to the store.*blocked/);
    });

    it('reads arguments from it, in both encodings', async () => {
      const python = stored(join(folder, 'a'), encodePython({ at: new Date(0), n: 5 }));
      const plain = stored(join(folder, 'b'), Buffer.concat([Buffer.of(0), Buffer.from([0x92, 0x01, 0xa1, 0x78])]));
      const refs = [
        { at: [0, 0, 'x'], value: python },
        { at: [1, 'k'], value: plain },
      ];
      expect(
        await worker.call('def f(a, k): return [a["x"]["n"], k]', [{ x: null }], { kwargs: { k: null }, context: { refs } }),
      ).to.deep.equal([5, [1, 'x']]);
      const whole = stored(join(folder, 'c'), encodePython([[1, 2], {}]));
      expect(await worker.call('def f(a, b): return a + b', [], { context: { refs: [{ at: [], value: whole }] } })).to.equal(3);
    });

    it('reads there what another Python app has put', async () => {
      const store = join(folder, 'store');
      await restart({ FLOTILLA_STORE: store, FLOTILLA_INLINE_LIMIT: '100' });
      const fnId = worker.define({
        form: 'source',
        source: 'class M:\n  v = (1, "y" * 500)\ndef f(): return [M(), (1, 2), M.v]',
        function: 'f',
      });
      const value = unpackEnvelope((await worker.runOne({ fnId })).body.subarray(1)) as StoredValue;
      const context = { refs: [{ at: [0, 0], value }] };
      expect(await worker.call('def f(v): return [v[0].v[0], type(v[1]).__name__]', [null], { context })).to.deep.equal([1, 'list']);
    });

    it('says which argument cannot be read', async () => {
      const value = { store: 'file', key: join(folder, 'gone'), size: 1 } as const;
      const error = await worker.callError(ECHO, [null], { context: { refs: [{ at: [0, 0], value }] } });
      expect(error).to.include({ kind: 'serialization' });
      expect(error.message).to.match(/args\[0\] lies in the store and cannot be read.*gone/);
    });
  });

  it('keeps its descriptors from what apps start', async () => {
    await restart({ FLOTILLA_JOURNAL: join(folder, 'journal') });
    const open = await worker.call(
      'import subprocess\ndef f(): return subprocess.check_output(["sh", "-c", "ls /proc/$$/fd"], close_fds=False).decode().split()',
    );
    expect(open).to.satisfy((fds: string[]) => !fds.includes('3'));
    expect(existsSync(join(folder, 'journal'))).to.equal(true);
  });

  it('lets apps use processes of their own', async () => {
    const source =
      'import multiprocessing as m\ndef _work(x): return x * 2\ndef f():\n  with m.get_context("fork").Pool(2) as pool: return pool.map(_work, [1, 2, 3])';
    expect(await worker.call(source)).to.deep.equal([2, 4, 6]);
    expect(await worker.call(ECHO, ['after'])).to.equal('after');
  });

  it('carries a value of Python through JavaScript unchanged', async () => {
    const value = (await worker.call('def f(): return 2j')) as PythonValue;
    expect(await worker.call('def f(v, **k): return [v == 2j, k["z"] == 2j]', [value], { kwargs: { z: value } })).to.deep.equal([
      true,
      true,
    ]);
  });

  it('runs no-ops at a rate that leaves the protocol out of sight', async () => {
    const fnId = worker.define({ form: 'source', source: ECHO, function: 'f' });
    const batch = Array.from({ length: 256 }, (_, i) => ({ fnId, taskId: i, args: [i] }));
    await worker.run(batch);
    const results = await worker.run(batch);
    const busyUs = results.reduce((sum, result) => sum + result.durationUs, 0);
    // 5 µs a task on a quiet machine; the bound only catches a change of kind.
    expect(busyUs / results.length).to.be.below(200);
    expect(results.every((result) => result.status === ResultStatus.Ok)).to.equal(true);
  });
});
