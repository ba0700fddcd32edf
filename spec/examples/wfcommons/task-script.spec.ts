import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { examplePath } from '../../support/example.ts';

const GIGABYTES_79 = 79 * 2 ** 30;

describe('examples/wfcommons/task.sh', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'flotilla-task-'));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  function create(name: string, bytes: number): void {
    writeFileSync(join(folder, name), '');
    truncateSync(join(folder, name), bytes);
  }

  function run(lines: readonly string[], seconds = '0') {
    const list = join(folder, '.list');
    writeFileSync(list, lines.map((line) => `${line}\n`).join(''));
    const { status, stdout, stderr } = spawnSync('bash', [examplePath('wfcommons/task.sh'), folder, list, seconds], {
      encoding: 'utf8',
      env: { ...process.env, FLOTILLA_MANAGER_ID: 'm1', FLOTILLA_WORKER_COUNT: '4' },
    });
    return { status, stdout, stderr };
  }

  it('checks its inputs, writes files of the sizes asked for, and says whose worker it was', () => {
    create("it's $a", 5);
    create('-n', 0);
    expect(run(["in/5/it's $a", 'in/0/-n', 'out/7/--x y', 'out/7/*', 'out/0/empty', `out/${GIGABYTES_79}/large`])).to.deep.equal({
      status: 0,
      stdout: 'm1 4\n',
      stderr: '',
    });
    const sizes = ['--x y', '*', 'empty', 'large'].map((name) => statSync(join(folder, name)).size);
    expect(sizes).to.deep.equal([7, 7, 0, GIGABYTES_79]);
    expect(statSync(join(folder, 'large')).blocks * 512).to.be.below(2 ** 20);
  });

  it('names each input that is missing, short or long, does no work then, and writes nothing', () => {
    create('short', 4);
    create('long', 6);
    create('right', 5);
    const { status, stderr } = run(['in/5/gone', 'in/5/short', 'in/5/right', 'in/5/long', 'out/5/result'], '100');
    expect(status).to.equal(65);
    expect(stderr).to.equal(
      'input gone is missing; it should have 5 bytes\ninput short has 4 bytes; it should have 5\ninput long has 6 bytes; it should have 5\n',
    );
    expect(readdirSync(folder)).not.to.include('result');
  });

  it('takes thousands of files', () => {
    const lines: string[] = [];
    for (let i = 0; i < 2500; i++) lines.push(`out/${i % 2}/file-${i}`);
    expect(run(lines).status).to.equal(0);
    const { status, stderr } = run(lines.map((line) => line.replace('out', 'in').replace('1/file-2001', '8/file-2001')));
    expect({ status, stderr }).to.deep.equal({ status: 65, stderr: 'input file-2001 has 1 bytes; it should have 8\n' });
  });

  it('works with neither inputs nor outputs', () => {
    expect(run([], '0.001')).to.deep.equal({ status: 0, stdout: 'm1 4\n', stderr: '' });
  });
});
