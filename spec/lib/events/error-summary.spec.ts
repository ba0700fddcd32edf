import { expect } from 'chai';
import { summarizeError } from '../../../lib/events/error-summary.ts';

describe('the summary of an error', () => {
  it('has name, message, its own code, exit code and signal, and where it came from', () => {
    const error = Object.assign(new RangeError('no'), { code: 'E_MINE', exitCode: 3, signal: 'SIGINT' });
    const { detail, ...rest } = summarizeError(error);
    expect(rest).to.deep.equal({ name: 'RangeError', message: 'no', code: 'E_MINE', exitCode: 3, signal: 'SIGINT' });
    expect(detail).to.match(/^at .*error-summary\.spec\.ts/);
  });

  it('prefers stderr to the stack, and is bounded', () => {
    const error = Object.assign(new Error('x'.repeat(5000)), { stderrTail: `${'a'.repeat(5000)}the end\n` });
    const { message, detail } = summarizeError(error);
    expect(message).to.have.length(1000);
    expect(detail)
      .to.have.length(1000)
      .and.to.match(/the end$/);
  });

  it('is bounded in its name and codes too', () => {
    const long = 'x'.repeat(5000);
    const { name, code, signal } = summarizeError(Object.assign(new Error('m'), { name: long, code: long, signal: long }));
    for (const word of [name, code, signal]) expect(word).to.have.length(200);
  });

  it('takes anything that can be thrown', () => {
    expect(summarizeError(7)).to.deep.equal({ name: 'thrown', message: '7' });
    expect(summarizeError(undefined)).to.deep.equal({ name: 'thrown', message: 'undefined' });
    expect(summarizeError(Object.create(null))).to.include({ name: 'thrown' });
    const nasty = Object.defineProperty(new Error('x'), 'message', {
      get: () => {
        throw new Error('no');
      },
    });
    expect(summarizeError(nasty)).to.deep.equal({ name: 'thrown', message: 'an error that cannot be read' });
  });
});
