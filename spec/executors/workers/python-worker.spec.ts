import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { expect } from 'chai';
import { countInJournal, readJournal } from '../../../executors/workers/journal.ts';
import { encodeFrame, FrameType } from '../../../lib/wire/frames.ts';
import { PROTOCOL_VERSION } from '../../../lib/wire/protocol.ts';
import { barePython, systemPython } from '../../support/python.ts';
import { eventually } from '../../support/eventually.ts';
import { taskIdsOf } from '../../support/task-records.ts';
import { PythonWorker, WORKER } from '../../support/python-worker.ts';
import { ECHO, values, usePythonWorker } from './python-bench.ts';

describe('a Python worker', function () {
  this.timeout(60_000);
  const at = usePythonWorker();

  describe('speaks the protocol:', () => {
    it('says first who it is', async () => {
      const bare = await PythonWorker.start({ python: barePython() });
      try {
        expect(bare.hello).to.include({
          protocol: PROTOCOL_VERSION,
          pid: bare.process.pid,
          kind: 'python',
          numpy: null,
          executable: barePython(),
        });
        expect(bare.hello.version).to.match(/^3\.\d+\.\d+$/);
      } finally {
        await bare.kill();
      }
    });

    it('answers a batch in the order of its tasks', async () => {
      const fnId = at.worker.define({ form: 'source', source: ECHO, function: 'f' });
      const results = await at.worker.run([1, 2, 3].map((x) => ({ fnId, taskId: 70 + x, tryNumber: x, args: [x] })));
      expect(values(results)).to.deep.equal([1, 2, 3]);
      expect(results.map(({ taskId, tryNumber, fnId: fn }) => [taskId, tryNumber, fn])).to.deep.equal([
        [71, 1, fnId],
        [72, 2, fnId],
        [73, 3, fnId],
      ]);
    });

    it('reports slot, start and busy time', async () => {
      await at.restart({ FLOTILLA_WORKER_RANK: '7' });
      const fnId = at.worker.define({ form: 'source', source: 'import time\ndef f(): time.sleep(0.05)', function: 'f' });
      await at.worker.runOne({ fnId });
      const before = Date.now();
      const result = await at.worker.runOne({ fnId });
      expect(result.worker).to.equal(7);
      expect(result.startMs).to.be.within(before - 20, Date.now() - 30);
      expect(result.durationUs).to.be.within(50_000, 1_000_000);
    });

    it('reports CPU time and peak memory of a task of more than 50 ms, those of its children among them', async () => {
      const source =
        "import subprocess\ndef f(s, n):\n    x = b'x' * n\n    subprocess.run(['bash', '-c', 'end=$((SECONDS+%d)); while [ $SECONDS -lt $end ]; do :; done' % s])";
      const fnId = at.worker.define({ form: 'source', source, function: 'f' });
      const large = await at.worker.runOne({ fnId, args: [1, 150_000_000] });
      expect(large.usage?.peakMemoryKiB).to.be.within(140_000, 400_000);
      expect(large.usage?.cpuMs).to.be.within(20, large.durationUs / 1000 + 50);
      const small = await at.worker.runOne({ fnId, args: [1, 0] });
      expect(small.usage?.peakMemoryKiB).to.be.within(1000, 100_000);
      expect((await at.worker.runOne({ fnId, args: [0, 0] })).usage, 'of a short task').to.equal(undefined);
    });

    it('sends what is finished once it has been busy for a while, and the rest at the end', async () => {
      const fnId = at.worker.define({ form: 'source', source: 'import time\ndef f(s): time.sleep(s); return s', function: 'f' });
      await at.worker.run([
        { fnId, args: [0.05] },
        { fnId, args: [0] },
        { fnId, args: [0] },
      ]);
      // On a busy machine the quick ones may take so long that each is sent by itself.
      expect(at.worker.frames[0]?.records.length).to.equal(1);
      expect(at.worker.frames.length).to.be.within(2, 3);
    });

    it('takes frames in any pieces, and large ones', async () => {
      const fnId = at.worker.define({ form: 'source', source: 'def f(x): return len(x)', function: 'f' });
      expect(await at.worker.value({ fnId, args: [Buffer.alloc(8_000_000)] })).to.equal(8_000_000);
      const ignored = encodeFrame(FrameType.Heartbeat, Buffer.from('x'));
      for (const byte of ignored) at.worker.sendBytes(Buffer.of(byte));
      expect(await at.worker.value({ fnId, args: ['after'] })).to.equal(5);
    });

    it('fails a task whose function it was never told', async () => {
      const error = await at.worker.error({ fnId: 99 });
      expect(error).to.include({ kind: 'definition' });
      expect(error.message).to.match(/function 99/);
    });

    it('leaves on Shutdown, though a thread of an app still runs', async () => {
      await at.worker.call('import threading, time\ndef f(): threading.Thread(target=time.sleep, args=(600,)).start()');
      expect(await at.worker.shutdown()).to.deep.equal({ code: 0, signal: null });
    });

    it('leaves when its supervisor is gone', async () => {
      expect(await at.worker.hangUp()).to.deep.equal({ code: 0, signal: null });
    });

    it('dies with its supervisor even in the middle of a task', async function () {
      if (process.platform !== 'linux') return this.skip();
      // A supervisor in Python: starts the worker on an endless task, tells its pid, and waits.
      const program = at.write(
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
send(3, struct.pack('<II', 1, 1) + struct.pack('<IIIHBBIII', 24, 0, 1, 1, 0, 0, 0, 0, 0))
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
      const path = join(at.folder, 'journal');
      await at.restart({ FLOTILLA_JOURNAL: path });
      const fnId = at.worker.define({ form: 'source', source: DIE_AT_3, function: 'f' });
      await at.worker.run([7, 8, 9].map((x) => ({ fnId, args: [x] })));
      const batch = at.worker.send([1, 2, 3, 4].map((x) => ({ fnId, taskId: x, args: [x] })));
      expect(await at.worker.end).to.deep.equal({ code: null, signal: 'SIGKILL' });
      const left = at.journal(path);
      expect(left.batch).to.equal(batch);
      expect(left.records.map((record) => record.taskId)).to.deep.equal([1, 2]);
      expect(values(left.records)).to.deep.equal([1, 2]);
    });

    it('and does one task of a batch at a time where nothing can be written there: nobody could tell how far it is', async () => {
      await at.restart({ FLOTILLA_JOURNAL: '/dev/full' });
      const fnId = at.worker.define({ form: 'source', source: ECHO, function: 'f' });
      for (let done = 0; done < 3; done++) {
        at.worker.send([1, 2, 3].slice(done).map((x) => ({ fnId, taskId: x, args: [x] })));
        // Behind the results of a batch that ends early there is a frame without any.
        await eventually('the end of the batch', () => at.worker.frames.length === Math.min(2 * done + 2, 5));
      }
      const results = at.worker.frames.map(({ batch, records }) => [batch, ...records.map(({ taskId }) => taskId)]);
      expect(results).to.deep.equal([[1, 1], [1], [2, 2], [2], [3, 3]]);
    });

    it('but sends large results at once, after those before them, and keeps only their place', async () => {
      const path = join(at.folder, 'journal');
      await at.restart({ FLOTILLA_JOURNAL: path });
      const fnId = at.worker.define({
        form: 'source',
        function: 'f',
        source: 'import os\ndef f(x):\n  if x == 3: os.kill(os.getpid(), 9)\n  return "y" * 5000 if x == 2 else x',
      });
      const batch = at.worker.send([1, 2, 3].map((x) => ({ fnId, taskId: x, args: [x] })));
      await at.worker.end;
      expect(at.worker.frames.flatMap((frame) => frame.records.map((record) => record.taskId))).to.deep.equal([1, 2]);
      expect(taskIdsOf(readJournal(path, batch))).to.deep.equal([1]);
      expect(countInJournal(path, batch)).to.equal(2);
    });
  });

  describe('finds functions:', () => {
    it('in a file, with its siblings, once per worker', async () => {
      at.write('lib/helper.py', 'K = 5\ndef late(): return "late"');
      at.write('lib/another.py', 'V = 6');
      const path = at.write(
        'lib/app.py',
        'import helper\nloads = []\nloads.append(1)\ndef run(x):\n  import another\n  return [x * helper.K, another.V, len(loads), __file__]',
      );
      const fnId = at.worker.define({ form: 'file', path, function: 'run' });
      expect(
        values(
          await at.worker.run([
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
      at.write('project/tool.py', 'class Runner:\n  @staticmethod\n  def go(x): return x + 1');
      const fnId = at.worker.define({ form: 'module', module: 'tool', function: 'Runner.go' });
      expect(await at.worker.value({ fnId, args: [1], context: { cwd: join(at.folder, 'project') } })).to.equal(2);
    });

    it('that are async', async () => {
      expect(await at.worker.call('import asyncio\nasync def f(x):\n  await asyncio.sleep(0)\n  return x', [4])).to.equal(4);
    });

    it('and never our own modules in place of the user’s', async () => {
      at.write('home/codec.py', 'NAME = "mine"');
      expect(await at.worker.call('import codec\ndef f(): return codec.NAME')).to.equal('mine');
      expect(await at.worker.call('import sys\ndef f(): return [p for p in sys.path if "workers/python" in p]')).to.deep.equal([]);
    });

    it('so that inspect shows their source', async () => {
      expect(await at.worker.call('import inspect\ndef f(): return inspect.getsource(f)')).to.equal('def f(): return inspect.getsource(f)');
    });

    it('of two apps with the same name and keeps them apart', async () => {
      const a = at.worker.define({ form: 'source', source: 'V = 1\ndef f(): return V', function: 'f' });
      const b = at.worker.define({ form: 'source', source: 'V = 2\ndef f(): return V', function: 'f' });
      expect(values(await at.worker.run([{ fnId: a }, { fnId: b }, { fnId: a }]))).to.deep.equal([1, 2, 1]);
    });

    it('for classes of a file and its siblings in another worker', async () => {
      at.write('lib/shapes.py', 'class Square:\n  def __init__(self, a): self.a = a\n  def area(self): return self.a ** 2');
      const path = at.write('lib/app.py', 'import shapes\nclass Own:\n  v = 3\ndef make(): return [shapes.Square(4), Own()]');
      const made = await at.worker.value({ fnId: at.worker.define({ form: 'file', path, function: 'make' }) });
      const other = await at.start();
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
        const error = await at.worker.error({ fnId: at.worker.define(definition) });
        expect(error).to.include({ kind: 'definition', name: 'DefinitionError' });
        expect(error.message).to.match(message);
      });
    }

    it('again after a failure that has been mended', async () => {
      const path = at.write('late.py', 'def f(): return oops');
      rmSync(path);
      const fnId = at.worker.define({ form: 'file', path, function: 'f' });
      expect((await at.worker.error({ fnId })).kind).to.equal('definition');
      at.write('late.py', 'def f(): return 1');
      expect(await at.worker.value({ fnId })).to.equal(1);
    });
  });

  describe('reports errors:', () => {
    it('with type, message, arguments, attributes and a traceback of the app’s own lines', async () => {
      const source =
        'class Bad(ValueError):\n  def __init__(self, code):\n    super().__init__("bad", code)\n    self.code = code\n\ndef f(x):\n  g(x)\n\ndef g(x):\n  raise Bad(x)  # here';
      const fnId = at.worker.define({ form: 'source', name: 'fit', source, function: 'f' });
      const error = await at.worker.error({ fnId, args: [7] });
      expect(error).to.include({ kind: 'python', name: 'Bad', message: "('bad', 7)" });
      expect(error.fields).to.deep.equal({ type: 'Bad', args: ['bad', 7], attributes: { code: 7 } });
      expect(error.stack).to.match(
        /^Traceback.*File "<pythonApp fit>", line 7, in f\n\s+g\(x\)\n.*line 10, in g\n\s+raise Bad\(x\)\s+# here/s,
      );
      expect(error.stack).not.to.include('flotilla_runtime');
    });

    it('with their cause', async () => {
      const error = await at.worker.callError('def f():\n  try: {}["k"]\n  except KeyError as e: raise RuntimeError("outer") from e');
      expect(error).to.include({ name: 'RuntimeError', message: 'outer' });
      expect(error.cause).to.include({ kind: 'python', name: 'KeyError', message: "'k'" });
      const suppressed = await at.worker.callError('def f():\n  try: {}["k"]\n  except KeyError: raise RuntimeError("outer") from None');
      expect(suppressed.cause).to.equal(undefined);
    });

    it('that cannot even be printed', async () => {
      const error = await at.worker.callError('class E(Exception):\n  def __str__(self): raise ValueError()\ndef f(): raise E()');
      expect(error.name).to.equal('E');
      expect(error.message).to.match(/cannot be had/);
    });

    it('of a call with the wrong arguments', async () => {
      expect((await at.worker.callError(ECHO)).message).to.match(/missing 1 required positional argument: 'x'/);
    });

    it('of sys.exit and KeyboardInterrupt as errors of the task, and goes on', async () => {
      const exit = await at.worker.callError('import sys\ndef f(): sys.exit(4)');
      expect(exit).to.include({ kind: 'python', name: 'SystemExit', message: '4' });
      expect(exit.fields).to.include({ exitCode: 4 }).and.not.to.have.property('code');
      expect(await at.worker.callError('def f(): raise KeyboardInterrupt()')).to.include({ kind: 'python', name: 'KeyboardInterrupt' });
      expect(await at.worker.call(ECHO, [1])).to.equal(1);
    });

    it('of outputs that were not written', async () => {
      const there = at.write('there', '');
      const outputs = [there, join(at.folder, 'missing')];
      const error = await at.worker.callError(ECHO, [1], { context: { outputs } });
      expect(error).to.include({ kind: 'missing-outputs', name: 'MissingOutputsError' });
      expect(error.fields).to.deep.equal({ missing: [outputs[1]] });
      expect(await at.worker.call(ECHO, [1], { context: { outputs: [there] } })).to.equal(1);
    });

    it('nothing of SIGINT', async () => {
      const fnId = at.worker.define({
        form: 'source',
        function: 'f',
        source: 'import os, signal\ndef f():\n  os.kill(os.getpid(), signal.SIGINT)\n  return "on"',
      });
      expect(await at.worker.value({ fnId })).to.equal('on');
    });
  });
});
