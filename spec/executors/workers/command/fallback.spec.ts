import { expect } from 'chai';
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execFileSync } from 'node:child_process';
import { CommandRunner } from '../../../../executors/workers/command/command-runner.ts';
import { readIfThere } from './processes.ts';

describe('CommandRunner where perl is no help', () => {
  let directory: string;

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'flotilla-fallback-'));
    await mkdir(join(directory, 'bin'));
    await symlink(execFileSync('bash', ['-c', 'type -P bash'], { encoding: 'utf8' }).trim(), join(directory, 'bin/bash'));
  });

  afterEach(() => rm(directory, { recursive: true, force: true }));

  const rows: readonly [string, string | undefined][] = [
    ['missing', undefined],
    ['broken', '#!/bin/sh\necho no good >&2; exit 2'],
  ];
  for (const [what, perl] of rows) {
    it(`uses the Node spawner where perl is ${what}`, async () => {
      if (perl !== undefined) await writeFile(join(directory, 'bin/perl'), perl, { mode: 0o755 });
      const lost: unknown[] = [];
      const runner = new CommandRunner({
        cwd: directory,
        env: { PATH: join(directory, 'bin') },
        scratchDir: join(directory, 'scratch'),
        prefix: [],
        onLost: (exit) => lost.push(exit),
      });
      try {
        for (const word of ['first', 'second']) {
          const { stdout } = await runner.run({ command: `echo ${word}`, returns: 'stdout' });
          expect(stdout.toString()).to.equal(`${word}\n`);
        }
        expect(readIfThere(`/proc/${runner.pid}/cmdline`)).to.include('node-spawner-entry');
        expect(lost).to.deep.equal([]);
      } finally {
        await runner.close();
      }
    });
  }
});
