/** Behaviours 26–31: Python. The codec's own specs are beside it; here is what scripts count on. */
import { readFile, writeFile } from 'node:fs/promises';
import { expect } from 'chai';
import { type AppFuture, kw, PythonError, pythonApp, SerializationError, WorkerLost } from '../../index.ts';
import { type ExecutorUnderTest, failureOf, useKernel } from '../support/kernel.ts';
import { barePython, numpyPython } from '../support/python.ts';

const echo = pythonApp<[value: unknown], unknown>('def echo(value):\n    return value');

export function describePython(executor: ExecutorUnderTest): void {
  const place = useKernel(executor);

  describe('values', () => {
    it('make the way there and back', async () => {
      const value = {
        whole: 2 ** 40,
        negative: -7,
        half: 0.5,
        huge: 2n ** 80n,
        text: 'naïve 😀',
        none: null,
        yes: true,
        no: false,
        list: [1, [2, [3]]],
        nested: { deeper: { deepest: 'x' } },
        notANumber: Number.NaN,
        endless: -Infinity,
      };
      expect(await echo(value)).to.deep.equal(value);
    });

    it('have the types that Python expects', async () => {
      const types = pythonApp<unknown[], string[]>('def types(*values):\n    return [type(value).__name__ for value in values]');
      const seen = await types(1, 1.5, 2n ** 70n, 'x', true, null, [1], { a: 1 }, new Uint8Array(2));
      expect(seen).to.deep.equal(['int', 'float', 'int', 'str', 'bool', 'NoneType', 'list', 'dict', 'bytes']);
    });

    it('of bytes arrive as bytes', async () => {
      const bytes = await echo(Uint8Array.of(0, 255, 10));
      expect(Buffer.from(bytes as Uint8Array)).to.deep.equal(Buffer.of(0, 255, 10));
    });

    it('of typed arrays arrive as numpy arrays where numpy is there', async function () {
      const numpy = numpyPython();
      if ('missing' in numpy) {
        console.log(`      ${numpy.missing}`);
        return this.skip();
      }
      const sum = pythonApp<[Float64Array], [string, string, number]>(
        'def sum_of(values):\n    return type(values).__name__, str(values.dtype), float(values.sum())',
        { python: numpy.python },
      );
      expect(await sum(Float64Array.of(1.5, 2.5))).to.deep.equal(['ndarray', 'float64', 4]);
    });

    it('can be given by name', async () => {
      const power = pythonApp<[base: number], number>('def power(base, exponent=2):\n    return base ** exponent');
      expect(await power(3)).to.equal(9);
      expect(await power(3, kw({ exponent: 3 }))).to.equal(27);
      const two = echo(2) as AppFuture<number>;
      expect(await power(two, kw({ exponent: two }))).to.equal(4);
    });

    it('that only Python understands can be returned and passed on to another Python app', async () => {
      const make = pythonApp('def make():\n    import fractions\n    return fractions.Fraction(1, 3)');
      const use = pythonApp<[unknown], string>('def use(value):\n    return "%s %s" % (type(value).__name__, value * 3)');
      expect(await use(make())).to.equal('Fraction 1');
      const kept = await make();
      expect(await use(kept), 'also after the driver had it').to.equal('Fraction 1');
    });

    it('that cannot travel reject the future, and name their path', async () => {
      const error = await failureOf<SerializationError>(echo({ a: [() => 1] }));
      expect(error).to.be.instanceOf(SerializationError);
      expect(error.path).to.equal('args[0].a[0]');
    });

    it('of a megabyte pass from Python to Python and to the driver', async () => {
      const make = pythonApp<[], Uint8Array>('def make():\n    return bytes(range(256)) * 8192');
      const check = pythonApp<[unknown], number>('def check(data):\n    return len(data) + data[255]');
      const large = make();
      expect(await check(large)).to.equal(2_097_152 + 255);
      expect((await large).length).to.equal(2_097_152);
    });
  });

  describe('a function', () => {
    it('may be in a file, which may import its neighbours', async () => {
      await writeFile(place.path('neighbour.py'), 'FACTOR = 6\n');
      await writeFile(place.path('job.py'), 'from neighbour import FACTOR\n\ndef work(x):\n    return x * FACTOR\n');
      expect(await pythonApp<[number], number>({ file: place.path('job.py'), function: 'work' })(7)).to.equal(42);
    });

    it('may be in a module', async () => {
      expect(await pythonApp<[number[]], number>({ module: 'math', function: 'fsum' })([0.1, 0.2, 0.3])).to.be.closeTo(0.6, 1e-12);
    });

    it('may be asynchronous', async () => {
      expect(
        await pythonApp<[], number>('async def later():\n    import asyncio\n    await asyncio.sleep(0.01)\n    return 42')(),
      ).to.equal(42);
    });

    it('may have an interpreter of its own', async () => {
      const which = pythonApp<[], string>('def which():\n    import sys\n    return sys.prefix', { python: barePython() });
      expect(barePython()).to.include(await which());
    });

    it('whose interpreter is not there fails at once, and says what to do', async () => {
      const future = echo.with({ python: '/no/such/python3', retries: 2 })(1);
      const error = await failureOf(future);
      expect(error.message).to.include('/no/such/python3').and.include("'python' option");
      expect(future.tries.length).to.equal(1);
    });
  });

  it('sends what an app prints to its stdout, never into the protocol', async () => {
    const noisy = pythonApp<[], string>(`
      def noisy():
          import os, subprocess, sys
          print('by print')
          sys.stdout.write('by write\\n')
          os.write(1, b'by descriptor\\n')
          subprocess.run(['echo', 'by a child'])
          print('aside', file=sys.stderr)
          return 'result'
    `);
    const future = noisy.with({ stdout: place.path('noise'), stderr: place.path('noise.err') })();
    expect(await future).to.equal('result');
    expect((await readFile(place.path('noise'), 'utf8')).split('\n').toSorted()).to.deep.equal([
      '',
      'by a child',
      'by descriptor',
      'by print',
      'by write',
    ]);
    expect(await readFile(place.path('noise.err'), 'utf8')).to.equal('aside\n');
    expect(await noisy(), 'where nobody asked for it').to.equal('result');
  });

  describe('an exception', () => {
    it('arrives with its type, its message and its traceback', async () => {
      const error = await failureOf<PythonError>(
        pythonApp<[number], number>(`
        def invert(x):
            def inner(y):
                return 1 / y
            return inner(x)
      `)(0),
      );
      expect(error).to.be.instanceOf(PythonError);
      expect(error.type).to.equal('ZeroDivisionError');
      expect(error.message).to.match(/^ZeroDivisionError: division by zero \(<pythonApp \S+>, line \d+\)$/);
      expect(error.traceback).to.match(/Traceback[^]*in invert[^]*in inner[^]*ZeroDivisionError: division by zero/);
      expect(error.stack).to.include('in inner');
    });

    it('may be of a class that only the worker knows', async () => {
      const error = await failureOf<PythonError>(
        pythonApp(`
        def odd():
            class Odd(Exception):
                pass
            raise Odd('strange', 7)
      `)(),
      );
      expect(error.type).to.include('Odd');
      expect(error.message).to.include('strange');
    });

    it('of SystemExit, KeyboardInterrupt or a generator does no harm to the worker', async () => {
      const raise = pythonApp<[string], unknown>('def raising(name):\n    import builtins\n    raise getattr(builtins, name)(3)');
      for (const name of ['SystemExit', 'KeyboardInterrupt', 'GeneratorExit']) {
        expect((await failureOf<PythonError>(raise(name))).type).to.equal(name);
      }
      expect(await echo('still there')).to.equal('still there');
    });

    it('costs retries like any failure', async () => {
      const flaky = pythonApp<[string], number>(
        `
        def flaky(path):
            with open(path, 'a+') as log:
                log.write('x')
                log.seek(0)
                count = len(log.read())
            if count < 3:
                raise RuntimeError('call %d' % count)
            return count
      `,
        { retries: 2 },
      );
      expect(await flaky(place.path('python-tries'))).to.equal(3);
    });
  });

  describe('a worker', () => {
    it('that calls os._exit is WorkerLost with its code, and the pool recovers', async () => {
      const leave = pythonApp('def leave():\n    import os\n    os._exit(9)', { onLost: 'fail' });
      const error = await failureOf<WorkerLost>(leave());
      expect(error).to.be.instanceOf(WorkerLost);
      expect(error.exitCode).to.equal(9);
      expect(await echo('recovered')).to.equal('recovered');
    });

    it('that crashes is WorkerLost with its signal and the end of its stderr', async () => {
      const crash = pythonApp('def crash():\n    import ctypes\n    ctypes.string_at(0)', { onLost: 'fail' });
      const error = await failureOf<WorkerLost>(crash());
      expect(error).to.be.instanceOf(WorkerLost);
      expect(error.signal).to.equal('SIGSEGV');
      expect(error.stderrTail).to.include('Segmentation fault');
      expect(await echo('recovered')).to.equal('recovered');
    });

    it('is not harmed by threads and subprocesses of an app', async () => {
      const busy = pythonApp<[], number>(`
        def busy():
            import subprocess, threading
            done = []
            threads = [threading.Thread(target=lambda: done.append(subprocess.run(['true']).returncode)) for _ in range(4)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            threading.Thread(target=threading.Event().wait, daemon=True).start()
            return sum(done)
      `);
      expect(await busy()).to.equal(0);
      expect(await echo('still there')).to.equal('still there');
    });

    it('hands none of its own descriptors to what an app starts', async () => {
      const holes = pythonApp<[], string>(`
        def holes():
            import subprocess
            return subprocess.run(['ls', '/proc/self/fd'], capture_output=True, text=True).stdout
      `);
      expect((await holes()).trim().split('\n').length).to.be.at.most(5);
    });
  });
}
