import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { TemporaryFolder } from '../support/temporary-folder.ts';

const SCRIPT = fileURLToPath(new URL('../../scripts/test.mjs', import.meta.url));
const REPORTER = fileURLToPath(new URL('../support/reporter.ts', import.meta.url));

const PASSES = "describe('one', () => it('passes', () => {}));";
const FAILS = "it('fails', () => { throw new Error('as it always does'); });";
/** Fails until it has run once. */
const UNSTEADY = `
import { existsSync, writeFileSync } from 'node:fs';
it('is unsteady', () => {
  if (existsSync('ran')) return;
  writeFileSync('ran', '');
  throw new Error('as it did the first time');
});`;
const DIES = "it('dies', () => process.kill(process.pid, 'SIGKILL'));";

describe('scripts/test.mjs', function () {
  this.timeout(60_000);
  let folder: TemporaryFolder;

  beforeEach(() => {
    folder = new TemporaryFolder();
    folder.write('.mocharc.json', JSON.stringify({ reporter: REPORTER }));
  });
  afterEach(() => folder.remove());

  /** @param specs each in a folder, and so in a group, of its own */
  function runs(specs: Readonly<Record<string, string>>, CI: string): { code: number | null; lines: string[]; output: string } {
    for (const [name, text] of Object.entries(specs)) folder.write(`spec/${name}/some/one.spec.ts`, text);
    const { status, stdout } = spawnSync(process.execPath, [SCRIPT], { cwd: folder.path, encoding: 'utf8', env: { ...process.env, CI } });
    return { code: status, lines: stdout.trimEnd().split('\n'), output: stdout };
  }

  it('runs all groups, and ends with their totals', () => {
    const { code, lines, output } = runs({ a: PASSES, b: PASSES }, 'true');
    expect([code, lines.at(-1)]).to.deep.equal([0, '2 passed, 0 failed']);
    expect(output)
      .to.match(/Slowest files:\n.*spec\/[ab]\/some\/one\.spec\.ts/)
      .and.not.include('Failed');
  });

  it('runs a file with a failure once more under CI, and tells what passed only then', () => {
    const { code, lines, output } = runs({ a: UNSTEADY, b: FAILS, c: PASSES }, 'true');
    expect([code, lines.at(-1)]).to.deep.equal([1, '2 passed, 1 failed']);
    expect(output).to.match(
      /Failed, and passed when .*\n\n {2}spec\/a\/some\/one\.spec\.ts\n {2}is unsteady\n {4}Error: as it did the first time/,
    );
    expect(output.slice(output.indexOf('\nFailed:')))
      .to.include('as it always does')
      .and.not.include('unsteady');
  });

  it('runs nothing twice elsewhere', () => {
    const { code, lines } = runs({ a: UNSTEADY }, '');
    expect([code, lines.at(-1)]).to.deep.equal([1, '0 passed, 1 failed']);
  });

  it('takes what goes wrong behind the report for a failure', () => {
    const late = `${PASSES}\nprocess.on('exit', () => process.kill(process.pid, 'SIGKILL'));`;
    const { code, lines, output } = runs({ a: late }, '');
    expect([code, lines.at(-1)]).to.deep.equal([1, '0 passed, 1 failed']);
    expect(output).to.include('mocha ended with SIGKILL');
  });

  it('counts the files of a mocha that never came to its end as failed', () => {
    const { code, lines, output } = runs({ a: PASSES, b: DIES }, 'true');
    expect([code, lines.at(-1)]).to.deep.equal([1, '1 passed, 1 failed']);
    expect(output).to.include('mocha ended with SIGKILL, not by a failure that it reported');
  });
});
