import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { EventLogError } from '../../lib/errors/event-log-error.ts';
import { showError, withoutOurFrames } from '../../bin/show-error.ts';
import { BundleError } from '../../lib/errors/bundle-error.ts';
import { ConfigError } from '../../lib/errors/config-error.ts';
import { FlotillaError } from '../../lib/errors/flotilla-error.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));

describe('an error that nobody caught', () => {
  it("is its message alone when it is the config's", () =>
    expect(showError(new ConfigError('a.yaml:1:1: wrong'), false)).to.equal('flotilla: a.yaml:1:1: wrong'));

  it('shows what cannot be bundled without a frame of the command line', () =>
    expect(showError(new BundleError('there is no script sweep.ts'), false)).to.equal('flotilla: there is no script sweep.ts'));

  it("is its message alone when it is the event log's", () =>
    expect(showError(new EventLogError('/r/events.log', 'is no event log'), false)).to.equal(
      'flotilla: the event log /r/events.log is no event log',
    ));

  it('is its message and the one place in the script when it is another of ours', () => {
    const error = new FlotillaError('FLOTILLA_NO_KERNEL_ERROR', 'no kernel');
    error.name = 'NoKernelError';
    error.stack = `NoKernelError: no kernel\n    at submit (${root}lib/kernel/kernel.ts:1:1)\n    at main (/home/me/script.ts:4:2)\n    at /home/me/script.ts:9:1`;
    expect(showError(error, false)).to.equal('NoKernelError: no kernel\n    at main (/home/me/script.ts:4:2)');
  });

  it("keeps the script's own frames, and leaves out ours and Node's", () => {
    const stack = [
      'RangeError: mine',
      '    at deep (file:///home/me/script.ts:1:1)',
      `    at load (file://${root}configs/load.ts:2:2)`,
      '    at process.processTicks (node:internal/process/task_queues:104:5)',
      `    at example (file://${root}examples/hello.ts:3:3)`,
    ];
    expect(withoutOurFrames(stack.join('\n'))).to.equal([stack[0], stack[1], stack[4]].join('\n'));
  });

  it("keeps what opens an error's properties where the frame before them is left out", () => {
    const error = Object.assign(new Error('mine'), { code: 'E' });
    error.stack = 'Error: mine\n    at load (node:internal/modules/run:1:1)';
    expect(showError(error, false)).to.equal("Error: mine {\n  code: 'E'\n}");
  });

  it('says what to do about a script that does not find this package, and nothing of other packages', () => {
    const missing = (name: string): Error =>
      Object.assign(new Error(`Cannot find package '${name}' imported from /tmp/a.ts`), { code: 'ERR_MODULE_NOT_FOUND' });
    expect(showError(missing('flotilla'), false)).to.match(/\nflotilla: .*npm install flotilla.*your project$/);
    expect(showError(missing('left-pad'), false)).not.to.include('npm install');
  });

  it('shows the causes', () =>
    expect(showError(new Error('outer', { cause: new TypeError('inner') }), false)).to.match(/outer[\s\S]*\[cause\]: TypeError: inner/));

  it('shows what was thrown that is no error', () => expect(showError({ a: 1 }, false)).to.equal('the script threw { a: 1 }'));

  it('does nothing to a terminal', () => {
    const error = new Error('\u001b[2Jmine\nmore');
    for (const debug of [false, true]) expect(showError(error, debug)).to.match(/^Error: \\x1b\[2Jmine\nmore\n/);
    expect(showError(new ConfigError('a.yaml: \u0007'), false)).to.equal('flotilla: a.yaml: \\x07');
  });

  it('shows everything with FLOTILLA_DEBUG', () =>
    expect(showError(new ConfigError('wrong'), true)).to.match(/ConfigError: wrong\n\s+at /));
});
