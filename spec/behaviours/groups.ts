/** Task groups: waited for, cancelled and given up together. */
import { expect } from 'chai';
import {
  type AppFuture,
  bashApp,
  CancelledError,
  DependencyError,
  group,
  InvalidOptionError,
  isGroupError,
  joinApp,
  jsApp,
  pythonApp,
  PythonError,
  type TaskGroup,
} from '../../index.ts';
import { eventually } from '../support/eventually.ts';
import { type ExecutorUnderTest, failureOf, useKernel } from '../support/kernel.ts';

const double = jsApp((x: number) => x * 2, { name: 'double' });
const hang = jsApp(() => new Promise<number>((resolve) => setTimeout(() => resolve(0), 60_000)), { name: 'hang', killGrace: '1s' });
const fail = jsApp(
  (message: string): number => {
    throw new RangeError(message);
  },
  { name: 'fail' },
);
const giveUp = jsApp(
  (message: string): number => {
    class GroupError extends Error {
      override name = 'GroupError';
    }
    throw new GroupError(message);
  },
  { name: 'giveUp' },
);
const giveUpInPython = pythonApp<[message: string], number>(`
  class GroupError(Exception):
      pass

  def give_up(message):
      raise GroupError(message)
`);

/** What is thrown at the end of a group in which `body` was run. */
async function endOf(body: (g: TaskGroup) => unknown, g = group('a group')): Promise<Error | undefined> {
  try {
    await using scope = g;
    await body(scope);
  } catch (error) {
    return error as Error;
  }
  return undefined;
}

export function describeGroups(executor: ExecutorUnderTest): void {
  const place = useKernel(executor);

  describe('members', () => {
    it('are what is called in its run, also after an await, and what names it as an option', async () => {
      const g = group('members');
      const inside = g.run(() => double(1));
      const named = double.with({ group: g })(2);
      const outside = double(3);
      const later = await g.run(async () => {
        await inside;
        return { future: double(4) };
      });
      await g;
      expect(g.counts).to.deep.equal({ total: 3, done: 3, ignored: 0, failed: 0, cancelled: 0 });
      expect(await Promise.all([inside, named, outside, later.future])).to.deep.equal([2, 4, 6, 8]);
      await g[Symbol.asyncDispose]();
    });

    it('are not what is called at the same time elsewhere', async () => {
      const part = async (name: string, count: number): Promise<[string, number]> => {
        await using g = group(name);
        await g.run(async () => {
          for (let i = 0; i < count; i++) await double(i);
        });
        return [name, g.counts.total];
      };
      expect(await Promise.all([part('one', 3), part('two', 5), part('three', 1)])).to.deep.equal([
        ['one', 3],
        ['two', 5],
        ['three', 1],
      ]);
    });

    it('are listed until they have ended, in the order of their calls', async () => {
      const gate = Promise.withResolvers<number>();
      await using g = group('listed');
      const futures = g.run(() => [double(gate.promise), double(1), double(gate.promise)]);
      expect(g.name).to.equal('listed');
      expect(g.tasks).to.deep.equal(futures);
      await futures[1];
      expect(g.tasks).to.deep.equal([futures[0], futures[2]]);
      gate.resolve(1);
      await g;
      expect(g.tasks).to.deep.equal([]);
    });

    it('are the tasks of a join that is one, and of an iteration that was made in it', async () => {
      await using g = group('inner');
      const sum = g.run(() => joinApp(() => [double(1), double(2)])());
      expect(await sum).to.deep.equal([2, 4]);
      expect(g.counts.total).to.equal(3);
      const results: number[] = [];
      for await (const result of g.run(() => double.map([1, 2, 3]))) results.push(result);
      expect(results).to.deep.equal([2, 4, 6]);
      expect(g.counts.total).to.equal(6);
    });

    it('of a join are its own where the join is called outside, whatever launches it', async () => {
      const gate = Promise.withResolvers<number>();
      const join = joinApp((x: number) => double(x))(gate.promise);
      await using g = group('elsewhere');
      await g.run(async () => {
        gate.resolve(1);
        await double(1);
        await join;
      });
      expect(g.counts.total).to.equal(1);
    });
  });

  describe('the end', () => {
    it('waits for all, those that are called meanwhile included, and takes no more', async () => {
      const gate = Promise.withResolvers<number>();
      const g = group('ending');
      const first = double.with({ group: g })(gate.promise);
      const second = first.then((x) => double.with({ group: g })(x));
      const end = g[Symbol.asyncDispose]();
      gate.resolve(1);
      await end;
      expect(await second).to.equal(4);
      const late = double.with({ group: g })(1);
      expect(late.state).to.equal('cancelled');
      expect((await failureOf(late)).message).to.equal(`task ${late.taskId} (double) was cancelled: group 'ending' has ended`);
    });

    it('does not throw what members fail with otherwise', async () => {
      const failed: AppFuture<number>[] = [];
      expect(await endOf((g) => failed.push(g.run(() => fail('ordinary'))))).to.equal(undefined);
      expect(await failureOf(failed[0] as AppFuture<number>)).to.have.property('message', 'ordinary');
    });

    it('can be waited for by a task', async () => {
      await using g = group('barrier');
      const last = g.run(() => [double(1), double(2)].at(-1));
      const after = double.with({ inputs: [g] })(7);
      expect(await after).to.equal(14);
      expect(last?.done).to.equal(true);
    });

    it('is waited for anew by each task that is called', async () => {
      const g = group('barrier of two');
      g.run(() => double(1));
      await double.with({ inputs: [g] })(2);
      const slow = g.run(() => hang());
      const after = double.with({ inputs: [g] })(3);
      expect(place.kernel.explain(after.taskId)).to.include('waits for');
      slow.cancel();
      expect(await failureOf(slow)).to.be.instanceOf(CancelledError);
      expect(await after).to.equal(6);
    });

    it('is not waited for by a task that is in it, which would never end', async () => {
      await using g = group('outer');
      await using inner = group('inner', { parent: g });
      for (const into of [g, inner]) {
        const error = await failureOf(double.with({ inputs: [g], group: into })(1));
        expect(error).to.be.instanceOf(CancelledError);
        expect((error as Error).message).to.include("it waits for group 'outer', in which it is itself");
      }
      expect(await double.with({ inputs: [inner], group: g })(1)).to.equal(2);
    });

    it('of a group in which nothing was ever called is a warning, since calls below `await using` are not in it', async () => {
      const warned = Promise.withResolvers<Error>();
      process.once('warning', warned.resolve);
      await endOf(() => double(1), group('forgotten'));
      expect((await warned.promise).message).to.match(/^group 'forgotten' has ended and nothing was ever called in it; .*group\.run/);
    });
  });

  describe('cancel', () => {
    it('ends running and waiting members, and those that are called later, before they start', async () => {
      const gate = Promise.withResolvers<number>();
      const g = group('cancelled');
      const running = g.run(() => hang());
      const waiting = g.run(() => double(gate.promise));
      const outside = double(1);
      await eventually('a launch', () => running.state === 'launched');
      g.cancel('the deadline has passed');
      const late = g.run(() => double(1));
      for (const future of [running, waiting, late]) {
        const error = await failureOf<CancelledError>(future);
        expect(error).to.be.instanceOf(CancelledError);
        expect(error.reason).to.equal('the deadline has passed');
      }
      expect(late.tries).to.deep.equal([]);
      expect(await outside).to.equal(2);
      expect(await endOf(() => undefined, g), 'a group that was cancelled throws nothing').to.equal(undefined);
      expect(g.counts).to.deep.equal({ total: 3, done: 0, ignored: 0, failed: 0, cancelled: 3 });
      gate.resolve(1);
    });

    it('reaches the groups inside, and leaves those around', async () => {
      const outer = group('outer');
      const inner = outer.run(() => group('inner'));
      const innermost = group('innermost', { parent: inner });
      const [around, within] = [outer.run(() => double(1)), innermost.run(() => hang())];
      expect([inner.parent, innermost.parent]).to.deep.equal([outer, inner]);
      inner.cancel();
      expect((await failureOf<CancelledError>(within)).reason).to.equal("group 'inner' was cancelled");
      expect(await failureOf(group('made later', { parent: inner }).run(() => double(1)))).to.be.instanceOf(CancelledError);
      expect(await around).to.equal(2);
      expect(await outer.run(() => double(2))).to.equal(4);
      await outer;
    });
  });

  describe('a GroupError', () => {
    for (const [language, app] of [
      ['JavaScript', giveUp],
      ['Python', giveUpInPython],
    ] as const) {
      it(`of ${language} cancels the siblings and is thrown at the end; the rest of the run goes on`, async () => {
        const elsewhere = group('elsewhere').run(() => double(3));
        const siblings: AppFuture<number>[] = [];
        let culprit: AppFuture<number> | undefined;
        const thrown = await endOf((g) => {
          const running = g.run(() => hang());
          siblings.push(
            running,
            g.run(() => double(running)),
          );
          culprit = g.run(() => app('found it'));
        });
        expect(isGroupError(thrown)).to.equal(true);
        expect(thrown?.message).to.contain('found it');
        expect(thrown instanceof PythonError).to.equal(language === 'Python');
        expect(await failureOf(culprit as AppFuture<number>)).to.equal(thrown);
        const error = await failureOf<CancelledError>(siblings[0] as AppFuture<number>);
        expect(error).to.be.instanceOf(CancelledError);
        expect(error.cause).to.equal(thrown);
        expect(error.message).to.match(/was cancelled: task \d+ \(\w+\) gave up group 'a group': .*found it/);
        expect(await elsewhere).to.equal(6);
        expect(await double(4)).to.equal(8);
      });
    }

    it("of a join, or of a command's body, counts too", async () => {
      const inDriver = (): never => {
        throw Object.assign(new Error('here'), { name: 'GroupError' });
      };
      expect(await endOf((g) => g.run(() => [hang(), joinApp(inDriver)()]))).to.have.property('message', 'here');
      expect(await endOf((g) => g.run(() => [hang(), bashApp(inDriver)()]))).to.have.property('message', 'here');
    });

    it('of a task within a join ends the group of the join', async () => {
      let join: AppFuture<number> | undefined;
      const thrown = await endOf((g) => {
        join = g.run(() => joinApp(() => giveUp('from within'))());
      });
      expect(thrown).to.have.property('message', 'from within');
      expect(await failureOf(join as AppFuture<number>)).to.have.property('cause', thrown);
    });

    it('is neither tried again nor ignored', async () => {
      let future: AppFuture<unknown> | undefined;
      const thrown = await endOf((g) => {
        future = g.run(() => giveUp.with({ retries: 5, onFailure: 'ignore' })('at once'));
      });
      expect(thrown).to.have.property('message', 'at once');
      expect(future?.tries.length).to.equal(1);
    });

    it('is an error like others outside of groups', async () => {
      expect(await giveUp.with({ onFailure: { ignore: 0 } })('x')).to.equal(0);
      expect(await failureOf(giveUp('alone'))).to.have.property('name', 'GroupError');
    });

    it('fails what depends on its task as other errors do', async () => {
      const dependent: AppFuture<number>[] = [];
      await endOf((g) => dependent.push(g.run(() => double(giveUp('x')))));
      expect(await failureOf(dependent[0] as AppFuture<number>)).to.be.instanceOf(DependencyError);
    });

    it('leaves the groups around alone, unless they end without anybody having been thrown it', async () => {
      const outer = group('outer');
      const around = outer.run(() => double(1));
      const inner = group('inner', { parent: outer });
      expect(await endOf((g) => [g.run(() => giveUp('inside'))], inner)).to.have.property('message', 'inside');
      expect(await outer.run(() => double(2))).to.equal(4);
      expect(await around).to.equal(2);
      group('unattended', { parent: outer }).run(() => giveUp('nobody waits for this group'));
      expect(await endOf(() => undefined, outer)).to.have.property('message', 'nobody waits for this group');
    });

    it('cancels the groups inside, which do not throw it', async () => {
      const outer = group('outer');
      const inner = group('inner', { parent: outer });
      const within = inner.run(() => hang());
      outer.run(() => giveUp('outside'));
      expect(await failureOf(within)).to.be.instanceOf(CancelledError);
      expect(await endOf(() => undefined, inner)).to.equal(undefined);
      expect(await endOf(() => undefined, outer)).to.have.property('message', 'outside');
    });

    it('is thrown by `await group`, and then not once more at the end', async () => {
      const g = group('awaited');
      g.run(() => giveUp('once'));
      const caught = await endOf(async () => {
        const first = await failureOf({
          exception: () =>
            g.then(
              () => undefined,
              (error: unknown) => error,
            ),
        });
        expect(first.message).to.equal('once');
        const again = await failureOf({
          exception: () =>
            g.then(
              () => undefined,
              (error: unknown) => error,
            ),
        });
        expect(again).to.equal(first);
      }, g);
      expect(caught).to.equal(undefined);
    });

    it('is what `run` fails with where its body waited for a sibling', async () => {
      const thrown = await endOf((g) =>
        g.run(async () => {
          const [sibling] = [hang(), giveUp('the reason')];
          await sibling;
        }),
      );
      expect(isGroupError(thrown), String(thrown)).to.equal(true);
      expect(thrown).to.have.property('message', 'the reason');
      const other = await endOf((g) =>
        g.run(async () => {
          await failureOf(giveUp('not this'));
          throw new SyntaxError('of the body');
        }),
      );
      expect(other).to.be.instanceOf(SuppressedError).with.property('suppressed').that.is.instanceOf(SyntaxError);
      expect(isGroupError(other), 'as the language throws two errors').to.equal(true);
    });

    it('leaves nothing for the list of failures that nobody looked at', async () => {
      const before = place.kernel.unobservedFailures().length;
      await endOf((g) =>
        g.run(() => {
          const sibling = hang();
          return [double(sibling), double(giveUp('seen'))];
        }),
      );
      const cancelled = group('cancelled unseen');
      cancelled.run(() => [hang(), double(hang())]);
      cancelled.cancel();
      await cancelled;
      expect(place.kernel.unobservedFailures().length).to.equal(before);
    });
  });

  it('refuses options that do not exist and groups that are none', () => {
    expect(() => group('')).to.throw(InvalidOptionError, /name/);
    expect(() => group('x', { parnet: group('y') } as never)).to.throw(InvalidOptionError, /'parnet'.*parent/);
    expect(() => group('x', { parent: {} as TaskGroup })).to.throw(InvalidOptionError, /a group, as group\('name'\) makes it/);
    expect(() => double.with({ group: 'x' as never })).to.throw(InvalidOptionError, /'group'/);
  });
}
