import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { expect } from 'chai';
import { identify, isAlive } from '../../lib/process-identity.ts';

describe('the identity of a process', () => {
  it('is that of no later process with the same number, of no zombie, and of no group', async () => {
    const child = spawn('sleep', ['60']);
    await once(child, 'spawn');
    const identity = identify(child.pid ?? 0);
    expect(isAlive(identity)).to.equal(true);
    expect(isAlive({ ...identity, started: '1' })).to.equal(false);
    child.kill('SIGKILL');
    await once(child, 'exit');
    expect(isAlive(identity)).to.equal(false);
    expect(isAlive({ pid: 0, started: '' })).to.equal(false);
  });

  it('of one that has ended is never that of one that lives', () => {
    const { pid } = spawnSync('true');
    const identity = identify(pid);
    expect(isAlive(identity)).to.equal(false);
    expect(isAlive({ ...identity, pid: process.pid })).to.equal(false);
  });
});
