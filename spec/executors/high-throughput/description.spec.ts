import { expect } from 'chai';
import { HighThroughputExecutor } from '../../../executors/high-throughput/description.ts';
import type { HighThroughputOptions } from '../../../executors/high-throughput/options.ts';
import { ConfigError } from '../../../lib/errors/config-error.ts';
import { LocalProvider } from '../../../providers/local/description.ts';

describe('HighThroughputExecutor', () => {
  it('fills in the defaults', () => {
    const { compiled, label, options, warnings } = new HighThroughputExecutor();
    expect(label).to.equal('htex');
    expect(options).to.deep.equal({});
    expect(warnings).to.deep.equal([]);
    expect(compiled.provider).to.be.instanceOf(LocalProvider);
    expect(compiled).to.deep.include({
      coresPerWorker: 1,
      maxWorkersPerNode: Number.POSITIVE_INFINITY,
      cpuAffinity: { kind: 'none' },
      accelerators: 0,
      prefetchCapacity: 'auto',
      heartbeatPeriodMs: 30_000,
      heartbeatThresholdMs: 120_000,
      managerSelector: undefined,
      walltimeWarningMs: 30_000,
      leaveMs: 5000,
      encrypted: true,
      env: {},
    });
  });

  it('refuses accelerators that would go to two workers', () => {
    for (const availableAccelerators of [
      ['a', 'a'],
      ['0,1', '1'],
    ])
      expect(() => new HighThroughputExecutor({ availableAccelerators })).to.throw(ConfigError, /accelerator '[a1]' is listed twice/);
  });

  const plans: [title: string, options: HighThroughputOptions, warning: RegExp | undefined][] = [
    ['each with CPUs of its own', { cpuAffinity: 'list:0-1:2-3', maxWorkersPerNode: 2 }, undefined],
    [
      'one of whose CPUs two workers have',
      { cpuAffinity: 'list:0-1:2:1' },
      /^HighThroughputExecutor.cpuAffinity gives CPU 1 to worker 0 and to worker 2/,
    ],
    [
      'with more of them than workers',
      { cpuAffinity: 'list:0:1:2', maxWorkersPerNode: 2 },
      /lists CPUs for 3 workers, and maxWorkersPerNode allows 2: the last 1 /,
    ],
    [
      'with more of them than accelerators',
      { cpuAffinity: 'list:0:1', availableAccelerators: ['x'] },
      /and availableAccelerators allows 1/,
    ],
  ];
  for (const [title, options, warning] of plans) {
    it(`${warning ? 'warns of' : 'takes'} lists of CPUs ${title}`, () => {
      const { warnings } = new HighThroughputExecutor(options);
      expect(warnings).to.have.length(warning ? 1 : 0);
      if (warning) expect(warnings[0]).to.match(warning);
    });
  }

  it("takes what Parsl's documentation writes for Polaris, line by line", () => {
    const { compiled, warnings } = new HighThroughputExecutor({
      label: 'htex',
      heartbeatPeriod: 15,
      heartbeatThreshold: 120,
      workerDebug: true,
      availableAccelerators: 4,
      maxWorkersPerNode: 4,
      cpuAffinity: 'list:24-31,56-63:16-23,48-55:8-15,40-47:0-7,32-39',
      prefetchCapacity: 0,
      startMethod: 'spawn',
      address: 'polaris-login-01',
      provider: new LocalProvider(),
    });
    expect(compiled).to.include({
      heartbeatPeriodMs: 15_000,
      heartbeatThresholdMs: 120_000,
      accelerators: 4,
      maxWorkersPerNode: 4,
      prefetchCapacity: 0,
    });
    expect(warnings).to.have.length(1);
    expect(warnings[0]).to.match(/^HighThroughputExecutor\.startMethod has no effect: /);
  });

  it('takes accelerators by name, also those that look like numbers', () => {
    expect(new HighThroughputExecutor({ availableAccelerators: [0, 'GPU-3f'] }).compiled.accelerators).to.deep.equal(['0', 'GPU-3f']);
  });

  it('takes maxWorkers for maxWorkersPerNode', () =>
    expect(new HighThroughputExecutor({ maxWorkers: 3 }).compiled.maxWorkersPerNode).to.equal(3));

  it('refuses a heartbeat threshold that is not above the period', () => {
    expect(() => new HighThroughputExecutor({ heartbeatPeriod: '30s', heartbeatThreshold: '30s' })).to.throw(
      ConfigError,
      /heartbeatThreshold: 30 s is not longer than heartbeatPeriod, 30 s/,
    );
  });

  it('keeps most of a short block for work', () => {
    const provider = new LocalProvider({ walltime: '1m' });
    expect(new HighThroughputExecutor({ provider }).compiled).to.include({ walltimeWarningMs: 6000, leaveMs: 3000 });
    expect(new HighThroughputExecutor({ provider, walltimeWarning: '20s' }).compiled).to.include({ walltimeWarningMs: 20_000 });
  });

  it('refuses a warning that leaves no time before it', () => {
    const provider = new LocalProvider({ walltime: '1m' });
    expect(() => new HighThroughputExecutor({ provider, walltimeWarning: '60s' })).to.throw(
      ConfigError,
      /walltimeWarning: 60 s is not shorter than the walltime of a block, 60 s: no task could ever be started/,
    );
  });

  const refused: [object, RegExp][] = [
    [{ max_workers_per_node: 4 }, /HighThroughputExecutor\.max_workers_per_node is not an option\. Did you mean 'maxWorkersPerNode'\?/],
    [
      { maxWorkersPerNode: 'four' },
      /HighThroughputExecutor\.maxWorkersPerNode: expected a whole number of at least 1, or Infinity, saw 'four'/,
    ],
    [{ cpuAffinity: 'list:9-1' }, /HighThroughputExecutor\.cpuAffinity: worker 0 of the list: the range '9-1' runs backwards/],
    [{ provider: 'local' }, /HighThroughputExecutor\.provider: expected a provider such as new LocalProvider\(\), saw 'local'/],
    [{ orphanGrace: 30 }, /HighThroughputExecutor\.orphanGrace: expected a duration with its unit \(write '30s'\)/],
    [{ prefetchCapacity: 'some' }, /HighThroughputExecutor\.prefetchCapacity: expected 'auto' or a whole number of at least 0, saw 'some'/],
    [{ label: '' }, /HighThroughputExecutor\.label: expected a name, saw ''/],
  ];
  for (const [options, message] of refused) {
    it(`refuses ${JSON.stringify(options)}`, () => expect(() => new HighThroughputExecutor(options)).to.throw(ConfigError, message));
  }

  it('cannot be changed once made, nor by changing what it was made from', () => {
    const written = { env: { A: '1' } };
    const executor = new HighThroughputExecutor(written);
    written.env.A = '2';
    expect(executor.options).to.deep.equal({ env: { A: '1' } });
    expect(executor.compiled.env).to.deep.equal({ A: '1' });
    expect(() => Object.assign(executor, { label: 'x' })).to.throw(TypeError);
    expect(() => Object.assign(executor.compiled, { label: 'x' })).to.throw(TypeError);
    expect(() => Object.assign(executor.compiled.env, { A: 'x' })).to.throw(TypeError);
  });
});
