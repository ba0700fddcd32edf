import { expect } from 'chai';
import { eventually } from '../../support/eventually.ts';
import { resultRecord } from '../../support/task-records.ts';
import { closeStages, Stage, tasks } from './pool-stage.ts';

describe('a pool of slots', () => {
  afterEach(closeStages);

  describe('placing', () => {
    it('gives each free slot one task of a function that it does not know', async () => {
      const stage = new Stage(2);
      await stage.submit(tasks(1, 2, 3));
      expect(stage.runners.map(({ asked }) => asked)).to.deep.equal([['run 1'], ['run 2']]);
      expect([stage.pool.queued, stage.pool.running]).to.deep.equal([1, 2]);
      stage.runners[1]?.finishAll();
      expect(stage.runners[1]?.asked).to.deep.equal(['run 2', 'run 3']);
      expect(stage.results).to.deep.equal(['2 ok']);
    });

    it('gives short tasks together, at most twice as many as before', async () => {
      const stage = new Stage(1);
      await stage.submit(tasks(...Array.from({ length: 20 }, (_, i) => i)));
      const sizes: number[] = [];
      while (stage.only.batch) {
        sizes.push(stage.only.batch.count);
        stage.only.finishAll();
      }
      expect(sizes).to.deep.equal([1, 2, 4, 8, 5]);
      expect(stage.results.length).to.equal(20);
      expect(stage.pool.isIdle).to.equal(true);
    });

    it('gives a Solo task alone', async () => {
      const stage = new Stage(1);
      await stage.warm();
      await stage.submit([{ taskId: 1 }, { taskId: 2, solo: true }, { taskId: 3 }, { taskId: 4 }]);
      while (stage.only.batch) stage.only.finishAll();
      expect(stage.only.asked).to.deep.equal(['run 1', 'run 2', 'run 3 4']);
    });

    it('gives each kind to a runner of its own', async () => {
      const stage = new Stage(1, (fnId) => (fnId === 1 ? 'js' : 'bash'));
      await stage.submit([{ taskId: 1 }, { taskId: 2, fnId: 2 }, { taskId: 3, fnId: 2 }]);
      stage.only.finishAll();
      stage.runners[1]?.finishAll();
      stage.runners[1]?.finishAll();
      expect(stage.runners.map(({ asked }) => asked)).to.deep.equal([['run 1'], ['run 2', 'run 3']]);
    });

    it('begins nothing while it is paused, lets finish what runs, and goes on when it may', async () => {
      const stage = new Stage(2);
      await stage.submit(tasks(1));
      stage.pool.isPaused = true;
      await stage.submit(tasks(2, 3));
      stage.only.finishAll();
      expect(stage.runners.flatMap(({ asked }) => asked)).to.deep.equal(['run 1']);
      expect([stage.results, stage.pool.queued]).to.deep.equal([['1 ok'], 2]);
      stage.pool.isPaused = false;
      expect(stage.runners.flatMap(({ asked }) => asked)).to.deep.equal(['run 1', 'run 2', 'run 3']);
    });

    it('takes larger priorities first', async () => {
      const stage = new Stage(1);
      await stage.submit(tasks(1));
      await stage.submit(tasks(2), -1);
      await stage.submit(tasks(3), 7);
      stage.only.finishAll();
      stage.only.finishAll();
      expect(stage.only.asked).to.deep.equal(['run 1', 'run 3', 'run 2']);
    });

    it('fails a task whose function was never defined', async () => {
      const stage = new Stage(1, () => undefined);
      await stage.submit(tasks(1));
      expect(stage.results).to.deep.equal(['1 failed']);
      expect(stage.errors.get(1)?.message).to.equal('function 1 of task 1 was never defined on here');
    });

    it('knows what it holds and where', async () => {
      const stage = new Stage(1);
      await stage.submit([{ taskId: 1 }, { taskId: 2, tryNumber: 3 }]);
      expect(stage.pool.held()).to.deep.equal([
        [1, 1],
        [2, 3],
      ]);
      expect([1, 2, 3].map((id) => stage.pool.find(id))).to.deep.equal(['running', 'queued', undefined]);
    });
  });

  describe('a worker that dies', () => {
    it('loses the task that ran; those that waited in its batch go to the next worker, in order', async () => {
      const stage = new Stage(1);
      await stage.warm();
      await stage.submit(tasks(1, 2, 3, 4));
      stage.only.finish(1);
      stage.only.die();
      expect(stage.results).to.deep.equal(['1 ok', '2 lost']);
      expect(stage.errors.get(2)).to.include({ kind: 'worker-lost', name: 'WorkerLost' });
      expect(stage.errors.get(2)?.fields).to.include({ exitCode: 3, signal: null, host: 'here', stderrTail: 'last words\n' });
      expect(stage.only.asked.filter((asked) => asked.startsWith('run'))).to.deep.equal(['run 1 2 3 4', 'run 3 4']);
    });

    it('has its finished results taken from its journal', async () => {
      const stage = new Stage(1);
      await stage.warm();
      await stage.submit(tasks(1, 2, 3));
      stage.only.finish(1);
      stage.only.die({ finished: Buffer.concat([resultRecord(1), resultRecord(2)]) });
      expect(stage.results).to.deep.equal(['1 ok', '2 ok', '3 lost']);
    });

    it('that had finished all of its batch loses nothing', async () => {
      const stage = new Stage(1);
      await stage.warm();
      await stage.submit(tasks(1, 2));
      stage.only.die({ finished: Buffer.concat([resultRecord(1), resultRecord(2)]) });
      expect(stage.results).to.deep.equal(['1 ok', '2 ok']);
      expect(stage.pool.isIdle).to.equal(true);
    });

    it('between two batches loses nothing', async () => {
      const stage = new Stage(1);
      await stage.submit(tasks(1));
      stage.only.finishAll();
      stage.only.die();
      await stage.submit(tasks(2));
      stage.only.finishAll();
      expect(stage.results).to.deep.equal(['1 ok', '2 ok']);
    });

    it('while it idles costs the batch of another kind nothing that runs in its slot', async () => {
      const stage = new Stage(1, (fnId) => (fnId === 2 ? 'python' : 'js'));
      await stage.submit([{ taskId: 1, fnId: 2 }]);
      stage.runners[0]?.finishAll();
      await stage.submit(tasks(2));
      stage.runners[0]?.die();
      expect(stage.results).to.deep.equal(['1 ok']);
      stage.runners[1]?.finishAll();
      expect(stage.results).to.deep.equal(['1 ok', '2 ok']);
    });

    it('has what its task started ended as well', async () => {
      const stage = new Stage(1);
      await stage.submit(tasks(1));
      stage.only.die();
      expect(stage.only.asked).to.deep.equal(['run 1', 'SIGKILL 1']);
    });

    it('because it could not be started fails the task for good, with the reason', async () => {
      const stage = new Stage(1);
      await stage.submit(tasks(1));
      stage.only.die({ startError: 'no such program' });
      expect(stage.results).to.deep.equal(['1 failed']);
      expect(stage.errors.get(1)).to.deep.include({ kind: 'definition', message: 'on here: no such program' });
    });
  });

  describe('a walltime', () => {
    it('ends the task by TERM, then by KILL after its grace', async () => {
      const stage = new Stage(1);
      await stage.submit([{ taskId: 1, context: { walltimeMs: 20, killGraceMs: 30 } }]);
      await eventually('KILL', () => stage.only.asked.includes('SIGKILL 1'));
      expect(stage.only.asked).to.deep.equal(['run 1', 'SIGTERM 1', 'SIGKILL 1']);
      stage.only.die({ signal: 'SIGKILL' });
      expect(stage.results).to.deep.equal(['1 walltime']);
      expect(stage.errors.get(1)?.fields).to.deep.equal({ walltimeMs: 20 });
    });

    it('of more days than a timer of Node takes, and such a grace, are not over at once', async () => {
      const days = 1000 * 3_600_000;
      const stage = new Stage(1);
      await stage.submit([{ taskId: 1, context: { walltimeMs: days, killGraceMs: days } }]);
      await new Promise((resolve) => setTimeout(resolve, 20));
      expect(stage.only.asked).to.deep.equal(['run 1']);
      stage.pool.cancel([[1, 1]]);
      await new Promise((resolve) => setTimeout(resolve, 20));
      expect(stage.only.asked).to.deep.equal(['run 1', 'SIGTERM 1']);
    });

    it('is forgotten when the task has ended', async () => {
      const stage = new Stage(1);
      await stage.submit([{ taskId: 1, context: { walltimeMs: 20 } }]);
      stage.only.finishAll();
      await stage.submit(tasks(2));
      await new Promise((resolve) => setTimeout(resolve, 40));
      expect(stage.only.asked).to.deep.equal(['run 1', 'run 2']);
      stage.only.finishAll();
    });

    it('gives no other task to a worker that was told to end and answers late', async () => {
      const stage = new Stage(1);
      await stage.submit([{ taskId: 1, context: { walltimeMs: 10 } }, { taskId: 2 }]);
      await eventually('TERM', () => stage.only.asked.includes('SIGTERM 1'));
      stage.only.finish(1);
      expect(stage.only.asked).to.deep.equal(['run 1', 'SIGTERM 1']);
      stage.only.die();
      expect(stage.results).to.deep.equal(['1 ok']);
      expect(stage.only.asked.at(-1)).to.equal('run 2');
      stage.only.finishAll();
    });
  });

  describe('cancelling', () => {
    it('a queued task ends it at once', async () => {
      const stage = new Stage(1);
      await stage.submit(tasks(1, 2, 3));
      stage.pool.cancel([[2, 1]]);
      expect(stage.results).to.deep.equal(['2 cancelled']);
      stage.only.finishAll();
      expect(stage.only.asked).to.deep.equal(['run 1', 'run 3']);
    });

    it('one that has ended in the meantime leaves alone who runs by now, where a kill ends nobody else', async () => {
      const stage = new Stage(1);
      await stage.warm();
      stage.only.endsOnlyTask = true;
      await stage.submit(tasks(1, 2, 3));
      stage.pool.cancel([[1, 1]]);
      stage.only.finish(1);
      stage.pool.cancel([[2, 1]]);
      stage.only.finish(2, 3);
      expect(stage.only.asked).to.deep.equal(['run 1 2 3', 'SIGTERM 1', 'SIGTERM 2']);
      expect(stage.results).to.deep.equal(['1 ok', '2 ok', '3 ok']);
      expect(stage.pool.isIdle).to.equal(true);
    });

    it('another try of it does nothing', async () => {
      const stage = new Stage(1);
      await stage.submit(tasks(1, 2));
      stage.pool.cancel([
        [2, 7],
        [1, 7],
        [99, 1],
      ]);
      expect(stage.results).to.deep.equal([]);
      expect(stage.only.asked).to.deep.equal(['run 1']);
    });

    it('a running task ends its worker', async () => {
      const stage = new Stage(1);
      await stage.submit(tasks(1, 2));
      stage.pool.cancel([[1, 1]]);
      expect(stage.only.asked).to.deep.equal(['run 1', 'SIGTERM 1']);
      stage.only.die({ signal: 'SIGTERM' });
      expect(stage.results).to.deep.equal(['1 cancelled']);
      expect(stage.only.asked.at(-1)).to.equal('run 2');
    });

    it('finds by the journal which task of a batch runs', async () => {
      const stage = new Stage(1);
      await stage.warm();
      await stage.submit(tasks(1, 2, 3));
      stage.only.journal = resultRecord(1);
      stage.pool.cancel([[2, 1]]);
      expect(stage.results).to.deep.equal(['1 ok']);
      expect(stage.only.asked).to.deep.equal(['run 1 2 3', 'SIGTERM 2']);
      stage.only.die({ signal: 'SIGTERM', finished: resultRecord(1) });
      expect(stage.results).to.deep.equal(['1 ok', '2 cancelled']);
      expect(stage.only.asked.at(-1)).to.equal('run 3');
    });

    it('a task whose turn in its batch has not come lets the others finish', async () => {
      const stage = new Stage(1);
      await stage.warm();
      await stage.submit(tasks(1, 2, 3));
      stage.pool.cancel([[3, 1]]);
      expect(stage.only.asked).to.deep.equal(['run 1 2 3']);
      stage.only.finish(1, 2);
      expect(stage.only.asked.at(-1)).to.equal('SIGTERM 3');
      stage.only.die();
      expect(stage.results).to.deep.equal(['1 ok', '2 ok', '3 cancelled']);
    });

    it('a task that ends before its worker is told leaves nothing to warn or to end, until that is gone', async () => {
      const stage = new Stage(1);
      await stage.warm();
      await stage.submit(tasks(1, 2));
      const { only } = stage;
      let looks = 0;
      only.finished = () => {
        looks++;
        return Buffer.alloc(0);
      };
      Object.assign(only, { warn: () => only.asked.push('warn') });
      stage.pool.cancel([[2, 1]]);
      only.finish(1);
      only.finish(2);
      expect(only.asked).to.deep.equal(['run 1 2', 'SIGTERM 2']);
      const before = looks;
      await eventually('it is looked after as before', () => looks > before);
      stage.pool.warn();
      await stage.pool.close(1);
      expect(only.asked).to.deep.equal(['run 1 2', 'SIGTERM 2', 'close']);
      expect(stage.results).to.deep.equal(['1 ok', '2 ok']);
    });

    it('that hits another task in its place runs that again', async () => {
      const stage = new Stage(1);
      await stage.warm();
      await stage.submit(tasks(1, 2));
      stage.pool.cancel([[1, 1]]);
      stage.only.die({ finished: resultRecord(1) });
      expect(stage.results).to.deep.equal(['1 ok']);
      expect(stage.only.asked.at(-1)).to.equal('run 2');
    });
  });

  describe('a task that takes long against expectation', () => {
    it('holds back no result of its neighbours, and none is reported twice', async () => {
      const stage = new Stage(1);
      await stage.warm();
      await stage.submit(tasks(1, 2, 3, 4));
      stage.only.journal = Buffer.concat([resultRecord(1), resultRecord(2)]);
      await eventually('the results before it', () => stage.results.length === 2);
      stage.only.finish(1, 2, 3, 4);
      expect(stage.results).to.deep.equal(['1 ok', '2 ok', '3 ok', '4 ok']);
      expect(stage.pool.isIdle).to.equal(true);
    });
  });

  it('closes its workers, and starts nothing after that', async () => {
    const stage = new Stage(2);
    await stage.submit(tasks(1, 2, 3));
    await stage.pool.close(100);
    stage.runners[0]?.finishAll();
    expect(stage.runners.map(({ asked }) => asked)).to.deep.equal([
      ['run 1', 'close'],
      ['run 2', 'close'],
    ]);
  });

  it('kills its workers at once when there is no time', async () => {
    const stage = new Stage(1);
    await stage.submit(tasks(1));
    stage.pool.killNow();
    expect(stage.only.asked).to.deep.equal(['run 1', 'killNow']);
  });
});
