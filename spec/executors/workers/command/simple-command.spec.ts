import { expect } from 'chai';
import fc from 'fast-check';
import { execFileSync } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CommandRunner } from '../../../../executors/workers/command/command-runner.ts';
import { isPlainEnvironment, splitSimpleCommand } from '../../../../executors/workers/command/simple-command.ts';
import { sh } from '../../../../lib/apps/sh.ts';

describe('splitSimpleCommand', () => {
  const simple: readonly [string, string[]][] = [
    ['true', ['true']],
    ['  ./simulate --t 0.5\t-o out.csv\n', ['./simulate', '--t', '0.5', '-o', 'out.csv']],
    ["./simulate 'a b' --out='x y'z ''", ['./simulate', 'a b', '--out=x yz', '']],
    ["cat '$HOME' '*' 'a\nb'", ['cat', '$HOME', '*', 'a\nb']],
    ["'/opt/my-program' a=b", ['/opt/my-program', 'a=b']],
    ['python3 -m pkg.mod user@host:/a,b +x 50%', ['python3', '-m', 'pkg.mod', 'user@host:/a,b', '+x', '50%']],
  ];
  for (const [command, words] of simple) {
    it(`splits ${JSON.stringify(command)}`, () => expect(splitSimpleCommand(command)).to.deep.equal(words));
  }

  const complex = [
    '',
    ' ',
    'a; b',
    'a && b',
    'a | b',
    'a > b',
    'a < b',
    'a &',
    '(a)',
    'a $B',
    'a "b"',
    'a `b`',
    'a *',
    'a ?',
    'a [b]',
    'a {b,c}',
    'a ~',
    'a # b',
    'a \\b',
    'A=b c',
    'a\nb',
    "a 'b",
    'a !b',
    'a ^b',
    'a é',
    'a\rb',
    'a \0b',
    "'my program' x",
    '-x',
    '~/a',
    '.',
    '..',
    './',
    '/',
    '. a',
    'cd /tmp',
    'exit 3',
    'echo hi',
    'printf x',
    "'exit' 3",
    'test -e x',
    'time ls',
    'if',
    'while',
    'true --help',
    'false x',
  ];
  for (const command of complex) {
    it(`leaves ${JSON.stringify(command)} to bash`, () => expect(splitSimpleCommand(command)).to.equal(null));
  }

  it('leaves every word that this machine’s bash knows itself to bash', () => {
    const known = execFileSync('bash', ['-c', 'compgen -bk'], { encoding: 'utf8' }).trim().split('\n');
    expect(known).to.include.members(['cd', 'wait', 'if']);
    for (const word of known) expect(splitSimpleCommand(`${word} x`), word).to.equal(null);
  });
});

describe('isPlainEnvironment', () => {
  it('is not where bash runs or sets something first', () => {
    expect(isPlainEnvironment({ PATH: '/bin', BASH_ENV: '' }, 'ls')).to.equal(true);
    expect(isPlainEnvironment({ BASH_ENV: '/etc/x' }, 'ls')).to.equal(false);
    expect(isPlainEnvironment({ SHELLOPTS: 'xtrace' }, 'ls')).to.equal(false);
    expect(isPlainEnvironment({ 'BASH_FUNC_ls%%': '() { :; }' }, 'ls')).to.equal(false);
    expect(isPlainEnvironment({ 'BASH_FUNC_module%%': '() { :; }' }, 'ls')).to.equal(true);
  });
});

describe('a simple command executed directly', () => {
  let directory: string;
  let direct: CommandRunner;
  let shell: CommandRunner;

  before(async () => {
    directory = await mkdtemp(join(tmpdir(), 'flotilla-simple-'));
    const options = { cwd: directory, env: {}, scratchDir: join(directory, 'scratch'), prefix: [], onLost: () => undefined };
    direct = new CommandRunner(options);
    shell = new CommandRunner({ ...options, direct: false });
  });

  after(async () => {
    await Promise.all([direct.close(), shell.close()]);
    await rm(directory, { recursive: true, force: true });
  });

  it('gets the same words as through bash', async () => {
    const plain = fc.stringMatching(/^[A-Za-z0-9_./:,@%+=-]{1,8}$/);
    const word = fc.oneof(
      plain,
      fc
        .string({ unit: 'binary', maxLength: 12 })
        .filter((text) => !text.includes('\0'))
        .map((text) => sh`${text}`),
    );
    const words = fc.array(word, { minLength: 1, maxLength: 6 });
    await fc.assert(
      fc.asyncProperty(words, async (args) => {
        const command = `/usr/bin/printf '%s\\0' -- ${args.join(' ')}`;
        expect(splitSimpleCommand(command)).to.not.equal(null);
        const [one, other] = await Promise.all([direct, shell].map((runner) => runner.run({ command, returns: 'stdout' })));
        expect(one?.stdout).to.deep.equal(other?.stdout);
        expect(one?.exitCode).to.equal(0);
      }),
      { numRuns: 150 },
    );
  });

  for (const command of ['true', 'false', 'env', 'no-such-program-here', './not-there x', '/ x', '/etc/passwd x', 'ls /no/such/place']) {
    it(`ends as in bash: ${command}`, async () => {
      const [one, other] = await Promise.all([direct, shell].map((runner) => runner.run({ command, returns: 'exitCode' })));
      expect(one?.exitCode).to.equal(other?.exitCode);
      expect(one?.stderrTail).to.equal(other?.stderrTail);
    });
  }

  it('is not started through a shell', async () => {
    expect((await direct.run({ command: 'cat /proc/self/stat', returns: 'stdout' })).stdout.toString()).to.match(/^\d+ \(cat\)/);
    const environment = (await direct.run({ command: 'env', returns: 'stdout' })).stdout.toString();
    expect(environment).to.match(/^_=.*\/env$/m);
    // A shell would have counted itself.
    expect(/^SHLVL=(.*)$/m.exec(environment)?.[1]).to.equal(process.env['SHLVL']);
  });
});
