import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { eventually } from '../eventually.ts';
import { EmulatedPbs } from './emulated-pbs.ts';
import { normalize, type Recorded, readRecording } from './recording.ts';
import type { ServerOptions } from './server.ts';

/** The recordings' own first second. */
const NOW = new Date(2026, 10, 20, 13, 52, 51).getTime();

const SCRIPTS: Readonly<Record<string, string>> = {
  'ok.sh': '#!/bin/bash\nwhile [ ! -e go ]; do sleep 0.05; done\necho out\necho err >&2\n',
  'long.sh': '#!/bin/bash\nsleep 300\n',
  'ex3.sh': '#!/bin/bash\nexit 3\n',
  'k9.sh': '#!/bin/bash\nkill -9 $$\n',
  'trap.sh': '#!/bin/bash\ntrap "echo got TERM" TERM\necho start\nsleep 300\necho end\n',
  'crlf.sh': '#!/bin/bash\r\necho x\r\n',
  'empty.sh': '',
};

/** What is emulated of each program; the rest of the recordings (arrays, summaries) is passed over. */
const PROGRAMS = new Set(['qsub', 'qstat', 'qdel', 'qselect', 'qsig', 'qhold', 'qalter', 'qrls']);
const isPassedOver = ({ program, argv }: Recorded): boolean =>
  !PROGRAMS.has(program) ||
  argv.some((word) => word.includes('[') || word === '-J' || (program === 'qstat' && /^-(t|B|Q|a|n|xt)/.test(word)));

class Replay {
  readonly pbs: EmulatedPbs;
  readonly cwd: string;

  static async start(options: Partial<ServerOptions>): Promise<Replay> {
    return new Replay(await EmulatedPbs.start({ user: 'alice', now: () => NOW, ...options }));
  }

  private constructor(pbs: EmulatedPbs) {
    this.pbs = pbs;
    this.cwd = join(pbs.dir, 'home', 'rec');
    mkdirSync(this.cwd);
    for (const [name, text] of Object.entries(SCRIPTS)) writeFileSync(join(this.cwd, name), text);
  }

  get home(): string {
    return join(this.pbs.dir, 'home');
  }

  run(program: string, argv: readonly string[]) {
    const env = { HOME: this.home, LANG: 'C.UTF-8', LOGNAME: 'alice', PATH: '/bin', SHELL: '/bin/bash' };
    const answer = this.pbs.execute({ program, argv, cwd: this.cwd, env, stdin: '' });
    return { ...answer, stdout: answer.stdout.replaceAll(this.home, '/home/alice') };
  }

  state(id: string): string {
    return this.pbs.server.jobs.get(id)?.state ?? 'gone';
  }

  async until(id: string, ...states: string[]): Promise<void> {
    await eventually(`${id} is ${states.join(' or ')}`, () => states.includes(this.state(id)));
  }

  /** One line of the recording. */
  expectAs(recorded: Recorded, argv = recorded.argv): void {
    const { stdout, stderr, exitCode } = this.run(recorded.program, argv);
    const tidy = (text: string): string => dropArrays(normalize(text.replaceAll('/home/alice/rec2', '/home/alice/rec')));
    const at = `line ${recorded.line}: ${recorded.program} ${argv.join(' ')}`;
    expect({ stdout: tidy(stdout), stderr, exitCode }, at).to.deep.equal({
      stdout: tidy(recorded.stdout),
      stderr: recorded.stderr,
      exitCode: recorded.exitCode,
    });
  }
}

/** Two jobs in the place of a job array that is not emulated: all of n2, and one processor of n1 when there is one. */
function occupyAsTheArrayDid(replay: Replay): void {
  replay.pbs.server.nextSeq = 1000;
  replay.run('qsub', ['-l', 'select=1:ncpus=2', 'long.sh']);
  replay.run('qsub', ['long.sh']);
  replay.pbs.server.nextSeq = 4;
}

/** Job arrays stand in the recordings' tables. */
const dropArrays = (text: string): string => text.replace(/^(3|22|100[01])(\[\d*\])?\.ctl .*\n/gm, '');

describe('the emulated PBS, command by command as recorded', function () {
  this.timeout(60_000);
  let replay: Replay | undefined;
  afterEach(async () => {
    await replay?.pbs[Symbol.asyncDispose]();
    replay = undefined;
  });

  it('answers without job history as OpenPBS 23.06.06 did', async () => {
    const it = (replay = await Replay.start({ history: false }));
    /** What happened between two recorded commands, by the line of the latter. */
    const before = new Map<string, () => Promise<void>>([
      ['qsub -N arr -J 0-3 arr.sh', async () => occupyAsTheArrayDid(it)],
      [
        'qstat',
        async () => {
          writeFileSync(join(it.home, 'go'), '');
          await it.until('0.ctl', 'gone');
          await it.until('1001.ctl', 'R');
        },
      ],
      [
        'qsig -s SIGUSR1 99999',
        async () => {
          it.run('qdel', ['1000', '1001']);
          for (const id of ['7', '8', '13', '14', '15', '16', '17', '18']) await it.until(`${id}.ctl`, 'gone');
        },
      ],
    ]);
    let deletions = 0;
    let replayed = 0;
    for (const recorded of readRecording('pbs-23.06.06-no-history.txt')) {
      const text = [recorded.program, ...recorded.argv].join(' ');
      const happened = before.get(text);
      before.delete(text);
      await happened?.();
      if (text === 'qdel 1.ctl' && ++deletions === 3) await it.until('1.ctl', 'gone');
      if (text === 'qdel -W force 2.ctl') for (const id of ['6', '9']) it.run('qdel', [id]);
      if (text === 'qstat' && deletions === 3) {
        await it.until('2.ctl', 'gone');
        await it.until('4.ctl', 'R');
      }
      if (isPassedOver(recorded)) continue;
      it.expectAs(recorded, text === 'qsub -N bad name ok.sh' ? ['-N', 'bad name', 'ok.sh'] : recorded.argv);
      replayed++;
      await new Promise(setImmediate);
    }
    expect(replayed).to.be.at.least(60);
    expect([...before.keys()]).to.deep.equal([]);
  });

  it('answers with job history as OpenPBS 23.06.06 did', async () => {
    const it = (replay = await Replay.start({ history: true }));
    it.pbs.server.nextSeq = 19;
    for (const words of ['ex3.sh', 'k9.sh', '-l walltime=00:00:05 -N wall trap.sh', '', '-N del long.sh', '-N delq -h long.sh']) {
      if (words === '') it.pbs.server.nextSeq++;
      else it.run('qsub', words.split(' '));
    }
    await it.until('23.ctl', 'R');
    const recording = readRecording('pbs-23.06.06-history.txt').filter((recorded) => !isPassedOver(recorded));
    for (const [index, recorded] of recording.entries()) {
      it.expectAs(recorded);
      if (index === 0) for (const id of ['19.ctl', '20.ctl', '23.ctl', '24.ctl']) await it.until(id, 'F');
    }
    expect(recording).to.have.length.above(12);
  });
});

describe('the emulated PBS, as recorded when things go wrong', function () {
  this.timeout(60_000);
  let replay: Replay | undefined;
  afterEach(async () => {
    await replay?.pbs[Symbol.asyncDispose]();
    replay = undefined;
  });
  const recorded = (text: string): Recorded => {
    const found = readRecording('pbs-node-failure.txt').find(({ argv }) => argv.join(' ') === text);
    if (found === undefined) throw new Error(`nothing recorded of ${text}`);
    return found;
  };

  /** The recording has some of the lines only, and those cut. */
  function expectLines(it: Replay, id: string): void {
    const { stdout, exitCode } = it.run('qstat', ['-xf', id]);
    const lines = stdout.replaceAll('\n\t', '').split('\n').map(withoutTimes);
    const wanted = recorded(`-xf ${id}`)
      .stdout.split('\n')
      .filter((line) => line !== '' && !line.includes('resources_used'));
    for (const line of wanted.map(withoutTimes)) {
      const whole = line.replace(/^(Job Id: \d+)$/, '$1.ctl');
      expect(
        lines.some((one) => one.startsWith(whole)),
        `${line}\nin\n${stdout}`,
      ).to.equal(true);
    }
    expect(exitCode).to.equal(0);
  }
  const withoutTimes = (line: string): string => line.replace(/\w{3} \w{3} +\d+ at \d\d:\d\d/, 'TIME').replace(/= \d{10}$/, '= EPOCH');

  it('ends a job whose walltime is over with Exit_status -29, after TERM, and says so in its stderr', async () => {
    const it = (replay = await Replay.start({ killDelayMs: 500, now: Date.now }));
    it.run('qsub', ['-N', 'filler', '-l', 'select=1:ncpus=2', 'long.sh']);
    await it.until('0.ctl', 'R');
    it.pbs.server.nextSeq = 27;
    it.run('qsub', ['-l', 'walltime=1', '-N', 'wall', '-j', 'oe', 'trap.sh']);
    await it.until('27.ctl', 'F');
    expectLines(it, '27');
    expect(readFileSync(join(it.cwd, 'wall.o27'), 'utf8')).to.include('start\n');
  });

  it('requeues the rerunnable jobs of a lost node under their ids, and ends the others with Exit_status -20', async () => {
    const it = (replay = await Replay.start({ nodeFailRequeueMs: 300 }));
    it.run('qsub', ['-N', 'n1', '-l', 'select=1:ncpus=2', 'long.sh']);
    await it.until('0.ctl', 'R');
    it.pbs.server.nextSeq = 31;
    for (const words of ['-N rr long.sh', '-N norr -r n long.sh', '-N twonode -l select=2:ncpus=1 -l place=scatter long.sh']) {
      it.run('qsub', words.split(' '));
    }
    await it.until('32.ctl', 'R');
    it.pbs.server.cutPower('n2');
    expect(['31.ctl', '32.ctl', '33.ctl'].map((id) => it.state(id))).to.deep.equal(['R', 'R', 'Q']);
    await it.until('31.ctl', 'Q');
    await it.until('32.ctl', 'F');
    await new Promise(setImmediate);
    for (const id of ['31.ctl', '32.ctl', '33.ctl']) expectLines(it, id);
    it.pbs.server.restorePower('n2');
    await it.until('31.ctl', 'R');
    expect(it.pbs.server.jobs.get('31.ctl')?.runCount).to.equal(2);
  });
});
