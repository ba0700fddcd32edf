/** Commands of a slot whose folders are not as they should be. */
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { CommandSlot } from '../../../executors/workers/command-slot.ts';
import type { WorkerExit } from '../../../executors/workers/runner.ts';
import { unpackWireError } from '../../../lib/errors/wire.ts';
import type { TaskContext } from '../../../lib/task-spec.ts';
import { ResultStatus, type ResultRecord } from '../../../lib/wire/records.ts';
import { decodeValue, encodeValue, isStored } from '../../../lib/wire/value-codec.ts';
import { eventually } from '../../support/eventually.ts';
import { resultsOf, taskRecords } from '../../support/task-records.ts';

describe('a bash command', () => {
  let folder: string;
  let slot: CommandSlot;
  let results: ResultRecord[];
  let losses: WorkerExit[];

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'flotilla-slot-'));
    results = [];
    losses = [];
    slot = new CommandSlot({
      slot: 0,
      cwd: folder,
      env: process.env as Record<string, string>,
      scratchDir: folder,
      prefix: [],
      runId: 'run',
      storeDir: join(folder, 'store'),
      events: {
        results: (records) => void results.push(...resultsOf(records)),
        endedEarly: () => undefined,
        lost: (exit) => void losses.push(exit),
      },
    });
  });
  afterEach(async () => {
    await slot.close();
    rmSync(folder, { recursive: true, force: true });
  });

  let nextTask = 1;
  /** One batch; done when all of it has ended. */
  async function run(...commands: [command: string, context: TaskContext][]): Promise<ResultRecord[]> {
    results = [];
    const tasks = commands.map(([command, context]) => ({ taskId: nextTask++, context, encoded: encodeValue(command) }));
    slot.run({ number: nextTask, count: tasks.length, records: taskRecords(...tasks) });
    await eventually('all results', () => results.length === tasks.length);
    return results;
  }
  const LARGE = 'head -c 600000 /dev/zero | tr "\\0" x';

  it('has its sandbox made again where somebody has removed it, and its parents', async () => {
    const sandbox = join(folder, 'tasks', '7');
    const [first] = await run(['touch here', { sandbox }]);
    rmSync(join(folder, 'tasks'), { recursive: true });
    const [second] = await run(['touch here', { sandbox }]);
    expect([first?.status, second?.status]).to.deep.equal([ResultStatus.Ok, ResultStatus.Ok]);
    expect(readdirSync(sandbox)).to.deep.equal(['here']);
  });

  it('whose sandbox cannot be made fails with what the system says; those behind it run', async () => {
    writeFileSync(join(folder, 'file'), '');
    const [failed, fine] = await run(['true', { sandbox: join(folder, 'file', 'tasks') }], ['true', {}]);
    expect(failed?.status).to.equal(ResultStatus.Failed);
    expect(unpackWireError(failed?.body as Buffer).message).to.match(/ENOTDIR.*mkdir.*file\/tasks/);
    expect(fine?.status).to.equal(ResultStatus.Ok);
    expect(losses).to.deep.equal([]);
  });

  it('whose large result has no store goes in the message, as does the next; once there is one again it is used', async () => {
    const [lost, again] = await run([LARGE, { returns: 'stdout' }], [LARGE, { returns: 'stdout' }]);
    for (const result of [lost, again]) {
      expect(result?.status).to.equal(ResultStatus.Ok);
      expect(decodeValue(result?.body as Buffer)).to.have.length(600_000);
    }
    expect(existsSync(join(folder, 'store'))).to.equal(false);
    mkdirSync(join(folder, 'store'));
    const [stored] = await run([LARGE, { returns: 'stdout' }]);
    expect(isStored(stored?.body as Buffer)).to.equal(true);
    expect(readdirSync(join(folder, 'store'))).to.have.length(1);
  });
});
