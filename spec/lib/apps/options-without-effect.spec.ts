import { expect } from 'chai';
import { bashApp } from '../../../lib/apps/bash-app.ts';
import type { AppOptions } from '../../../lib/apps/options.ts';
import { stderrOf } from '../../support/streams.ts';

const define = (options: AppOptions): string => stderrOf(() => bashApp(() => 'true', { name: 'x', ...options }));

describe('options of an app that have no effect', () => {
  it('are told where the app is defined', () => {
    expect(define({ resources: { cores: 2 } })).to.equal(
      "flotilla: warning: app 'x': option 'resources' has no effect yet: one slot runs one task\n",
    );
  });

  it('are told once per app, however often it gets options for a call', () => {
    const text = stderrOf(() => {
      const app = bashApp(() => 'true', { name: 'x' });
      for (let i = 0; i < 3; i++) app.with({ resources: { cores: 2 } }).with({ label: 'a' });
    });
    expect(text.match(/'resources' has no effect/g)).to.have.length(1);
  });

  it('are not told of options that do something', () => {
    expect(define({ cache: true, version: '2', ignoreForCache: [0], retries: 2, label: 'a' })).to.equal('');
  });
});
