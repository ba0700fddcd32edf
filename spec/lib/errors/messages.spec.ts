import { expect } from 'chai';
import {
  BashExitError,
  CancelledError,
  JoinError,
  ManagerLost,
  MemoryLimitError,
  PoisonTaskError,
  PythonError,
  SerializationError,
  WorkerLost,
} from '../../../lib/errors/index.ts';
import { beginningOf, onOneLine, showControls } from '../../../lib/errors/message-parts.ts';
import { onePerClass } from './one-per-class.ts';

const task = { id: 7, app: 'simulate' };
const exit = (fields: Partial<ConstructorParameters<typeof BashExitError>[0]>): string =>
  new BashExitError({ exitCode: 1, signal: null, command: 'x', stdoutTail: '', stderrTail: '', ...fields }, { task }).message;

describe('messages of errors', () => {
  const rows: readonly [name: string, ...parts: string[]][] = [
    ['BashExitError', 'task 7 (simulate)', 'exited with 2', 'ls nowhere', 'ls: no such file'],
    ['WalltimeError', 'task 7 (simulate)', '2.5 s', "'walltime'"],
    ['MemoryLimitError', 'task 7 (simulate)', 'used 1.5 GiB', '1 GiB', "'resources.memory'"],
    ['MissingOutputsError', 'task 7 (simulate)', '/tmp/a'],
    ['SerializationError', 'task 7 (simulate)', 'args[0].then', 'a function (then)', 'plain data'],
    ['CancelledError', 'task 7 (simulate)', 'changed my mind'],
    ['WorkerLost', 'worker 3 on n1', 'by SIGKILL', 'task 7 (simulate)', 'killed'],
    ['ManagerLost', 'manager m-1 on n1', 'exit code 1', '2026-01-02T00:00:00.000Z', 'task 7 (simulate)'],
    ['PoisonTaskError', 'task 7 (simulate)', '3 times', '3. worker 3 on n1'],
    ['JoinError', 'task 7 (simulate)', '1 of 2', 'task 3: Error: no'],
    ['ResultTimeoutError', 'task 7 (simulate)', '1.5 s', 'cancel()'],
    ['ExecutorFailed', "'htex'", 'no block came up'],
    ['NoKernelError', "'simulate'", 'await using kernel = await load();'],
    ['ClosureError', 'scale', 'factor', '/home/u/a.ts:3:9', 'import()', 'argument', 'module'],
  ];
  for (const [name, ...parts] of rows) {
    it(`${name} says ${parts.join(', ')}`, () => {
      const { message } = onePerClass[name] as Error;
      for (const part of parts) expect(message).to.contain(part);
    });
  }

  it('MemoryLimitError says which of several nodes was looked at', () => {
    const { message } = new MemoryLimitError({ limitBytes: 2 ** 25, usedBytes: 2 ** 26, tries: 1, nodes: 3 });
    expect(message).to.contain('of memory on the first of its 3 nodes, the only one that is looked at, where 32 MiB');
  });

  it('MemoryLimitError says what the worker alone takes, where that is much of the limit', () => {
    const { message } = new MemoryLimitError({ limitBytes: 2 ** 25, usedBytes: 2 ** 26, tries: 1, workerBytes: 2 ** 26 });
    expect(message).to.contain('used 64 MiB of memory where 32 MiB are its limit').and.contain('its worker alone takes 64 MiB');
  });

  it('BashExitError explains 126 and 127, and tells a signal from a code', () => {
    expect(exit({ exitCode: 126, stderrTail: 'bash: ./x: Permission denied' })).to.contain('cannot be executed');
    expect(exit({ exitCode: 127, stderrTail: 'bash: x: command not found' })).to.contain('is it on the PATH');
    expect(exit({ exitCode: 127, stderrTail: 'X: unbound variable' })).to.not.contain('PATH');
    expect(exit({ exitCode: null, signal: 'SIGSEGV' })).to.contain('ended by SIGSEGV');
    expect(exit({ stderr: '/run/task.stderr' })).to.contain('/run/task.stderr');
  });

  it('BashExitError shows stdout where nothing came on stderr, and the end of a long one', () => {
    expect(exit({ stdoutTail: 'said there' })).to.contain('said there');
    expect(exit({ stderrTail: 'one\ntwo\nthree\nfour\nfive\nsix\n' }))
      .to.contain('two')
      .and.not.to.contain('one');
    expect(exit({ command: 'a'.repeat(5000) }).length).to.be.lessThan(500);
  });

  it('PythonError says its type, shows the traceback as its stack and once only', () => {
    const error = new PythonError('bad value', { type: 'ValueError', traceback: 'Traceback:\n  File "a.py"\n' });
    expect(error.message).to.equal('ValueError: bad value');
    expect(error.stack).to.equal('PythonError: ValueError: bad value\nTraceback:\n  File "a.py"');
    expect(error.traceback).to.equal('Traceback:\n  File "a.py"\n');
    expect(Object.keys(error)).to.deep.equal(['code', 'type']);
  });

  it('SerializationError leaves the middle of a very long path out of its message, not of its path', () => {
    const path = `args${'[0]'.repeat(400)}`;
    const error = new SerializationError({ path, seen: 'a function' });
    expect(error.message)
      .to.match(/^args\[0\].* … .*\[0\] is a function/)
      .and.to.have.property('length')
      .that.is.lessThan(300);
    expect(error.path).to.equal(path);
  });

  describe('PythonError says what was raised and where', () => {
    const head = 'Traceback (most recent call last):\n';
    const own = `${head}  File "<pythonApp f>", line 2, in f\n    x\n`;
    const within = `${own}  File "/usr/lib/python3.12/json/decoder.py", line 9, in loads\n  File "/v/site-packages/a.py", line 1, in a\n`;
    const cases: readonly [string, string, string, string, string][] = [
      ['a key', "'b'", 'KeyError', own, "KeyError: 'b' (<pythonApp f>, line 2)"],
      ['no text', '', 'ValueError', own, 'ValueError (<pythonApp f>, line 2)'],
      ['a failure within a library', 'bad', 'E', within, 'E: bad (<pythonApp f>, line 2)'],
      [
        'one that follows another',
        'b',
        'E',
        `${own}A: a\n\nThe above exception …\n\n${own.replace('2', '7')}`,
        'E: b (<pythonApp f>, line 7)',
      ],
      [
        'a group',
        'two',
        'G',
        `  + Exception Group ${own}  | G: two\n  +-+---- 1 ----\n    | ${own.replace('2', '9')}`,
        'G: two (<pythonApp f>, line 2)',
      ],
      ['a syntax error', 'no (<pythonApp f>, line 2)', 'SyntaxError', own, 'SyntaxError: no (<pythonApp f>, line 2)'],
      ['no traceback', 'b', 'E', '', 'E: b'],
    ];
    for (const [what, text, type, traceback, message] of cases) {
      it(`of ${what}, also after it has travelled again`, () => {
        const error = new PythonError(text, { type, traceback });
        expect(error.message).to.equal(message);
        expect(new PythonError(error.message, { type, traceback }).message).to.equal(message);
      });
    }
  });

  it('ManagerLost says never when no heartbeat came', () => {
    expect(new ManagerLost({ host: 'n1', managerId: 'm', lastHeartbeat: 0 }).message).to.contain('last heard of never');
  });

  it('WorkerLost without evidence invents none', () => {
    const { message } = new WorkerLost({ host: 'n1', worker: '0' }, { task });
    expect(message).to.equal('worker 0 on n1 was lost while it ran task 7 (simulate)');
  });

  it('PoisonTaskError has the last loss as its cause', () => {
    const losses = [new Error('first'), new Error('last')];
    expect(new PoisonTaskError({ host: 'n1', worker: 'w', losses }).cause).to.equal(losses[1]);
  });

  it('JoinError lists exactly its failures and shortens the message of many', () => {
    const failures = Array.from({ length: 30 }, (_, taskId) => ({ taskId, error: new Error(`no ${taskId}`) }));
    const error = new JoinError({ failures });
    expect(error.failures).to.equal(failures);
    expect(error.cause).to.equal(failures[0]?.error);
    expect(error.message).to.contain('30 parts').and.to.contain('and 20 more').and.not.to.contain('no 10');
  });

  it('CancelledError takes any reason, or none', () => {
    expect(new CancelledError({}, { task }).message).to.equal('task 7 (simulate) was cancelled');
    expect(new CancelledError({ reason: new Error('Ctrl-C') }).message).to.contain('Ctrl-C');
    expect(new CancelledError({ reason: { n: 1 } }).message).to.contain('{ n: 1 }');
  });
});

describe('text of others', () => {
  it('has its control characters made visible, and keeps its lines and tabs', () =>
    expect(showControls('a\u001b[2J\r\n\tb\u0007\u009bé')).to.equal('a\\x1b[2J\\x0d\n\tb\\x07\\x9bé'));

  it('is put on one line', () => expect(onOneLine('  a \r\n\n  b\u0000')).to.equal('  a ⏎ b\\x00'));
});

describe('the beginning of a message', () => {
  const rows: readonly [title: string, message: string, beginning: string][] = [
    ['is its first line', 'too hot\nat all', 'too hot'],
    ['is its first line that is not empty', '\n  too hot\n', 'too hot'],
    [
      'goes on behind a colon at the end of the line',
      '2 parts failed:\n\n  task 3: too hot\n  task 4: too cold',
      '2 parts failed: task 3: too hot',
    ],
    ['goes on behind every such colon', 'it failed:\r\ntask 3:\n  too hot\nmore', 'it failed: task 3: too hot'],
    ['may end with a colon where nothing follows', 'it failed:\n', 'it failed:'],
    ['is empty where the message is', '', ''],
  ];
  for (const [title, message, beginning] of rows) it(title, () => expect(beginningOf(message)).to.equal(beginning));

  it('has the causes of joins within joins', () => {
    const inner = new JoinError({ failures: [{ taskId: 3, error: new RangeError('too hot') }] });
    const outer = new JoinError({ failures: [{ taskId: 2, error: inner }] });
    expect(beginningOf(outer.message)).to.match(/: 1 part of the join failed: task 2: JoinError: .* failed: task 3: RangeError: too hot$/);
    let deep: Error = outer;
    for (let i = 0; i < 200; i++) deep = new JoinError({ failures: [{ taskId: 1, error: deep }] });
    expect(deep.message)
      .to.match(/ … .*too hot$/)
      .and.have.length.below(1200);
  });
});
