import { expect } from 'chai';
import { parseArguments } from '../../../examples/wfcommons/usage.ts';

describe('arguments of wfcommons.ts', () => {
  it('are a file, a scale of 0.01 unless another is given, and where to keep the run', () => {
    expect(parseArguments(['w.json'])).to.deep.equal({ file: 'w.json', scale: 0.01, keep: undefined });
    expect(parseArguments(['--scale', '1e-3', 'w.json', '--keep', 'd'])).to.deep.equal({ file: 'w.json', scale: 0.001, keep: 'd' });
    expect(parseArguments(['w.json', '--scale=0']).scale).to.equal(0);
  });

  const refused: readonly [string[], RegExp][] = [
    [[], /^one FILE is needed, and 0 were given\nusage: /],
    [['a', 'b'], /^one FILE is needed, and 2 were given/],
    [['a', '--scale', 'fast'], /^--scale fast: a number of at least 0 is needed/],
    [['a', '--scale', ''], /^--scale : a number/],
    [['a', '--scale=-1'], /^--scale -1: a number/],
    [['a', '--scale', 'Infinity'], /^--scale Infinity: a number/],
    [['a', '--sclae', '1'], /--sclae[^]*usage: /],
  ];
  for (const [args, message] of refused) {
    it(`refuse ${JSON.stringify(args)}`, () => {
      expect(() => parseArguments(args))
        .to.throw(message)
        .with.property('name', 'UsageError');
    });
  }
});
