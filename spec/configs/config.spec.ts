import { expect } from 'chai';
import { Config } from '../../configs/config.ts';
import { HighThroughputExecutor } from '../../executors/high-throughput/description.ts';
import { ThreadPoolExecutor } from '../../executors/threads/description.ts';
import { ConfigError } from '../../lib/errors/config-error.ts';
import { LocalProvider } from '../../providers/local/description.ts';

describe('Config', () => {
  it('is one HighThroughputExecutor on this machine unless told otherwise', () => {
    const { compiled, warnings } = new Config();
    expect(compiled.executors.map(({ type, label }) => `${type} ${label}`)).to.deep.equal(['HighThroughputExecutor htex']);
    expect(compiled).to.include({
      retries: 0,
      runDir: 'runinfo',
      exitMode: 'wait',
      strategy: 'simple',
      strategyPeriodMs: 5000,
      maxIdleTimeMs: 120_000,
      initializeLogging: true,
      retryHandler: undefined,
      orphanGraceMs: undefined,
    });
    expect(warnings).to.deep.equal([]);
  });

  it('compiles what was written', () => {
    const retryHandler = (): number => 0.5;
    const threads = new ThreadPoolExecutor();
    const { compiled } = new Config({
      retries: 2,
      retryHandler,
      executors: [threads],
      runDir: '/scratch/runs',
      exitMode: 'cleanup',
      strategy: 'none',
      strategyPeriod: 2,
      maxIdleTime: '5m',
      orphanGrace: '1h',
    });
    expect(compiled).to.deep.include({ retries: 2, retryHandler, executors: [threads], runDir: '/scratch/runs', exitMode: 'cleanup' });
    expect(compiled).to.include({ strategy: 'none', strategyPeriodMs: 2000, maxIdleTimeMs: 300_000, orphanGraceMs: 3_600_000 });
  });

  it('refuses two executors of one label, naming both', () => {
    const attempt = (): Config => new Config({ executors: [new HighThroughputExecutor(), new ThreadPoolExecutor({ label: 'htex' })] });
    expect(attempt).to.throw(ConfigError, "Config.executors.1: the label 'htex' is taken by executors.0");
  });

  const refused: [object, RegExp][] = [
    [{ executors: [] }, /Config\.executors: expected at least one executor, saw \[\]/],
    [{ executors: [{ label: 'x' }] }, /Config\.executors\.0: expected an executor such as new HighThroughputExecutor\(\)/],
    [{ retry_handler: () => 1 }, /Did you mean 'retryHandler'\?/],
    [{ exitMode: 'wiat' }, /saw 'wiat'\. Did you mean 'wait'\?/],
  ];
  for (const [options, message] of refused) {
    it(`refuses ${JSON.stringify(options)}`, () => expect(() => new Config(options)).to.throw(ConfigError, message));
  }

  it("takes every option of Parsl's Config; what has no effect is said, once", () => {
    const { warnings, compiled } = new Config({
      executors: [new HighThroughputExecutor({ startMethod: 'spawn', provider: new LocalProvider() })],
      appCache: true,
      checkpointFiles: ['a'],
      checkpointMode: 'task_exit',
      checkpointPeriod: '00:30:00',
      dependencyResolver: null,
      exitMode: 'wait',
      garbageCollect: false,
      initializeLogging: true,
      internalTasksMaxThreads: 10,
      maxIdletime: 60,
      monitoring: {},
      projectName: 'x',
      retries: 1,
      runDir: 'runs',
      stdAutopath: () => 'x',
      strategy: 'htex_auto_scale',
      strategyPeriod: 5,
      usageTracking: 1,
    });
    expect(compiled.maxIdleTimeMs).to.equal(60_000);
    expect(warnings.map((warning) => warning.split(' ')[0])).to.have.members([
      'Config.garbageCollect',
      'Config.internalTasksMaxThreads',
      'Config.monitoring',
      'Config.projectName',
      'Config.stdAutopath',
      'Config.usageTracking',
      'HighThroughputExecutor.startMethod',
    ]);
  });

  it('does not warn about asking for what happens anyway', () => {
    expect(new Config({ appCache: false, checkpoint: 'off', garbageCollect: true, usageTracking: false }).warnings).to.deep.equal([]);
  });

  it('does not accept silently what this release cannot do', () => {
    const { warnings } = new Config({ monitoring: {} });
    expect(warnings).to.have.length(1);
    expect(warnings[0]).to.match(/ is not part of this release/);
  });

  it('writes checkpoints as tasks end, unless told otherwise', () => {
    expect(new Config().compiled.memo).to.deep.equal({
      enabled: true,
      files: 'mtime',
      checkpoint: 'taskExit',
      checkpointPeriodMs: 1_800_000,
      checkpointFiles: [],
    });
  });

  it("takes Parsl's names for it", () => {
    const { memo } = new Config({ appCache: false, checkpointMode: 'dfk_exit', checkpointPeriod: '00:10:00', checkpointFiles: ['a'] })
      .compiled;
    expect(memo).to.deep.equal({ enabled: false, files: 'mtime', checkpoint: 'exit', checkpointPeriodMs: 600_000, checkpointFiles: ['a'] });
    expect(new Config({ checkpointMode: 'task_exit' }).compiled.memo.checkpoint).to.equal('taskExit');
    expect(new Config({ checkpointMode: 'manual', checkpoint: 'periodic' }).compiled.memo.checkpoint).to.equal('periodic');
  });

  it('says what makes files equal', () => {
    expect(new Config({ memoizer: { files: 'content' } }).compiled.memo.files).to.equal('content');
    expect(() => new Config({ memoizer: { files: 'contents' } as never })).to.throw(ConfigError, /Did you mean 'content'\?/);
  });

  it('cannot be changed once made', () => {
    const config = new Config({ retries: 1 });
    expect(() => Object.assign(config.compiled, { retries: 2 })).to.throw(TypeError);
    expect(() => Object.assign(config.options, { retries: 2 })).to.throw(TypeError);
  });
});
