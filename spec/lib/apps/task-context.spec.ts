import { expect } from 'chai';
import { compileAppOptions, type AppOptions } from '../../../lib/apps/options.ts';
import { autoOutputPath, buildTaskContext, type TaskSite } from '../../../lib/apps/task-context.ts';
import type { TaskContext } from '../../../lib/task-spec.ts';

const site: TaskSite = {
  driverCwd: '/home/u',
  kernelCwd: '/home/u',
  runDir: '/home/u/runinfo/003',
  taskId: 12_345,
  tryNumber: 2,
  name: 'simulate',
  outputs: [],
};
const build = (options: AppOptions, at: Partial<TaskSite> = {}): TaskContext | undefined =>
  buildTaskContext(compileAppOptions(options, 'bash', 'simulate'), { ...site, ...at });

describe('what travels with a task', () => {
  it('is nothing when all defaults apply', () => {
    expect(build({})).to.equal(undefined);
    const withoutEffect = { retries: 3, priority: 5, cache: true, label: 'x', killGrace: '5s', returns: 'exitCode', pty: false } as const;
    expect(build(withoutEffect)).to.equal(undefined);
  });

  const rows: readonly [given: AppOptions, context: TaskContext][] = [
    [{ cwd: 'data' }, { cwd: '/home/u/data' }],
    [{ cwd: '/data' }, { cwd: '/data' }],
    [{ sandbox: true }, { sandbox: '/home/u/runinfo/003/sandboxes/task_12345_2' }],
    [{ stdout: 'a.out' }, { stdout: ['/home/u/a.out', 'a'] }],
    [{ stderr: ['../a.err', 'w'] }, { stderr: ['/home/a.err', 'w'] }],
    [{ stdout: 'auto' }, { stdout: ['/home/u/runinfo/003/task_logs/0012/task_12345_simulate.stdout', 'a'] }],
    [{ stderr: 'auto' }, { stderr: ['/home/u/runinfo/003/task_logs/0012/task_12345_simulate.stderr', 'a'] }],
    [{ env: { A: '1' } }, { env: { A: '1' } }],
    [
      { walltime: '2s', killGrace: '1s' },
      { walltimeMs: 2000, killGraceMs: 1000 },
    ],
    [
      { returns: 'json', pty: true },
      { returns: 'json', pty: true },
    ],
  ];
  for (const [given, context] of rows) {
    it(`is ${JSON.stringify(context)} for ${JSON.stringify(given)}`, () => expect(build(given)).to.deep.equal(context));
  }

  it('takes relative paths from the directory of the driver at the call, and says so when that has changed', () => {
    const moved = { driverCwd: '/elsewhere' };
    expect(build({}, moved)).to.deep.equal({ cwd: '/elsewhere' });
    expect(build({ stdout: 'a.out', cwd: 'x' }, moved)).to.deep.equal({ cwd: '/elsewhere/x', stdout: ['/elsewhere/a.out', 'a'] });
    expect(build({ sandbox: true }, moved)).to.have.all.keys('sandbox');
  });

  it('has the outputs that must be there', () => {
    expect(build({}, { outputs: ['/home/u/a'] })).to.deep.equal({ outputs: ['/home/u/a'] });
  });
});

describe("the path of an 'auto' file", () => {
  const path = (taskId: number, name: string): string => autoOutputPath('stdout', { runDir: '/r', taskId, name });

  it('is predictable, a thousand tasks to a folder', () => {
    expect(path(0, 'a')).to.equal('/r/task_logs/0000/task_00000_a.stdout');
    expect(path(999, 'a')).to.equal('/r/task_logs/0000/task_00999_a.stdout');
    expect(path(1000, 'a')).to.equal('/r/task_logs/0001/task_01000_a.stdout');
    expect(path(12_345_678, 'a')).to.equal('/r/task_logs/12345/task_12345678_a.stdout');
  });

  it('stays one file name whatever the app is called', () => {
    expect(path(1, '../a b/c')).to.equal('/r/task_logs/0000/task_00001_.._a_b_c.stdout');
    expect(path(1, 'x'.repeat(500)).split('/').at(-1)?.length).to.be.lessThan(150);
  });
});
