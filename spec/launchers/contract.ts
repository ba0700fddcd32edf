/**
 * What every launcher must do. Scripts are run, not only compared.
 */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'chai';
import type { Launcher } from '../../lib/provider.ts';
import { eventually } from '../support/eventually.ts';
import { isAlive, ScriptBench, type ScriptRun } from './run-script.ts';

export interface LauncherUnderTest {
  readonly make: () => Launcher;
  readonly nodesPerBlock: number;
  readonly tasksPerNode: number;
  /** How often the command runs in all. */
  readonly copies: number;
  /** What must be on PATH for its scripts to run; the specs are skipped without it. */
  readonly needs?: string;
  /** Of the job, beside that of the specs. `dir` is empty, and removed afterwards. */
  readonly environment?: (dir: string) => Promise<Readonly<Record<string, string>>>;
}

const PATIENCE_MS = 30_000;

export function launcherContract(
  title: string,
  { make, nodesPerBlock, tasksPerNode, copies, needs, environment }: LauncherUnderTest,
): void {
  describe(`launcher contract: ${title}`, function () {
    this.timeout(90_000);
    const wrap = (command: string): string => make().wrap(command, nodesPerBlock, tasksPerNode);
    /** Exit 3 in one copy, whichever comes first. */
    const oneFails = 'mkdir "$DIR/taken" 2>/dev/null && exit 3\nexit 0';
    let bench: ScriptBench;

    before(async function () {
      if (needs !== undefined && !(await isOnPath(needs))) this.skip();
    });
    beforeEach(async () => {
      bench = await ScriptBench.open();
    });
    afterEach(() => bench.close());

    const start = async (command: string): Promise<ScriptRun> => bench.start(wrap(command), [], await environment?.(bench.dir));

    async function exitCodeOf(command: string): Promise<number | null> {
      const run = await start(command);
      return (await run.ended).exitCode;
    }

    it('makes a script that bash can parse', async () => {
      await writeFile(join(bench.dir, 'parse.sh'), wrap('echo "a b" | cat # done'));
      await promisify(execFile)('bash', ['-n', join(bench.dir, 'parse.sh')]);
    });

    it('makes the same text from the same command', () => expect(wrap('true')).to.equal(wrap('true')));

    it(`runs the command ${copies === 1 ? 'once' : `${copies} times`} and succeeds when none fails`, async () => {
      expect(await exitCodeOf('echo ran >> "$DIR/log"')).to.equal(0);
      expect(await bench.lines('log')).to.have.length(copies);
    });

    it("fails with a copy's exit code when one fails, having waited for the others", async () => {
      expect(await exitCodeOf(`echo ran >> "$DIR/log"\n${oneFails}`)).to.equal(3);
      expect(await bench.lines('log')).to.have.length(copies);
    });

    it("fails with a copy's exit code when all fail", async () => expect(await exitCodeOf('exit 7')).to.equal(7));

    it('fails when the command does not exist', async () => expect(await exitCodeOf('/no/such/command')).to.equal(127));

    it('leaves quotes, newlines and variables of the command to the command', async () => {
      const print = `printf '%s|' "$word" '$HOME' "a  b" 'c\nd' > "$DIR/log"`;
      await exitCodeOf(`word='it'"'"'s'\nmkdir "$DIR/taken" 2>/dev/null && ${print}\nexit 0`);
      expect(await bench.lines('log')).to.deep.equal(["it's|$HOME|a  b|c", 'd|']);
    });

    for (const [title, sleep] of [
      ['a single program', 'exec sleep 60'],
      ['a list of commands', 'sleep 60\necho survived >> "$DIR/log"'],
    ] as const) {
      it(`passes TERM on to every copy of ${title}, once, and leaves nothing`, async () => {
        const run = await start(`echo "$BASHPID" >> "$DIR/pids"\n${sleep}`);
        await eventually('every copy has started', async () => (await bench.lines('pids')).length === copies, PATIENCE_MS);
        process.kill(-run.pid, 'SIGTERM');
        const { exitCode, signal } = await run.ended;
        expect(signal ?? exitCode).to.be.oneOf([143, 'SIGTERM']);
        for (const pid of await bench.lines('pids'))
          await eventually(`process ${pid} ends`, async () => !(await isAlive(Number(pid))), PATIENCE_MS);
        expect(await bench.lines('log')).to.deep.equal([]);
      });
    }
  });
}

async function isOnPath(program: string): Promise<boolean> {
  return promisify(execFile)('bash', ['-c', 'command -v "$0"', program]).then(
    () => true,
    () => false,
  );
}
