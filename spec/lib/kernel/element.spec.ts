import { expect } from 'chai';
import { AppFuture, type TaskView } from '../../../lib/futures/app-future.ts';
import { ElementView } from '../../../lib/kernel/element.ts';

class FakeTask implements TaskView {
  readonly taskId = 7;
  readonly shownName = 'make';
  readonly appName = 'make';
  readonly state = 'launched';
  readonly tries = [];
  readonly stdout = undefined;
  readonly stderr = '/run/err';
  readonly outputs = [];
  readonly future = new AppFuture<unknown>(this);
  cancelled: string | undefined;

  cancel(reason?: string): void {
    this.cancelled = reason;
  }

  element(key: string | number): AppFuture<unknown> {
    return new ElementView(this, key).future;
  }
}

const errorOf = async (future: AppFuture<unknown>): Promise<Error> => (await future.exception()) as Error;

describe('an element of a future', () => {
  let task: FakeTask;
  beforeEach(() => {
    task = new FakeTask();
  });

  it('has its value in the turn in which the whole has', () => {
    const element = task.element('x');
    expect(element.done).to.equal(false);
    task.future.fulfill({ x: 1 });
    expect(element.done).to.equal(true);
    expect(element.settledValue).to.equal(1);
  });

  it('is found in arrays, objects and Maps', async () => {
    task.future.fulfill({
      list: ['a'],
      map: new Map<unknown, unknown>([
        ['k', 'v'],
        [2, 'two'],
      ]),
      undefined: undefined,
    });
    expect(await task.element('list').get(0 as never)).to.equal('a');
    expect(await task.element('map').get('k' as never)).to.equal('v');
    expect(await task.element('map').get(2 as never)).to.equal('two');
    expect(await task.element('undefined')).to.equal(undefined);
  });

  it('that is not there is a RangeError that says what is', async () => {
    task.future.fulfill({ a: 1, b: 2 });
    expect((await errorOf(task.element('c'))).message).to.equal(
      'get("c"): the value of task 7 (make) has no such key; it has the keys a, b',
    );
    const list = new FakeTask();
    list.future.fulfill([1, 2]);
    expect((await errorOf(list.element(2))).message).to.match(/it has 2 elements/);
  });

  it('is nothing that values inherit', async () => {
    task.future.fulfill({});
    for (const key of ['constructor', 'toString', '__proto__']) expect(await errorOf(task.element(key))).to.be.instanceOf(RangeError);
  });

  it('of a value without elements is a TypeError', async () => {
    for (const [value, seen] of [
      [7, 'a number'],
      [null, 'null'],
      [undefined, 'undefined'],
      ['text', 'a string'],
    ] as const) {
      const of = new FakeTask();
      of.future.fulfill(value);
      const error = await errorOf(of.element('x'));
      expect(error).to.be.instanceOf(TypeError);
      expect(error.message).to.include(`is ${seen}, it has no elements`);
    }
  });

  it('fails with the whole', async () => {
    const element = task.element('x');
    const error = new Error('of the task');
    task.future.fail(error);
    expect(await errorOf(element)).to.equal(error);
    expect(task.future.isObserved).to.equal(true);
  });

  it('that nobody looked at does not count as looking', () => {
    task.element('x');
    task.future.fail(new Error('of the task'));
    expect(task.future.isObserved).to.equal(false);
  });

  it('of a value that lies elsewhere is fetched when someone asks, elements of elements too', async () => {
    let fetches = 0;
    const inner = task.element('a').get('b' as never) as AppFuture<unknown>;
    task.future.fulfillLater({
      fetch: async () => {
        fetches++;
        return { a: { b: 42 } };
      },
    });
    expect(inner.done).to.equal(true);
    expect(fetches).to.equal(0);
    expect(await inner).to.equal(42);
    expect(await errorOf(task.element('z'))).to.be.instanceOf(RangeError);
  });

  it('shows the task that it belongs to, and cancels it', () => {
    const element = task.element('x');
    expect(element).to.include({ taskId: 7, appName: 'make', state: 'launched', stderr: '/run/err' });
    element.cancel('enough');
    expect(task.cancelled).to.equal('enough');
  });
});
