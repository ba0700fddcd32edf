import { expect } from 'chai';
import { BashResultError, bashFailure, bashResult } from '../../../lib/apps/bash-result.ts';

describe('bashResult', () => {
  const rows: readonly [Parameters<typeof bashResult>[0], string, unknown][] = [
    ['exitCode', 'ignored', 0],
    ['stdout', 'as it is\n', 'as it is\n'],
    ['stdout', '', ''],
    ['lines', '', []],
    ['lines', '\n', ['']],
    ['lines', 'a\n\nb\n', ['a', '', 'b']],
    ['lines', 'a\r\nb', ['a', 'b']],
    ['json', ' {"a": [1, null]}\n', { a: [1, null] }],
    ['json', '0', 0],
  ];
  for (const [returns, stdout, value] of rows) {
    it(`makes ${JSON.stringify(value)} of ${JSON.stringify(stdout)} where '${returns}' is wanted`, () => {
      expect(bashResult(returns, Buffer.from(stdout))).to.deep.equal(value);
    });
  }

  it('shows the start of what is not JSON', () => {
    const text = `loading…\n${'x'.repeat(500)}`;
    expect(() => bashResult('json', Buffer.from(text))).to.throw(BashResultError, `it starts with: ${text.slice(0, 200)} …`);
    expect(() => bashResult('json', Buffer.from(' \n'))).to.throw(BashResultError, 'it is empty');
  });

  it('gives that error as data', () => {
    try {
      bashResult('json', Buffer.from('{'));
      expect.fail('it took { for JSON');
    } catch (error) {
      expect((error as BashResultError).wireError).to.deep.include({
        kind: 'bash',
        name: 'BashExitError',
        fields: { exitCode: 0, signal: null },
      });
    }
  });
});

describe('bashFailure', () => {
  const exit = { exitCode: 15, signal: null, stdoutTail: 'step 1\n', stderrTail: 'boom\n' };

  it('says command, exit and the end of stderr, and carries all of it', () => {
    const failure = bashFailure({ command: './simulate --t 3', stderr: ['/runs/e.err', 'a'] }, exit);
    expect(failure).to.deep.equal({
      kind: 'bash',
      name: 'BashExitError',
      message: '`./simulate --t 3` exited with 15; stderr ends: boom (all of it: /runs/e.err)',
      fields: {
        exitCode: 15,
        signal: null,
        command: './simulate --t 3',
        stdoutTail: 'step 1\n',
        stderrTail: 'boom\n',
        stdout: null,
        stderr: '/runs/e.err',
      },
    });
  });

  const messageOf = (changes: Partial<Parameters<typeof bashFailure>[1]>, command = 'x'): string =>
    bashFailure({ command }, { ...exit, ...changes }, 'node7').message;

  it('names the signal', () => expect(messageOf({ exitCode: null, signal: 'SIGKILL' })).to.match(/^`x` was ended by SIGKILL; /));
  it('explains 126 and 127 with the host', () => {
    const notExecutable = messageOf({ exitCode: 126, stderrTail: 'bash: line 1: ./x: Permission denied' });
    expect(notExecutable).to.match(/exited with 126 \(.*on node7.*not executable/);
    const notFound = messageOf({ exitCode: 127, stderrTail: 'bash: line 1: x: command not found' });
    expect(notFound).to.match(/exited with 127 \(not found on the PATH of node7\)/);
  });
  it("does not guess at 126 and 127 that are not the shell's", () => {
    expect(messageOf({ exitCode: 127, stderrTail: 'bash: line 1: NOPE: unbound variable' })).to.match(/exited with 127;/);
    expect(messageOf({ exitCode: 126 })).to.match(/exited with 126;/);
  });
  it('shows stdout where stderr is empty, or that there is neither', () => {
    expect(messageOf({ stderrTail: '' })).to.match(/stderr is empty, stdout ends: step 1$/);
    expect(messageOf({ stderrTail: '', stdoutTail: '\n' })).to.match(/wrote nothing to stderr$/);
  });
  it('stays readable whatever the command', () => {
    const message = messageOf({ stderrTail: 'line\n'.repeat(1000) }, `echo a\nb ${'y'.repeat(5000)}`);
    expect(message.length).to.be.below(400);
    expect(message.split('\n').length).to.equal(10);
  });
});
