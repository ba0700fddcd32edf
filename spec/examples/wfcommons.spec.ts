import { existsSync, readdirSync, statSync, truncateSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { eventually } from '../support/eventually.ts';
import { type ExampleFolder, examplePath, makeExampleFolder } from '../support/example.ts';
import { wfFormat } from './wfcommons/generated.ts';

const HELLO_WORLD = examplePath('data/wfcommons/helloworld-forkjoin-10-chameleon.json');

describe('examples/wfcommons.ts', () => {
  let folder: ExampleFolder;
  beforeEach(async () => {
    folder = await makeExampleFolder();
  });
  afterEach(() => folder.remove());

  /** The value of a row of the report. */
  const row = (stdout: string, name: string): string => new RegExp(`^${name} +(.*)$`, 'm').exec(stdout)?.[1] ?? '';

  it('runs a recorded workflow, and reports makespan, bounds and efficiency; nothing is left', async () => {
    const { code, stdout, stderr } = await folder.run(
      'wfcommons.ts',
      [HELLO_WORLD, '--scale', '0.001'],
      ['--set', 'executors.0.maxWorkersPerNode=2'],
    );
    expect(code, stderr).to.equal(0);
    expect(row(stdout, 'workflow')).to.match(/: 10 tasks, 11 files, runtimes × 0\.001$/);
    expect(row(stdout, 'critical path')).to.equal('0.307 s (3 tasks)');
    expect(row(stdout, 'total work')).to.equal('1.029 s');
    expect(row(stdout, 'order')).to.equal('16 recorded parent links, all kept');
    const workers = Number(row(stdout, 'workers'));
    expect(workers).to.be.within(1, 2); // as many as the machine has cores for
    const bound = Math.max(0.307, 1.028 / workers);
    expect(Number.parseFloat(row(stdout, 'bound'))).to.be.closeTo(bound, 0.002);
    const makespan = Number.parseFloat(row(stdout, 'makespan'));
    expect(makespan).to.be.at.least(bound);
    expect(Number.parseFloat(row(stdout, 'efficiency'))).to.be.closeTo((100 * bound) / makespan, 0.5);
    expect(readdirSync(folder.path)).to.deep.equal(['runinfo']);
  });

  it('orders tasks by their files, with odd names, large sizes, files changed in place and tasks without any', async () => {
    await folder.write(
      'w.json',
      wfFormat(
        [
          { id: 'last', in: ['sub/dir/x', '../up', "it's $HOME"], parents: ['first'], seconds: 0.1 },
          { id: 'middle', in: ['sub/dir/x', 'given'], out: ['../up', 'sub/dir/x'], parents: ['first'], seconds: 0.1 },
          { id: 'first', in: [], out: ['sub/dir/x', "it's $HOME"], seconds: 0.1 },
          { id: 'lonely' },
        ],
        { 'sub/dir/x': 79_000_000_000, '../up': 0, given: 3 },
      ),
    );
    const { code, stdout, stderr } = await folder.run(
      'wfcommons.ts',
      ['w.json', '--scale', '1', '--keep', 'kept'],
      ['--config', 'local-threads'],
    );
    expect(code, stderr).to.equal(0);
    expect(row(stdout, 'critical path')).to.equal('0.300 s (3 tasks)');
    expect(row(stdout, 'order')).to.equal('2 recorded parent links, all kept');
    const files = join(folder.path, 'kept/files');
    expect(readdirSync(files).sort()).to.deep.equal(['..%2Fup', 'given', "it's $HOME", 'sub%2Fdir%2Fx']);
    expect(statSync(join(files, 'sub%2Fdir%2Fx')).size).to.equal(79_000_000_000);
  });

  it('has no efficiency to report where no task works', async () => {
    await folder.write('w.json', wfFormat([{ id: 'a' }]));
    const { code, stdout } = await folder.run('wfcommons.ts', ['w.json'], ['--config', 'local-threads']);
    expect({ code, efficiency: row(stdout, 'efficiency') }).to.deep.equal({ code: 0, efficiency: 'none: no task works for any time' });
  });

  it('fails, naming the task, when an input is short; what is behind it does not run', async () => {
    await folder.write(
      'w.json',
      wfFormat([
        { id: 'writer', out: ['early'] },
        { id: 'slow', out: ['late'], seconds: 1 },
        { id: 'reader', in: ['early', 'late'], out: ['end'] },
        { id: 'behind', in: ['end'] },
      ]),
    );
    const run = folder.start('wfcommons.ts', ['w.json', '--scale', '1', '--keep', 'kept'], ['--config', 'local-threads']);
    const early = join(folder.path, 'kept/files/early');
    await eventually('the first file is written', () => existsSync(early) && statSync(early).size === 10);
    truncateSync(early, 9);
    const { code, stderr } = await run.result;
    expect(code).to.equal(1);
    expect(stderr).to.contain('wfcommons: task reader saw a wrong input: input early has 9 bytes; it should have 10\n');
    expect(stderr).to.contain('wfcommons: 1 more did not run, because a task before failed\n');
  });

  it('reports recorded parents that no file joins, without holding a task back for them', async () => {
    await folder.write(
      'w.json',
      wfFormat([
        { id: 'a', seconds: 0.5 },
        { id: 'b', parents: ['a'], seconds: 0.5 },
      ]),
    );
    const { code, stdout, stderr } = await folder.run(
      'wfcommons.ts',
      ['w.json', '--scale', '1'],
      ['--config', 'local-threads', '--set', 'executors.0.maxThreads=2'],
    );
    expect(code, stderr).to.equal(0);
    expect(row(stdout, 'order')).to.equal(
      '1 recorded parent links, 1 not kept (1 of them joined by no file): b began before its parent a had ended',
    );
  });

  describe('refuses, with one line and exit code 2,', () => {
    const refused: readonly [string, string | undefined, readonly string[], RegExp][] = [
      ['a file that is not there', undefined, ['w.json'], /^wfcommons: w\.json cannot be read: ENOENT/m],
      ['what is not JSON', '# Workflow', ['w.json'], /^wfcommons: the file is not JSON: /m],
      ['another version of the format', '{"schemaVersion":"1.3"}', ['w.json'], /^wfcommons: schemaVersion is "1\.3"/m],
      ['a wrong scale', '{}', ['w.json', '--scale', 'x'], /^wfcommons: --scale x: a number/m],
      [
        'to keep a run beside other files',
        wfFormat([{ id: 'a' }]),
        ['w.json', '--keep', '.'],
        /^wfcommons: --keep \.: the folder is not empty/m,
      ],
    ];
    for (const [what, text, args, message] of refused) {
      it(what, async () => {
        if (text !== undefined) await folder.write('w.json', text);
        const { code, stdout, stderr } = await folder.run('wfcommons.ts', args, ['--config', 'local-threads']);
        expect({ code, stdout }).to.deep.equal({ code: 2, stdout: '' });
        expect(stderr).to.match(message);
        expect(stderr).not.to.match(/^ {4}at /m);
      });
    }
  });

  it('removes its folder when it is interrupted', async () => {
    await folder.write(
      'w.json',
      wfFormat([
        { id: 'a', out: ['x'] },
        { id: 'b', in: ['x'], seconds: 1000 },
      ]),
    );
    const run = folder.start('wfcommons.ts', ['w.json', '--scale', '1'], ['--config', 'local-threads']);
    await eventually('the first task has run', () => {
      const work = readdirSync(folder.path).find((name) => name.startsWith('wfcommons-'));
      return work !== undefined && existsSync(join(folder.path, work, 'files/x'));
    });
    run.child.kill('SIGINT');
    expect((await run.result).code).to.equal(130);
    expect(readdirSync(folder.path).filter((name) => name.startsWith('wfcommons-'))).to.deep.equal([]);
  });
});
