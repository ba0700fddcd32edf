import { expect } from 'chai';
import { pythonApp } from '../../../lib/apps/python-app.ts';
import { DefinitionError } from '../../../lib/errors/index.ts';

describe('a pythonApp', () => {
  it('whose source defines no function, or several, is refused with one sentence about it', () => {
    expect(() => pythonApp('x = 1')).to.throw(DefinitionError, /^pythonApp: the source defines no top-level function/);
    expect(() => pythonApp('def a(): 1\ndef b(): 1')).to.throw(DefinitionError, /^pythonApp: the source defines 2 top-level functions/);
  });
});
