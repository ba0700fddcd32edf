import { expect } from 'chai';
import { type Command, CommanderError } from 'commander';
import { buildProgram, type RunCommandOptions } from '../../bin/cli.ts';

interface Call {
  readonly script: string;
  readonly args: readonly string[];
  readonly options: RunCommandOptions;
}

function program(calls: Call[], said: string[] = []): Command {
  const built = buildProgram({
    run: async (script, args, options) => {
      calls.push({ script, args, options });
    },
  });
  const output = { writeOut: (text: string) => void said.push(text), writeErr: (text: string) => void said.push(text) };
  for (const command of [built, ...built.commands]) command.configureOutput(output);
  return built;
}

async function parse(...argv: string[]): Promise<Call | undefined> {
  const calls: Call[] = [];
  await program(calls).parseAsync(argv, { from: 'user' });
  return calls[0];
}

describe('the command line', () => {
  const rows: [string[], Call][] = [
    [['run', 'a.ts'], { script: 'a.ts', args: [], options: { set: [], quiet: false } }],
    [
      ['run', 'a.ts', '--config', 'polaris', '--set', 'retries=1', '--set', 'runDir=x=y', '--quiet', '--', '--steps', '3', '-q'],
      { script: 'a.ts', args: ['--steps', '3', '-q'], options: { config: 'polaris', set: ['retries=1', 'runDir=x=y'], quiet: true } },
    ],
    [
      ['run', '-c', './c.yaml', '-s', 'retries=1', 'a.ts', 'input'],
      { script: 'a.ts', args: ['input'], options: { config: './c.yaml', set: ['retries=1'], quiet: false } },
    ],
  ];
  for (const [argv, call] of rows)
    it(`understands flotilla ${argv.join(' ')}`, async () => expect(await parse(...argv)).to.deep.equal(call));

  const refused: [string[], RegExp][] = [
    [['run'], /missing required argument 'script'/],
    [['run', 'a.ts', '--confg', 'x'], /unknown option '--confg'[\s\S]*Did you mean --config\?[\s\S]*options of the script go after --/],
    [['rnu', 'a.ts'], /unknown command 'rnu'[\s\S]*Did you mean run\?/],
  ];
  for (const [argv, message] of refused) {
    it(`refuses flotilla ${argv.join(' ')}`, async () => {
      const said: string[] = [];
      let caught: unknown;
      await program([], said)
        .parseAsync(argv, { from: 'user' })
        .catch((error: unknown) => (caught = error));
      expect(caught).to.be.instanceOf(CommanderError);
      expect(said.join('')).to.match(message);
    });
  }

  it('documents examples and exit codes in the help of run', async () => {
    const said: string[] = [];
    await program([], said)
      .parseAsync(['run', '--help'], { from: 'user' })
      .catch(() => undefined);
    expect(said.join(''))
      .to.contain('--config polaris')
      .and.to.match(/Exit codes:[\s\S]* 0 [\s\S]* 1 [\s\S]* 2 [\s\S]* 130 /);
  });

  for (const [argv, parts] of [
    [['map'], ['find . -name', '{//}', '--retry-failed', '1-100  so many jobs failed']],
    [['config'], ['flotilla config check my-machine.yaml', 'Exit codes: 0, or 2']],
    [['doctor'], ['--config my-machine.yaml', 'Exit codes: 0 where tasks can run']],
    [['perf'], ['--config polaris --time 2m', '--app <kind>']],
  ] as const) {
    it(`has examples in the help of ${argv.join(' ')}`, async () => {
      const said: string[] = [];
      await program([], said)
        .parseAsync([...argv, '--help'], { from: 'user' })
        .catch(() => undefined);
      for (const part of parts) expect(said.join('')).to.contain(part);
    });
  }
});
