import { expect } from 'chai';
import { requireBody } from '../../../lib/apps/body.ts';
import { DefinitionError } from '../../../lib/errors/index.ts';

describe('the body of an app that is made in the driver', () => {
  for (const [body, seen] of [
    [undefined, 'undefined'],
    [null, 'null'],
    ['ls', "'ls' (string)"],
  ] as const) {
    it(`is refused as what it is where it is ${seen}`, () =>
      expect(() => requireBody(body, 'joinApp')).to.throw(DefinitionError, `joinApp takes a function; this is ${seen}`));
  }
});
