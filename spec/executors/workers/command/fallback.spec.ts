import { expect } from 'chai';
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execFileSync, spawnSync } from 'node:child_process';
import { CommandRunner } from '../../../../executors/workers/command/command-runner.ts';
import { hasSpawner, NATIVE_SPAWNER } from '../../../../executors/workers/command/spawner-argv.ts';
import { readIfThere } from './processes.ts';

/** Lets every program be started but the helper in C. */
const REFUSING = `#!/bin/sh
case $1 in *spawner-linux-*) exit 126;; esac
exec "$@"
`;

describe('CommandRunner where helpers cannot run', () => {
  let directory: string;

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'flotilla-fallback-'));
    await mkdir(join(directory, 'bin'));
    await symlink(execFileSync('bash', ['-c', 'type -P bash'], { encoding: 'utf8' }).trim(), join(directory, 'bin/bash'));
  });

  afterEach(() => rm(directory, { recursive: true, force: true }));

  const perlItself = execFileSync('bash', ['-c', 'type -P perl'], { encoding: 'utf8' }).trim();
  const rows: readonly [string, string | undefined, string][] = [
    ['the helper in C is refused', `#!/bin/sh\nexec ${perlItself} "$@"`, 'spawner.pl'],
    ['perl is missing too', undefined, 'node-spawner-entry'],
    ['perl is broken too', '#!/bin/sh\necho no good >&2; exit 2', 'node-spawner-entry'],
  ];
  for (const [what, perl, used] of rows) {
    it(`uses ${used} where ${what}`, async () => {
      if (perl !== undefined) await writeFile(join(directory, 'bin/perl'), perl, { mode: 0o755 });
      await writeFile(join(directory, 'refusing'), REFUSING, { mode: 0o755 });
      const lost: unknown[] = [];
      const runner = new CommandRunner({
        cwd: directory,
        env: { PATH: join(directory, 'bin') },
        scratchDir: join(directory, 'scratch'),
        prefix: [join(directory, 'refusing')],
        onLost: (exit) => lost.push(exit),
      });
      try {
        for (const word of ['first', 'second']) {
          const { stdout } = await runner.run({ command: `echo ${word}`, returns: 'stdout' });
          expect(stdout.toString()).to.equal(`${word}\n`);
        }
        expect(readIfThere(`/proc/${runner.pid}/cmdline`)).to.include(used);
        expect(lost).to.deep.equal([]);
      } finally {
        await runner.close();
      }
    });
  }
});

describe('the helper in C', () => {
  it('is compiled and used where there is a compiler', async function skipWithoutCompiler() {
    if (process.platform !== 'linux' || spawnSync('cc', ['--version']).status !== 0) return this.skip();
    expect(hasSpawner('native'), 'it is missing or older than its source: npm run build').to.equal(true);
    const directory = await mkdtemp(join(tmpdir(), 'flotilla-native-'));
    const runner = new CommandRunner({ cwd: directory, env: {}, scratchDir: directory, prefix: [], onLost: () => undefined });
    try {
      await runner.run({ command: 'true', returns: 'exitCode' });
      expect(readIfThere(`/proc/${runner.pid}/cmdline`)).to.include(NATIVE_SPAWNER);
    } finally {
      await runner.close();
      await rm(directory, { recursive: true, force: true });
    }
  });
});
