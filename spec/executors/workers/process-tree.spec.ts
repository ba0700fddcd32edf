import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { randomUUID } from 'node:crypto';
import { expect } from 'chai';
import { findProcesses, killAll, signalGroup, terminateAll, untilGone, warnAll } from '../../../executors/workers/process-tree.ts';
import { eventually } from '../../support/eventually.ts';
import { isAlive } from '../../support/leftovers.ts';

describe('processes of a task', () => {
  let tag: string;
  let leader: ChildProcess | undefined;

  beforeEach(() => {
    tag = `FLOTILLA_TASK_ID=spec.${randomUUID()}`;
  });
  afterEach(() => {
    killAll({ tag });
    leader = undefined;
  });

  /** A shell in a group of its own; `count`: how many processes there will be. */
  async function start(script: string, count: number): Promise<number> {
    const [, value = ''] = tag.split('=');
    leader = spawn('/bin/sh', ['-c', script], { detached: true, stdio: 'ignore', env: { ...process.env, FLOTILLA_TASK_ID: value } });
    await eventually(`${count} processes`, () => findProcesses({ tag }).length === count);
    return leader.pid as number;
  }

  it('are found by their group, and by their tag where they left it', async () => {
    const group = await start('sleep 501 & setsid sleep 502 & wait', 3);
    expect(findProcesses({ group }).length).to.equal(2);
    expect(findProcesses({ tag }).length).to.equal(3);
    expect(findProcesses({ group, tag }).length).to.equal(3);
    expect(findProcesses({}), 'nothing was asked for').to.deep.equal([]);
  });

  it('of another task with a longer number are not taken for them', async () => {
    await start('exec sleep 503', 1);
    expect(findProcesses({ tag: tag.slice(0, -1) })).to.deep.equal([]);
    expect(findProcesses({ tag: tag.replace('FLOTILLA_', '') })).to.deep.equal([]);
  });

  it('are all ended by SIGKILL', async () => {
    const group = await start("trap '' TERM; sleep 504 & setsid sleep 505 & wait", 3);
    const pids = findProcesses({ group, tag });
    killAll({ group, tag });
    await eventually('their end', () => !pids.some(isAlive), 1000);
  });

  it('are warned by SIGUSR1 where one of them listens, and left alone where none does', async () => {
    const group = await start('sleep 506 & setsid sleep 507 & wait', 3);
    warnAll({ group, tag });
    // A signal that ends a process has done so by the time that the next one is seen to.
    const listener = spawn('/bin/bash', ['-c', "trap 'exit 7' USR1; echo ready; while :; do sleep 0.02; done"], {
      stdio: ['ignore', 'pipe', 'ignore'],
      env: { ...process.env, FLOTILLA_TASK_ID: tag.split('=')[1] },
    });
    await once(listener.stdout, 'data');
    expect(findProcesses({ tag }).length).to.be.at.least(4);
    warnAll({ tag });
    expect((await once(listener, 'exit'))[0]).to.equal(7);
    await eventually('those that do not listen have ended with it', () => findProcesses({ tag }).length <= 1);
  });

  it('are all asked to end by SIGTERM', async () => {
    const group = await start('sleep 506 & setsid sleep 507 & wait', 3);
    terminateAll({ group, tag });
    await untilGone({ group, tag }, () => false);
    expect(findProcesses({ group, tag })).to.deep.equal([]);
  });

  it('are waited for, until someone says that it is enough', async () => {
    await start("trap '' TERM; while :; do sleep 0.02; done", 2);
    terminateAll({ tag });
    let isForced = false;
    setTimeout(() => {
      isForced = true;
    }, 100);
    await untilGone({ tag }, () => isForced);
    expect(findProcesses({ tag })).not.to.deep.equal([]);
  });

  it('that are zombies are not alive', async () => {
    // The shell does not wait for its child, which ends at once.
    await start('sh -c "exit 0" & exec sleep 508', 1);
    await eventually('the child to be a zombie', () => findProcesses({ tag }).length === 1, 2000);
  });

  it('do not include the one who asks', () => {
    process.env['FLOTILLA_SPEC_TAG'] = 'mine';
    expect(findProcesses({ tag: 'FLOTILLA_SPEC_TAG=mine' })).not.to.include(process.pid);
    delete process.env['FLOTILLA_SPEC_TAG'];
  });

  it('in a group that has ended are no error', async () => {
    const group = await start('exec sleep 509', 1);
    expect(signalGroup(group, 'SIGKILL')).to.equal(true);
    if (leader) await once(leader, 'exit');
    expect(signalGroup(group, 'SIGKILL')).to.equal(false);
  });
});
