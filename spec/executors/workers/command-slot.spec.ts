/**
 * The commands of a slot in batches, with real processes: what is reported, and in which order. What runs is held up until a file is there.
 */
import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { CommandSlot } from '../../../executors/workers/command-slot.ts';
import type { TaskContext } from '../../../lib/task-spec.ts';
import { encodeValue } from '../../../lib/wire/value-codec.ts';
import { eventually } from '../../support/eventually.ts';
import { resultsOf, statusName, taskRecords } from '../../support/task-records.ts';

const HELD = 'echo > started; until [ -e gate ]; do sleep 0.02; done';

describe('the commands of a slot', () => {
  let directory: string;
  let slot: CommandSlot;
  /** "1 ok" for each result, 'lost', 'ended early'. */
  let told: string[];

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'flotilla-slot-'));
    told = [];
    slot = new CommandSlot({
      slot: 0,
      cwd: directory,
      env: {},
      scratchDir: join(directory, 'scratch'),
      prefix: [],
      runId: 'run',
      storeDir: undefined,
      events: {
        results: (records) => told.push(...resultsOf(records).map(({ taskId, status }) => `${taskId} ${statusName(status)}`)),
        endedEarly: () => told.push('ended early'),
        lost: () => told.push('lost'),
      },
    });
  });

  afterEach(async () => {
    await slot.close();
    await rm(directory, { recursive: true, force: true });
  });

  function run(...commands: (string | { command: string; context: TaskContext })[]): void {
    const tasks = commands.map((each, index) => {
      const { command, context } = typeof each === 'string' ? { command: each, context: {} } : each;
      return { taskId: index + 1, context, encoded: encodeValue(command) };
    });
    slot.run({ number: 1, count: tasks.length, records: taskRecords(...tasks) });
  }

  const isThere = (name: string): boolean => existsSync(join(directory, name));
  const isStarted = (): Promise<boolean> => eventually('the start of the command', () => isThere('started'));
  const openGate = (): Promise<void> => writeFile(join(directory, 'gate'), '');
  const areTold = (...all: string[]): Promise<boolean> =>
    eventually(`${all.join(', ')}; told: ${told.join(', ')}`, () => told.length >= all.length);

  it('are reported in the order of their tasks, also those that never run', async () => {
    run(
      'true',
      { command: 'true', context: { sandbox: '/dev/null/no' } },
      'exit 3',
      { command: 'true', context: { outputs: ['/no/such'] } },
      'true',
    );
    await areTold('1', '2', '3', '4', '5');
    expect(told).to.deep.equal(['1 ok', '2 failed', '3 failed', '4 failed', '5 ok']);
  });

  it('are taken back behind one that takes long; the batch is what is left', async () => {
    run(HELD, 'echo > second', 'echo > third');
    await isStarted();
    expect(await eventually('what was taken back', () => slot.takeBack())).to.equal(1);
    await openGate();
    await areTold('1 ok');
    expect([told, isThere('second'), isThere('third')]).to.deep.equal([['1 ok'], false, false]);
  });

  it('end the batch early where they were taken back and nobody has heard of it', async () => {
    run(HELD, 'echo > second');
    await isStarted();
    slot.takeBack();
    await openGate();
    await areTold('1 ok', 'ended early');
    expect([told, isThere('second')]).to.deep.equal([['1 ok', 'ended early'], false]);
  });

  it('are lost one at a time: a kill ends the one that runs, and none behind it starts', async () => {
    run('true', HELD, 'echo > third');
    await isStarted();
    slot.kill('SIGTERM', { taskId: 2 });
    await areTold('1 ok', 'lost');
    expect([told, isThere('third')]).to.deep.equal([['1 ok', 'lost'], false]);
  });

  it('go on where a kill comes too late', async () => {
    run('true', HELD, 'true');
    await isStarted();
    slot.kill('SIGTERM', { taskId: 1 });
    slot.kill('SIGKILL', { taskId: 1 });
    await areTold('1 ok');
    await openGate();
    await areTold('1 ok', '2 ok', '3 ok');
    expect(told).to.deep.equal(['1 ok', '2 ok', '3 ok']);
  });

  it('have their results where the helper dies', async () => {
    run('true', 'exit 1', HELD, 'echo > fourth');
    await isStarted();
    process.kill(slot.pid ?? 0, 'SIGKILL');
    await areTold('1 ok', '2 failed', 'lost');
    expect([told, isThere('fourth')]).to.deep.equal([['1 ok', '2 failed', 'lost'], false]);
  });

  it('do not keep what left its group alive: it is ended with its task, in its time', async () => {
    run('setsid sh -c "trap \'echo > ended; exit\' TERM; echo > started; while :; do sleep 0.01; done" & wait; true');
    await isStarted();
    slot.kill('SIGTERM', { taskId: 1 });
    await areTold('lost');
    expect(isThere('ended')).to.equal(true);
  });
});
