import { expect } from 'chai';
import { StallWatch } from '../../../lib/kernel/stall-watch.ts';

describe('the watch over a run that stalls', () => {
  const watched = { progress: 0, atExecutors: 0 };
  let told: number;
  let watch: StallWatch;
  beforeEach(() => {
    Object.assign(watched, { progress: 1, atExecutors: 0 });
    told = 0;
    watch = new StallWatch(watched, () => told++);
  });
  const lookAfter = (change: Partial<typeof watched>): number => {
    Object.assign(watched, change);
    watch.look();
    return told;
  };

  it('tells once when nothing has happened between two looks', () => {
    expect([lookAfter({}), lookAfter({}), lookAfter({}), lookAfter({})]).to.deep.equal([0, 1, 1, 1]);
  });

  it('tells again when it stalls again', () => {
    expect([lookAfter({}), lookAfter({}), lookAfter({ progress: 2 }), lookAfter({})]).to.deep.equal([0, 1, 1, 2]);
  });

  it('says nothing while a task is at an executor, however long', () => {
    expect([lookAfter({ atExecutors: 1 }), lookAfter({}), lookAfter({})]).to.deep.equal([0, 0, 0]);
    expect([lookAfter({ atExecutors: 0, progress: 2 }), lookAfter({})]).to.deep.equal([0, 1]);
  });
});
