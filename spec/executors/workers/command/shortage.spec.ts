/** Where no process is to be had: a control group, since root has no limit of processes otherwise. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { CommandRunner } from '../../../../executors/workers/command/command-runner.ts';
import { SPAWNER_KINDS, type SpawnerKind } from '../../../../executors/workers/command/spawner-argv.ts';
import { eventually } from '../../../support/eventually.ts';
import { PidsLimit } from '../../../support/pids-limit.ts';

describe('a command that no process can be made for', function () {
  this.timeout(30_000);
  let directory: string;
  let limit: PidsLimit;
  let runner: CommandRunner;

  before(function () {
    const possible = PidsLimit.make(`flotilla-spec-${process.pid}-shortage`);
    if (!possible) {
      console.log('skipped: no control group of processes can be made here (root can, where /sys/fs/cgroup is writable)');
      this.skip();
    }
    limit = possible;
  });
  after(() => limit.remove());

  async function startLimited(spawner: SpawnerKind): Promise<void> {
    directory = await mkdtemp(join(tmpdir(), 'flotilla-shortage-'));
    runner = new CommandRunner({
      cwd: directory,
      env: {},
      scratchDir: join(directory, 'scratch'),
      prefix: [],
      spawner,
      onLost: () => undefined,
    });
    await runner.run({ command: 'true', returns: 'exitCode' });
    limit.add(runner.pid as number);
    limit.allowNoMore();
  }
  afterEach(async () => {
    limit.lift();
    await runner.close();
    await rm(directory, { recursive: true, force: true });
  });

  for (const spawner of SPAWNER_KINDS) {
    it(`runs once there is one again, with the ${spawner} helper`, async () => {
      await startLimited(spawner);
      const refusals = limit.refusals;
      const outcome = runner.run({ command: 'echo ran', returns: 'stdout' });
      await eventually('a process that is refused', () => limit.refusals > refusals);
      limit.lift();
      expect(String((await outcome).stdout)).to.equal('ran\n');
    });
  }

  it('is lost after some seconds, which costs none of its retries, and says which limit to raise', async () => {
    await startLimited('native');
    const { failure } = await runner.run({ command: 'true', returns: 'exitCode' });
    expect(failure?.kind).to.equal('worker-lost');
    expect(failure?.message).to.match(/no process could be made for the command \(EAGAIN: .*\): .*ulimit -u, or pids\.max/);
  });
});
