import { expect } from 'chai';
import { KnownManagers } from '../../../executors/high-throughput/managers.ts';

describe('managers that a driver knows', () => {
  it('have names for the workers that they have, and none for numbers beyond', () => {
    const managers = new KnownManagers();
    managers.add({ managerId: 'm', index: 3, host: 'node7', blockId: '0', slots: 2, endsMs: Number.POSITIVE_INFINITY });
    expect(managers.workerName(3, 1)).to.equal('block 0, node7/1');
    expect(managers.workerName(3, 1)).to.equal('block 0, node7/1');
    // Beyond the slots are those of tasks with resources.
    for (const worker of [2, 2 ** 32 - 1]) expect(managers.workerName(3, worker)).to.equal(`block 0, node7/${worker}`);
    expect(managers.workerName(4, 0)).to.equal('');
  });

  it('are remembered for a while when they have gone, and then no more', () => {
    const managers = new KnownManagers();
    for (let index = 0; index < 3000; index++) {
      managers.add({ managerId: `m${index}`, index, host: 'node7', blockId: '0', slots: 2, endsMs: Number.POSITIVE_INFINITY });
      managers.workerName(index, 0);
      managers.remove(index);
    }
    expect(managers.hostOf(2999)).to.equal('node7');
    expect(managers.workerName(2999, 1)).to.equal('block 0, node7/1');
    expect([managers.hostOf(0), managers.workerName(0, 0)]).to.deep.equal(['', '']);
  });
});
