import { expect } from 'chai';
import { dedentPython, pythonFunctionName } from '../../../lib/apps/python-source.ts';

describe('the function in the source of a pythonApp', () => {
  const found: [title: string, source: string, name: string][] = [
    ['at the start of a line', 'def area(r):\n  return r', 'area'],
    ['in an indented template literal', '\n    import math\n\n    def area(r):\n        return r\n  ', 'area'],
    ['when it is async', 'async  def area(r):\n  return r', 'area'],
    ['below decorators', '@cache\n@other(1)\ndef area(r): return r', 'area'],
    ['with type parameters', 'def area[T](r: T) -> T: return r', 'area'],
    ['with a name beyond ASCII', 'def fläche(r): return r', 'fläche'],
    ['among nested functions and methods', 'class A:\n  def m(self): pass\ndef area(r):\n  def inner(): pass\n  return r', 'area'],
    ['beside helpers that start with an underscore', 'def _sq(r): return r*r\ndef area(r): return _sq(r)', 'area'],
    ['when the only one starts with an underscore', 'def _area(r): return r', '_area'],
    ['when it is defined twice', 'def area(r): return 0\ndef area(r): return r', 'area'],
    ['beside a def inside a triple-quoted string', 'TEXT = """\ndef fake(x):\n"""\ndef area(r): return r', 'area'],
    ['beside a def inside a raw string that ends in an escaped quote', "T = r'''\\'''\ndef fake(): '''\ndef area(r): return r", 'area'],
    ['behind a comment with a quote', "# it's\ndef area(r): return r\n# def x(): '''", 'area'],
    ['behind a string with the other quote', `a = "it's"; b = '"""'\ndef area(r): return r`, 'area'],
    ['behind a comment further left than the code', '# why\n    def area(r):\n        return r', 'area'],
    ['with Windows line ends', 'import x\r\ndef area(r):\r\n  return r\r\n', 'area'],
  ];
  for (const [title, source, name] of found) {
    it(`is found ${title}`, () => expect(pythonFunctionName(source)).to.equal(name));
  }

  it('is refused where there are several, naming them and the remedy', () => {
    expect(() => pythonFunctionName('def fit(x): pass\ndef score(x): pass')).to.throw(TypeError, /2 top-level.*fit, score.*'_'/);
    expect(() => pythonFunctionName('def _a(): pass\ndef _b(): pass')).to.throw(TypeError, /_a, _b/);
  });

  it('is refused where there is none, showing how the text starts', () => {
    expect(() => pythonFunctionName('area = lambda r: r')).to.throw(TypeError, /no top-level function.*area = lambda/);
    expect(() => pythonFunctionName('')).to.throw(TypeError, /no top-level function/);
  });
});

describe('dedentPython', () => {
  it('leaves source that is not indented alone', () => expect(dedentPython('def f():\n  pass\n')).to.equal('def f():\n  pass\n'));

  it('keeps text in strings that stands further left than the code', () => {
    expect(dedentPython('  def f():\n    return """\nleft\n    right"""\n  ')).to.equal('def f():\n  return """\nleft\n  right"""\n');
  });

  it('keeps tabs that are not common', () => expect(dedentPython('\tdef f():\n\t\treturn 1')).to.equal('def f():\n\treturn 1'));
});
