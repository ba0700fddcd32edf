import { availableParallelism } from 'node:os';
import { expect } from 'chai';
import { ThreadPoolExecutor } from '../../../executors/threads/description.ts';
import { ConfigError } from '../../../lib/errors/config-error.ts';

describe('ThreadPoolExecutor', () => {
  it('has a thread for each CPU unless told otherwise', () => {
    expect(new ThreadPoolExecutor().compiled).to.deep.equal({
      label: 'threads',
      maxThreads: availableParallelism(),
      python: undefined,
      env: {},
    });
    expect(new ThreadPoolExecutor({ maxThreads: 3, label: 'few' }).compiled).to.include({ label: 'few', maxThreads: 3 });
  });

  it("takes Parsl's options that mean nothing here, with a warning for each", () => {
    const { warnings } = new ThreadPoolExecutor({ threadNamePrefix: 'x', workingDir: '/tmp' });
    expect(warnings.map((warning) => warning.split(' ')[0])).to.deep.equal([
      'ThreadPoolExecutor.threadNamePrefix',
      'ThreadPoolExecutor.workingDir',
    ]);
  });

  it('refuses what it does not know', () => {
    expect(() => new ThreadPoolExecutor({ max_threads: 2 } as object)).to.throw(ConfigError, "Did you mean 'maxThreads'?");
    expect(() => new ThreadPoolExecutor({ maxThreads: 0 })).to.throw(ConfigError, 'expected a whole number of at least 1, saw 0');
  });
});
