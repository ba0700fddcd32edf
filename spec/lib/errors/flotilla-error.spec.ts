import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { expect } from 'chai';
import { CancelledError, ERROR_CODES, FlotillaError, PythonError, WalltimeError } from '../../../lib/errors/index.ts';
import { onePerClass } from './one-per-class.ts';

describe('FlotillaError', () => {
  it('has a code, a cause and its fields as own enumerable properties', () => {
    const cause = new Error('why');
    const error = new FlotillaError('FLOTILLA_APP_ERROR', 'what', { cause, fields: { host: 'n1' } });
    expect(Object.entries(error)).to.deep.equal([
      ['code', 'FLOTILLA_APP_ERROR'],
      ['host', 'n1'],
    ]);
    expect(error.cause).to.equal(cause);
    expect(error.message).to.equal('what');
    expect(new FlotillaError('FLOTILLA_APP_ERROR', 'no cause')).not.to.have.property('cause');
  });

  it('is recognised, and nothing else is', () => {
    expect(FlotillaError.is(new WalltimeError({ walltimeMs: 1 }))).to.equal(true);
    expect(FlotillaError.is(new Error('x'))).to.equal(false);
    expect(FlotillaError.is(null)).to.equal(false);
    expect(new Error('x')).not.to.be.instanceOf(FlotillaError);
    expect(new WalltimeError({ walltimeMs: 1 })).not.to.be.instanceOf(PythonError);
    class Own extends FlotillaError {}
    expect(new FlotillaError('X', 'x')).not.to.be.instanceOf(Own);
  });

  describe('from another copy of the package', () => {
    let folder: string;
    before(async () => {
      folder = await mkdtemp(join(tmpdir(), 'flotilla-errors-'));
    });
    after(() => rm(folder, { recursive: true }));

    it('is recognised by is() and instanceof, by its own class and by the root', async () => {
      const source = await readFile(new URL('../../../lib/errors/flotilla-error.ts', import.meta.url), 'utf8');
      const copy = join(folder, 'flotilla-error.ts');
      await writeFile(
        copy,
        `${source}
export class CancelledError extends FlotillaError {
  static { brandError(this, 'CancelledError'); }
}
`,
      );
      const other = (await import(copy)) as { CancelledError: new (code: string, message: string) => Error };
      const error = new other.CancelledError('FLOTILLA_CANCELLED_ERROR', 'elsewhere');
      expect(Object.getPrototypeOf(Object.getPrototypeOf(error))).not.to.equal(FlotillaError.prototype);
      expect(FlotillaError.is(error)).to.equal(true);
      expect(error).to.be.instanceOf(FlotillaError);
      expect(error).to.be.instanceOf(CancelledError);
      expect(error).not.to.be.instanceOf(WalltimeError);
    });
  });

  for (const [name, error] of Object.entries(onePerClass)) {
    it(`${name} carries its name, a code that is explained, and says something`, () => {
      expect(error.name).to.equal(name);
      expect(error).to.be.instanceOf(FlotillaError);
      expect(Object.keys(error)).not.to.include('name');
      expect(ERROR_CODES).to.have.property(error.code);
      expect(error.message).to.match(/\w+ \w+/);
      expect(inspect(error)).to.contain(name).and.to.contain(error.code);
    });
  }

  it('explains no code twice and none that nobody gives', () => {
    const given = new Set([...Object.values(onePerClass).map(({ code }) => code), 'FLOTILLA_APP_ERROR']);
    expect(Object.keys(ERROR_CODES).toSorted()).to.deep.equal([...given].toSorted());
  });
});
