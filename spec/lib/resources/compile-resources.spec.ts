import { inspect } from 'node:util';
import { expect } from 'chai';
import type { AppKind } from '../../../lib/apps/app-options.ts';
import { InvalidOptionError } from '../../../lib/errors/index.ts';
import { compileResources, requestOf, type RequestsPerTry } from '../../../lib/resources/compile-resources.ts';
import { variantOf } from '../../support/resources.ts';

const compile = (value: unknown, app: AppKind = 'bash'): RequestsPerTry => {
  const compiled = compileResources(value, "app 'x'", 'resources', app);
  return compiled.kind === 'known' ? compiled.perTry : compiled.compute([]);
};
const onlyVariant = (value: unknown) => compile(value)[0].variants[0];

const nodes = { count: 1, ranksPerNode: undefined, threadsPerRank: 1, gpusPerRank: 0, cpuBind: undefined };

describe("the option 'resources'", () => {
  const accepted: [given: unknown, variant: object][] = [
    [{}, variantOf({ cores: 1 })],
    [{ cores: undefined, gpus: 0 }, variantOf({})],
    [{ gpus: 0.5 }, variantOf({ gpus: 0.5 })],
    [{ cores: 0.25, memory: '6GiB' }, variantOf({ cores: 0.25, memoryBytes: 6 * 2 ** 30 })],
    [{ cores: 8, coreLayout: 'scattered' }, variantOf({ cores: 8, layout: 'scattered' })],
    [{ licence: 1, fpga: 0, tape: 0.5 }, variantOf({ custom: { licence: 1, tape: 0.5 } })],
    [{ nodes: 3 }, { ...variantOf({}), nodes: { ...nodes, count: 3 } }],
    [
      { ranksPerNode: 4, threadsPerRank: 2, gpusPerRank: 1, cpuBind: 'cores' },
      { ...variantOf({}), nodes: { count: 1, ranksPerNode: 4, threadsPerRank: 2, gpusPerRank: 1, cpuBind: 'cores' } },
    ],
  ];
  for (const [given, variant] of accepted) {
    it(`is ${JSON.stringify(given)}`, () => expect(onlyVariant(given)).to.deep.equal(variant));
  }

  it('is a list of ways to run', () => {
    expect(compile([{ gpus: 1 }, { cores: 4 }])).to.deep.equal([{ variants: [variantOf({ gpus: 1 }), variantOf({ cores: 4 })] }]);
  });

  it('has as many requests as there are sizes of memory, the last for all further tries', () => {
    const perTry = compile([{ memory: ['1KiB', '2KiB'] }, { memory: '5KiB' }]);
    const sizes = [1, 2, 3, 9].map((tryNumber) => requestOf(perTry, tryNumber).variants.map(({ memoryBytes }) => memoryBytes / 1024));
    expect(sizes).to.deep.equal([
      [1, 5],
      [2, 5],
      [2, 5],
      [2, 5],
    ]);
    expect(requestOf(perTry, 2)).to.equal(requestOf(perTry, 3));
  });

  it('is a function of the arguments, checked when these are known', () => {
    const compiled = compileResources((n: number) => ({ cores: n }), "app 'x'", 'resources', 'js');
    if (compiled.kind !== 'computed') throw new Error('it is not known before');
    expect(compiled.compute([3])[0].variants[0]?.cores).to.equal(3);
    expect(() => compiled.compute([1.5])).to.throw(InvalidOptionError, "'resources(…).cores' is 1.5");
  });

  it('is less than a worker needs by itself only where that does not count', () => {
    for (const app of ['js', 'python'] as const)
      expect(() => compile({ memory: ['1GiB', '3MiB'] }, app)).to.throw(
        InvalidOptionError,
        `one for a ${app} app has more before it runs anything`,
      );
    expect(compile({ memory: '32MiB' }, 'js')).to.have.length(1);
    expect(compile({ memory: '3MiB' }, 'bash')).to.have.length(1);
  });

  const refused: [given: unknown, message: RegExp, app?: AppKind][] = [
    [4, /'resources' is 4 \(number\); it must be an object like/],
    [[], /must be an object like/],
    [[{ cores: 1 }, 2], /'resources\[1\]' is 2/],
    [{ core: 1 }, /there is no 'core'. Did you mean 'cores'\?/],
    [{ gpu: 1 }, /Did you mean 'gpus'\?/],
    [{ mem: '6GiB' }, /Did you mean 'memory'\?/],
    [{ memmory: '6GiB' }, /Did you mean 'memory'\?/],
    [{ cpus: 1 }, /Did you mean 'cores'\?/],
    [{ ncpus: 1 }, /Did you mean 'cores'\?/],
    [{ num_gpus: 1 }, /Did you mean 'gpus'\?/],
    [{ ranks_per_node: 1 }, /Did you mean 'ranksPerNode'\?/],
    [{ walltime: '1h' }, /'walltime' stands beside 'resources', not in it/],
    [{ cores: 0 }, /a fraction below 1, more than 0/],
    [{ cores: 1.5 }, /a whole number, or a fraction below 1, more than 0. Did you mean '2'\?/],
    [{ gpus: -1 }, /0 or more/],
    [{ gpus: Number.POSITIVE_INFINITY }, /0 or more/],
    [{ memory: 6 }, /Did you mean '6GiB'\?/],
    [{ memory: ['6GiB', 7] }, /'resources.memory\[1\]' is 7/],
    [{ memory: [] }, /one for each try/],
    [{ coreLayout: 'compac' }, /Did you mean 'compact'\?/],
    [{ licence: 'two' }, /a finite number of at least 0: how much of what the executor names so/],
    [{ licence: -1 }, /a finite number/],
    [{ 'a b': 1 }, /letters, digits and _ . -, a letter first/],
    [Promise.resolve({ cores: 500 }), /must be an object like/],
    [new Map([['cores', 500]]), /must be an object like/],
    [{ memory: '0GB' }, /a size of more than 0 bytes/],
    [{ memory: 0 }, /a size with its unit, like '6GiB'/],
    [{ gpus: 1e-12 }, /0 or more/],
    [{ nodes: 2 }, /'resources.nodes' is for programs that run on several nodes at once: it has no meaning for a js app/, 'js'],
    [{ nodes: 1, cpuBind: 'cores; true' }, /must be one word that the launcher knows: 'none', 'cores', /],
    [{ nodes: 0 }, /a whole number, 1 to 1000000/],
    [{ nodes: 2, gpus: 0.5 }, /a whole number: nodes are given whole/],
    [{ nodes: 2, cores: 0.5 }, /'resources.cores' is 0.5 .number.; it must be a whole number: nodes are given whole/],
  ];
  it('may have a kind that is called as what every object has', () => {
    expect(compile({ constructor: 1 })[0].variants[0]?.custom).to.deep.equal({ constructor: 1 });
  });

  for (const [given, message, app] of refused) {
    it(`is not ${inspect(given)}${app === undefined ? '' : ` for a ${app} app`}`, () => {
      expect(() => compile(given, app)).to.throw(InvalidOptionError, message);
    });
  }
});
