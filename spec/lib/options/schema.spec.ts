import { expect } from 'chai';
import { ConfigError } from '../../../lib/errors/config-error.ts';
import { frozenCopy } from '../../../lib/options/freeze.ts';
import { OptionsSchema } from '../../../lib/options/schema.ts';
import {
  count,
  description,
  duration,
  environment,
  flag,
  oneOf,
  onlyInTypeScript,
  parslGigabytes,
  parslMilliseconds,
  parslSeconds,
  port,
  portRange,
  positiveNumber,
  size,
  text,
  textList,
  wholeNumber,
} from '../../../lib/options/vocabulary.ts';

const schema = new OptionsSchema('Thing', () => ({
  label: text().optional(),
  walltime: duration().optional(),
  period: parslSeconds().optional(),
  poll: parslMilliseconds().optional(),
  limit: size().optional(),
  memory: parslGigabytes().optional(),
  debug: flag().optional(),
  names: textList().optional(),
  retries: wholeNumber(0).optional(),
  cap: count(1).optional(),
  share: positiveNumber().optional(),
  mode: oneOf(['wait', 'cleanup', 'atExit', 'auto-scale']).optional(),
  env: environment().optional(),
  port: port().optional(),
  ports: portRange().optional(),
  handler: onlyInTypeScript<() => void>((value) => typeof value === 'function', 'a function').optional(),
  provider: description<{ start(): void }>('provider', ['start'], 'a provider').optional(),
}));

function refusal(options: unknown): ConfigError {
  try {
    schema.check(options);
  } catch (error) {
    if (error instanceof ConfigError) return error;
    throw error;
  }
  throw new Error('it was not refused');
}

describe('options', () => {
  const accepted: [object, object][] = [
    [{ walltime: '1h30m' }, { walltime: 5_400_000 }],
    [{ period: '2m' }, { period: 120_000 }],
    [{ period: 1.5 }, { period: 1500 }],
    [{ poll: 10 }, { poll: 10 }],
    [{ limit: '500MB' }, { limit: 500e6 }],
    [{ memory: 6 }, { memory: 6 * 2 ** 30 }],
    [{ memory: '6GB' }, { memory: 6e9 }],
    [{ cap: Number.POSITIVE_INFINITY }, { cap: Number.POSITIVE_INFINITY }],
    [{ env: { THREADS: 4, ON: true, NAME: 'x' } }, { env: { THREADS: '4', ON: 'true', NAME: 'x' } }],
    [{ ports: [1000, 2000] }, { ports: [1000, 2000] }],
    [{ mode: 'atExit' }, { mode: 'atExit' }],
    [{ mode: 'at_exit' }, { mode: 'atExit' }],
    [{ mode: 'auto_scale' }, { mode: 'auto-scale' }],
    [{ label: undefined, retries: null }, {}],
  ];
  for (const [written, expected] of accepted) {
    it(`takes ${JSON.stringify(written)}`, () => expect(schema.check(written)).to.deep.equal(expected));
  }

  const refused: [object, string][] = [
    [{ walltime: 30 }, "Thing.walltime: expected a duration with its unit (write '30s'), saw 30"],
    [{ walltime: 'soon' }, `Thing.walltime: "soon" is not a duration; write it as '90s', '30m', '1h30m' or '01:30:00'`],
    [{ period: 'soon' }, `Thing.period: "soon" is not a duration; write it as '90s', '30m', '1h30m' or '01:30:00'`],
    [{ period: -1 }, "Thing.period: expected a duration such as '30s', or a number of seconds, saw -1"],
    [{ limit: 6 }, "Thing.limit: expected a size such as '6GiB' or '500MB', saw 6"],
    [{ memory: '6G' }, `Thing.memory: "6G" is not a size; write '6GiB' (1024) or '6GB' (1000)`],
    [{ label: 4 }, 'Thing.label: expected text, saw 4'],
    [{ debug: 'yes' }, "Thing.debug: expected true or false, saw 'yes'"],
    [{ names: 'a' }, "Thing.names: expected a list of texts, saw 'a'"],
    [{ names: ['a', 2] }, 'Thing.names.1: expected text, saw 2'],
    [{ retries: 1.5 }, 'Thing.retries: expected a whole number of at least 0, saw 1.5'],
    [{ cap: 0 }, 'Thing.cap: expected a whole number of at least 1'],
    [{ share: 0 }, 'Thing.share: expected a number above 0, saw 0'],
    [{ mode: 'cleanpu' }, "Thing.mode: expected 'wait' or 'cleanup' or 'atExit' or 'auto-scale', saw 'cleanpu'. Did you mean 'cleanup'?"],
    [{ env: { A: {} } }, 'Thing.env.A: expected text or a number, saw {}'],
    [{ port: 70000 }, 'Thing.port: expected a port from 1 to 65535, saw 70000'],
    [{ ports: [2000, 1000] }, 'Thing.ports: expected two ports, the lower first, saw [ 2000, 1000 ]'],
    [{ handler: 'f' }, 'Thing.handler: expected a function (write the config in TypeScript for it)'],
    [{ provider: {} }, 'Thing.provider: expected a provider, saw {}'],
    [{ lable: 'x' }, "Thing.lable is not an option. Did you mean 'label'?"],
    [{ zebra: 1 }, 'Thing.zebra is not an option.'],
  ];
  for (const [written, message] of refused) {
    it(`refuses ${JSON.stringify(written)}: ${message}`, () =>
      expect(refusal(written).message.startsWith(message), refusal(written).message).to.equal(true));
  }

  it('names every option that is wrong, with its path', () => {
    const { problems } = refusal({ lable: 'x', retries: -1, names: [1] });
    expect(problems.map(({ path, target }) => `${target} ${path.join('.')}`)).to.have.members([
      'key lable',
      'value retries',
      'value names.0',
    ]);
  });

  it('refuses what is no object of options', () => {
    for (const value of ['x', 4, [], null])
      expect(() => schema.check(value)).to.throw(ConfigError, 'Thing: expected an object of options, saw');
  });

  it('shortens a long value in its message', () => expect(refusal({ debug: 'x'.repeat(5000) }).message.length).to.be.below(200));

  it('is built only when something has to be checked', () => {
    const unused = new OptionsSchema('Unused', () => {
      throw new Error('built');
    });
    expect(unused.check({})).to.deep.equal({});
    expect(() => unused.check({ label: 'x' })).to.throw('built');
  });
});

describe('frozenCopy', () => {
  it('freezes a copy all the way down and leaves the original alone', () => {
    const original = { list: [{ deep: 1 }] };
    const copy = frozenCopy(original);
    expect(copy).to.deep.equal(original);
    expect(Object.isFrozen(copy.list[0])).to.equal(true);
    expect(Object.isFrozen(original) || Object.isFrozen(original.list)).to.equal(false);
  });

  it('keeps functions and instances as they are', () => {
    const instance = new Map();
    const f = (): void => {};
    const copy = frozenCopy({ instance, f });
    expect(copy.instance).to.equal(instance);
    expect(copy.f).to.equal(f);
    expect(Object.isFrozen(instance)).to.equal(false);
  });
});
