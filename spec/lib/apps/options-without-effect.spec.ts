import { expect } from 'chai';
import { bashApp } from '../../../lib/apps/bash-app.ts';
import type { AppOptions } from '../../../lib/apps/options.ts';
import { stderrOf } from '../../support/streams.ts';

const define = (options: AppOptions): string => stderrOf(() => bashApp(() => 'true', { name: 'x', ...options }));

describe('options of an app that have no effect', () => {
  const rows: readonly (readonly [AppOptions, reason: string])[] = [
    [{ resources: { cores: 2 } }, "option 'resources' has no effect yet: one slot runs one task"],
    [{ cache: true }, "option 'cache' has no effect yet: every call runs"],
    [{ version: '2' }, "option 'version' has no effect yet: no result is kept"],
    [{ ignoreForCache: [0] }, "option 'ignoreForCache' has no effect yet: no result is kept"],
  ];
  for (const [options, reason] of rows) {
    it(`are told where the app is defined: ${JSON.stringify(options)}`, () => {
      expect(define(options)).to.equal(`flotilla: warning: app 'x': ${reason}\n`);
    });
  }

  it('are told once per app, however often it gets options for a call', () => {
    const text = stderrOf(() => {
      const app = bashApp(() => 'true', { name: 'x' });
      for (let i = 0; i < 3; i++) app.with({ cache: true }).with({ label: 'a' });
    });
    expect(text.match(/'cache' has no effect/g)).to.have.length(1);
  });

  it('are not told of where they ask for what happens anyway, nor of options that do something', () => {
    expect(define({ cache: false, ignoreForCache: [], retries: 2, label: 'a' })).to.equal('');
  });
});
