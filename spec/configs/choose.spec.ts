import { expect } from 'chai';
import { chooseConfig, type ConfigArgument, describeChoice } from '../../configs/choose.ts';
import { Config } from '../../configs/config.ts';

describe('which config applies', () => {
  const config = new Config();
  const rows: [commandLine: string | undefined, argument: ConfigArgument | undefined, environment: string | undefined, first: string][] = [
    ['polaris', config, 'mine.yaml', "config polaris (--config, in place of the script's own)"],
    ['polaris', undefined, 'mine.yaml', 'config polaris (--config)'],
    [undefined, config, 'mine.yaml', 'config given to load() in the script'],
    [undefined, './a.yaml', 'mine.yaml', 'config ./a.yaml (given to load() in the script)'],
    [undefined, new URL('file:///a/b.ts'), undefined, 'config /a/b.ts (given to load() in the script)'],
    [undefined, undefined, 'mine.yaml', 'config mine.yaml (FLOTILLA_CONFIG)'],
    [undefined, undefined, '', 'config local (default; choose another with --config or FLOTILLA_CONFIG)'],
    [undefined, undefined, undefined, 'config local (default; choose another with --config or FLOTILLA_CONFIG)'],
  ];
  for (const [commandLine, argument, environment, first] of rows) {
    it(first, () => expect(describeChoice(chooseConfig({ commandLine, argument, environment }))).to.equal(first));
  }

  it('and what --set changes in it', () => {
    const choice = chooseConfig({ commandLine: 'local', argument: undefined, environment: undefined });
    expect(describeChoice(choice, ['retries=2', 'runDir=runs'])).to.equal(
      'config local (--config), with --set retries=2 --set runDir=runs',
    );
  });
});
