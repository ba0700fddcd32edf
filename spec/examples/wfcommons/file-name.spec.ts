import { expect } from 'chai';
import fc from 'fast-check';
import { folderName } from '../../../examples/wfcommons/file-name.ts';

describe('folderName', () => {
  const rows: readonly [string, string][] = [
    ['plain.txt', 'plain.txt'],
    ['run/a b.txt', 'run%2Fa b.txt'],
    ['/abs', '%2Fabs'],
    ['..', '%2E%2E'],
    ['.', '%2E'],
    ['..x', '..x'],
    ['50%', '50%25'],
    ['a\nb\0', 'a%0Ab%00'],
    ['größe', 'größe'],
  ];
  for (const [name, expected] of rows) {
    it(`makes ${JSON.stringify(expected)} of ${JSON.stringify(name)}`, () => {
      expect(folderName(name)).to.equal(expected);
    });
  }

  it('keeps long names apart, within what file systems allow', () => {
    const [a, b] = [folderName(`${'é/'.repeat(500)}a`), folderName(`${'é/'.repeat(500)}b`)];
    expect(a).not.to.equal(b);
    for (const name of [a, b]) expect(Buffer.byteLength(name)).to.be.at.most(255);
  });

  it('never gives two files one name, nor a name with a slash', () => {
    const awkward = fc.string({
      unit: fc.constantFrom('/', '%', '.', '2', 'F', '\n', '\u0000', '\ud800', 'ä'),
      minLength: 1,
      maxLength: 6,
    });
    fc.assert(
      fc.property(awkward, awkward, (a, b) => {
        expect(folderName(a)).to.match(/^[^/\0\n]+$/);
        expect(folderName(a) === folderName(b)).to.equal(a === b);
      }),
      { numRuns: 2000 },
    );
  });
});
