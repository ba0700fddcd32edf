import { expect } from 'chai';
import { ConfigError } from '../../../lib/errors/config-error.ts';
import { FlotillaError } from '../../../lib/errors/flotilla-error.ts';

describe('ConfigError', () => {
  const place = { file: 'a.yaml', line: 12, column: 4, text: '\t  key: value', width: 3 };

  it('is one of our errors, with a code of its own', () => {
    const error = new ConfigError('the config is wrong');
    expect(FlotillaError.is(error)).to.equal(true);
    expect(error).to.include({ name: 'ConfigError', code: 'FLOTILLA_CONFIG_ERROR', message: 'the config is wrong', file: undefined });
  });

  it('shows the line with a caret under what is wrong, tabs kept', () => {
    const error = new ConfigError([{ path: ['key'], target: 'key', message: 'no such key', place }]);
    expect(error.message).to.equal('a.yaml:12:4: no such key\n  12 | \t  key: value\n     | \t  ^^^');
    expect(error).to.include({ file: 'a.yaml', line: 12, column: 4 });
  });

  it('shows every problem', () => {
    const error = new ConfigError([
      { path: [], target: 'value', message: 'one' },
      { path: [], target: 'value', message: 'two' },
    ]);
    expect(error.message).to.equal('one\ntwo');
  });
});
