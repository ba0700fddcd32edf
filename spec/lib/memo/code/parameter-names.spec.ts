import { expect } from 'chai';
import { jsParameters, pythonParameters } from '../../../../lib/memo/code/parameter-names.ts';

describe('names of parameters', () => {
  const js: readonly (readonly [string, readonly string[], number | undefined])[] = [
    ['(a, b = f(1, 2), { c }, ...rest) => 1', ['a', 'b', '', 'rest'], 3],
    ['async function f(x) {}', ['x'], undefined],
    ['f(a, [b]) {}', ['a', ''], undefined],
    ['x => x', ['x'], undefined],
    ['() => 1', [], undefined],
  ];
  for (const [text, names, restAt] of js) {
    it(`of ${text}`, () => expect(jsParameters(text)).to.deep.equal({ names, restAt }));
  }

  const python: readonly (readonly [string, readonly string[], number | undefined])[] = [
    ['def f(a, b: dict[str, int] = {"x": 1, "y": ")"}, /, c=(1, 2), *, d, **kw): pass', ['a', 'b', 'c'], undefined],
    ['def g(x): pass\nasync def f(\n    a,  # one, two)\n    *args,\n): pass', ['a', 'args'], 1],
    ['def f(): pass', [], undefined],
  ];
  for (const [text, names, restAt] of python) {
    it(`of ${text.replace(/\n/g, '⏎')}`, () => expect(pythonParameters(text, 'f')).to.deep.equal({ names, restAt }));
  }

  it('are unknown where the text cannot be read', () => {
    expect(jsParameters('function () { [native code] }')).to.equal(undefined);
    expect(pythonParameters('x = 1', 'f')).to.equal(undefined);
  });
});
