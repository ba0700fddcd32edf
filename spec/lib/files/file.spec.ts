import { expect } from 'chai';
import { inspect } from 'node:util';
import { InvalidOptionError } from '../../../lib/errors/index.ts';
import { DataFile, isDataFile } from '../../../lib/files/data-file.ts';
import { file } from '../../../lib/files/file.ts';

describe('file()', () => {
  const cwd = process.cwd();
  const rows: readonly [location: string | URL, scheme: string, path: string, filename: string, url: string][] = [
    ['/data/a.csv', 'file', '/data/a.csv', 'a.csv', 'file:///data/a.csv'],
    ['/data/a b#1?.csv', 'file', '/data/a b#1?.csv', 'a b#1?.csv', 'file:///data/a%20b%231%3F.csv'],
    ['data/../a.csv', 'file', `${cwd}/a.csv`, 'a.csv', `file://${cwd}/a.csv`],
    ['a:b', 'file', `${cwd}/a:b`, 'a:b', `file://${cwd}/a:b`],
    ['file:///data/a%20b.csv', 'file', '/data/a b.csv', 'a b.csv', 'file:///data/a%20b.csv'],
    [new URL('file:///data/a.csv'), 'file', '/data/a.csv', 'a.csv', 'file:///data/a.csv'],
    ['https://example.org/pub/a%20b.csv?x=1', 'https', '/pub/a b.csv', 'a b.csv', 'https://example.org/pub/a%20b.csv?x=1'],
    ['HTTP://example.org/a', 'http', '/a', 'a', 'http://example.org/a'],
    ['ftp://example.org/50%', 'ftp', '/50%', '50%', 'ftp://example.org/50%'],
    ['globus://037f054a/home/a.csv', 'globus', '/home/a.csv', 'a.csv', 'globus://037f054a/home/a.csv'],
  ];
  for (const [location, scheme, path, filename, url] of rows) {
    it(`reads ${location}`, () => expect({ ...file(location) }).to.deep.equal({ url, scheme, path, filename }));
  }

  it('is its path as text', () => expect(`cat ${file('/data/a.csv')}`).to.equal('cat /data/a.csv'));

  it('takes a relative path from the working directory at the call', () => {
    const named = file('a.csv');
    try {
      process.chdir('/');
      expect(named.path).to.equal(`${cwd}/a.csv`);
      expect(file('a.csv').path).to.equal('/a.csv');
    } finally {
      process.chdir(cwd);
    }
  });

  it('cannot be changed', () => {
    expect(() => Object.assign(file('/a'), { path: '/b' })).to.throw(TypeError);
    expect(() => Object.assign(file('/a'), { more: 1 })).to.throw(TypeError);
  });

  it('gives back a file that it is given', () => {
    const one = file('/a');
    expect(file(one)).to.equal(one);
  });

  it('is told from what only looks like it', () => {
    expect(isDataFile(file('/a'))).to.equal(true);
    for (const other of [{ ...file('/a') }, '/a', null, undefined]) expect(isDataFile(other)).to.equal(false);
  });

  for (const location of ['/data/a b.csv', 'https://example.org/a?x=1']) {
    it(`travels: ${location}`, () => {
      const one = file(location);
      const arrived = DataFile.fromWire(DataFile.toWire(one));
      expect(arrived).to.deep.equal(one);
      expect(arrived).to.be.instanceOf(DataFile);
    });
  }

  const refused: readonly [location: unknown, said: string][] = [
    ['', 'a path or a URL'],
    ['a\0b', 'a path or a URL'],
    [4, '4 (number)'],
    [undefined, 'undefined'],
    ['htps://example.org/a', "Did you mean 'https'?"],
    ['s3://bucket/a', 'globus://'],
    ['https://', 'is not a URL'],
  ];
  for (const [location, said] of refused) {
    it(`refuses ${inspect(location)}`, () => expect(() => file(location as string)).to.throw(InvalidOptionError, said));
  }
});
