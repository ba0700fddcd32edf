import { execFileSync } from 'node:child_process';
import { expect } from 'chai';
import { type Invocation, toCommandLine } from '../../../bin/runs/invocation.ts';
import { quoteForShell } from '../../../providers/shell-quote.ts';

const ODD = ["it's \\n", 'a\nb', '\u001b[2J\u0007\t', '\u009b31m', 'é'];

const invocation: Invocation = {
  cwd: process.cwd(),
  script: '/s.ts',
  args: ODD,
  config: undefined,
  set: [],
  resume: undefined,
  environment: undefined,
};

describe('the command that runs a script again', () => {
  const wordsOf = (command: string): string[] =>
    execFileSync('bash', ['-c', `flotilla() { printf '%s\\0' "$@"; }; ${command}`], {
      encoding: 'utf8',
      env: { ...process.env, LC_ALL: 'C.UTF-8' },
    })
      .split('\0')
      .slice(0, -1);

  it('is shown on one line without control characters, and is the same for bash', () => {
    const command = toCommandLine(invocation);
    expect(command).not.to.match(/\p{Cc}/u);
    expect(wordsOf(command)).to.deep.equal(['run', '/s.ts', '--', ...ODD]);
  });

  it('is given to programs for every POSIX shell', () => {
    const command = toCommandLine(invocation, quoteForShell);
    expect(command).not.to.include("$'");
    expect(wordsOf(command)).to.deep.equal(['run', '/s.ts', '--', ...ODD]);
  });
});
