import { expect } from 'chai';
import { exitCodeOf, type RunOutcome } from '../../bin/exit-code.ts';
import { ConfigError } from '../../lib/errors/config-error.ts';

describe('the exit code', () => {
  const rows: [title: string, outcome: Partial<RunOutcome>, code: string | number][] = [
    ['is 0 when the script has ended', {}, 0],
    ['is 1 when a failure was not looked at', { unobserved: 2 }, 1],
    ['is 1 when the kernel could not close', { closeFailed: true }, 1],
    ['is 1 when the script threw', { end: { kind: 'threw', error: new Error('mine') } }, 1],
    ['is 1 when the script stalled', { end: { kind: 'stalled' } }, 1],
    ['is 2 for a config that cannot be used', { end: { kind: 'threw', error: new ConfigError('wrong') } }, 2],
    ['is 130 after Ctrl-C', { end: { kind: 'interrupted', signal: 'SIGINT' }, unobserved: 3 }, 130],
    ['is 143 after SIGTERM', { end: { kind: 'interrupted', signal: 'SIGTERM' } }, 143],
    ["is the script's own where it sets one", { set: 7, unobserved: 1 }, 7],
    ['is 1 when the script set 0 but a failure was not looked at', { set: 0, unobserved: 1 }, 1],
  ];
  for (const [title, outcome, code] of rows) {
    it(title, () =>
      expect(exitCodeOf({ end: { kind: 'ended' }, closeFailed: false, unobserved: 0, set: undefined, ...outcome })).to.equal(code),
    );
  }
});
