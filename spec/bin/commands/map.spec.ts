import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { makeScriptFolder, type ScriptFolder } from '../../support/flotilla-run.ts';
import { eventually } from '../../support/eventually.ts';
import { isAlive } from '../../support/leftovers.ts';

const THREADS = { FLOTILLA_CONFIG: 'local-threads' };

describe('flotilla map', function () {
  this.timeout(120_000);
  let folder: ScriptFolder;
  beforeEach(async () => {
    folder = await makeScriptFolder();
  });
  afterEach(() => folder.remove());
  const map = (...args: string[]) => folder.run(['map', ...args], THREADS);
  const fileIn = (name: string): string => readFileSync(join(folder.path, name), 'utf8');

  it('says nothing of its own where all goes well', async () =>
    expect(await map('-k', 'echo {}', ':::', 'a', 'b')).to.deep.include({ stdout: 'a\nb\n', stderr: '', code: 0 }));

  it('prints one JSON object per job with --json', async () => {
    const { stdout, code } = await map('-k', '--json', 'echo out; echo err >&2; test {} != x || kill -9 $$; exit {}', ':::', '0', '3', 'x');
    const records = stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(records.map(({ seq, args, exitCode, signal }) => ({ seq, args, exitCode, signal }))).to.deep.equal([
      { seq: 1, args: ['0'], exitCode: 0, signal: null },
      { seq: 2, args: ['3'], exitCode: 3, signal: null },
      { seq: 3, args: ['x'], exitCode: null, signal: 'SIGKILL' },
    ]);
    expect(records[1]).to.include({ stdout: 'out\n', stderr: 'err\n' });
    expect(records[1].command).to.contain('exit 3');
    expect(Date.parse(records[1].start)).to.be.closeTo(Date.now(), 60_000);
    expect(records[1].runtimeSeconds).to.be.within(0, 60);
    expect(code).to.equal(2);
  });

  it('gives bytes that are not UTF-8 in base64 too with --json', async () => {
    const { stdout } = await map('--json', "printf '\\377a'; echo fine >&2; :", ':::', 'a');
    const record = JSON.parse(stdout);
    expect(record).to.include({ stdout: '\uFFFDa', stdoutBase64: Buffer.from([0xff, 0x61]).toString('base64'), stderr: 'fine\n' });
    expect(record).not.to.have.property('stderrBase64');
  });

  it('tells each job its number', async () =>
    expect((await map('-k', 'echo $PARALLEL_SEQ {}', ':::', 'a', 'b')).stdout).to.equal('1 a\n2 b\n'));

  it('passes bytes on as they are, and as many as there are', async () => {
    const big = await map("head -c 3000000 /dev/zero | tr '\\0' x; :", ':::', 'a');
    expect(big.stdout).to.have.length(3_000_000);
    const run = folder.start(['map', "printf '\\377\\000\\376'; :", ':::', 'a'], THREADS);
    const bytes: Buffer[] = [];
    run.child.stdout?.setEncoding('latin1').on('data', (text: string) => bytes.push(Buffer.from(text, 'latin1')));
    await run.result;
    expect(Buffer.concat(bytes).toString('hex')).to.equal('ff00fe');
  });

  it('leaves no output of jobs in the run directory but of those that failed, which their errors name', async () => {
    await map('echo {}; echo no >&2; test {} = a', ':::', 'a', 'b');
    expect(readdirSync(join(folder.path, 'runinfo', '000', 'map')).toSorted()).to.deep.equal(['2.err', '2.out']);
    expect((await folder.run(['logs', 'last', '2'])).stdout).to.match(/==> .*2\.out <==\nb\n\n==> .*2\.err <==\nno\n/);
    const gone = await folder.run(['logs', 'last', '1']);
    expect(gone.code).to.equal(1);
    expect(gone.stderr).to.match(/there is no .*1\.out: flotilla map removes what it has printed/);
    expect((await folder.run(['explain', 'last', '1'])).stdout).to.match(/stdout: .*1\.out \(is not there\)$/m);
  });

  const full = existsSync('/dev/full') ? it : it.skip;
  full('prints to stdout all that there is where stderr cannot be written', async () =>
    expect(await folder.runScript("flotilla map -k 'echo {}; echo e >&2' ::: 1 2 3 2>/dev/full", THREADS)).to.deep.include({
      stdout: '1\n2\n3\n',
      code: 0,
    }),
  );

  full('stops where stdout cannot be written, says so, and keeps what was to be printed', async () => {
    const { stderr, code } = await folder.runScript("flotilla map -k 'echo {}' ::: 1 2 3 >/dev/full", THREADS);
    expect(code).to.equal(255);
    expect(stderr).to.match(/^flotilla: stdout cannot be written \(ENOSPC.*\): stopped; .* is in .*runinfo\/000\/map\n$/);
    expect(fileIn('runinfo/000/map/1.out')).to.equal('1\n');
  });

  it('says which job log cannot be written', async () => {
    const { stderr, code } = await map('--joblog', 'nowhere/log', 'echo {}', ':::', '1');
    expect(code).to.equal(255);
    expect(stderr).to.match(/^flotilla: the job log nowhere\/log cannot be written \(ENOENT.*\)\n$/);
  });

  it('runs all jobs where the job log finds no more room, and resumes those that are not in it', async () => {
    const jobs = `-k --joblog log "echo {} # $(head -c 3000 /dev/zero | tr '\\0' x)" ::: 1 2 3 4`;
    // Files of 8 KiB at most: two lines and a part of the third.
    const { stdout, stderr } = await folder.runScript(`trap '' XFSZ; ulimit -f 8; flotilla map ${jobs}`, THREADS);
    expect(stdout).to.equal('1\n2\n3\n4\n');
    expect(stderr).to.match(/the job log log cannot be written \(EFBIG.*\); lines wait for room, jobs go on\n/);
    expect(stderr).to.match(/2 job\(s\) are not in the job log log: --resume runs them again\n/);
    expect((await folder.runScript(`flotilla map --resume ${jobs}`, THREADS)).stdout).to.have.length(4);
  });

  it('starts jobs while arguments still come', async () => {
    const run = folder.start(['map', 'echo got {}'], THREADS, { keepStdin: true });
    run.child.stdin?.write('first\nsec');
    await run.said('got first\n');
    run.child.stdin?.end('ond\n');
    expect(await run.result).to.deep.include({ stdout: 'got first\ngot second\n', code: 0 });
  });

  it('runs jobs with no more than -j at once', async () => {
    // The first three go on when they are together.
    const count = 'n=$(ls -d running* | wc -l)';
    const together = `for i in $(seq 300); do ${count}; test {#} -gt 3 -o $n -ge 3 && break; sleep 0.05; done`;
    const job = `mkdir running{#}; ${together}; echo $n; sleep 0.1; rmdir running{#}`;
    const { stdout, code } = await folder.run(['map', '-j', '3', job, ':::', ...'abcdefghi']);
    const seen = stdout.trimEnd().split('\n').map(Number);
    expect(Math.max(...seen)).to.equal(3);
    expect(code).to.equal(0);
  });

  it('after a Ctrl-C runs what had not ended, and nothing else, with --resume', async () => {
    const args = [
      'map',
      '-j2',
      '--joblog',
      'log',
      'echo {} >> started; test {} = b -a ! -e again && sleep 60; echo {} >> ended',
      ':::',
      ...'abcd',
    ];
    const run = folder.start(args, THREADS);
    const size = (name: string): number => (existsSync(join(folder.path, name)) ? fileIn(name).length : 0);
    await eventually('all four have started, and three have ended', () => size('started') === 8 && size('ended') === 6, 30_000);
    // A job is in the log a moment after its command has ended.
    await eventually('three lines in the log', () => fileIn('log').split('\n').length === 5, 30_000);
    run.child.kill('SIGINT');
    expect((await run.result).code).to.equal(130);
    expect(fileIn('started').split('\n').sort().join('')).to.equal('abcd');

    writeFileSync(join(folder.path, 'again'), '');
    expect((await folder.run([...args.slice(0, 2), '--resume', ...args.slice(2)], THREADS)).code).to.equal(0);
    expect(fileIn('started').split('\n').sort().join('')).to.equal('abbcd');
    expect(fileIn('ended').split('\n').sort().join('')).to.equal('abcd');
  });

  it('lists a job with -k only when its output is printed, so that --resume after a kill leaves nothing unseen', async () => {
    const args = [
      '-k',
      '-j2',
      '--joblog',
      'log',
      'echo {}; test {} != a -o -e go || { touch up; sleep 60; }; touch end{}',
      ':::',
      'a',
      'b',
      'c',
    ];
    const run = folder.start(['map', ...args], THREADS);
    await eventually('the others to end', () => existsSync(join(folder.path, 'endc')), 30_000);
    await eventually(
      'their ends in the log of the run',
      async () => (await folder.run(['show', 'last'])).stdout.includes('2 done'),
      30_000,
    );
    run.child.kill('SIGKILL');
    expect((await run.result).stdout).to.equal('');
    expect(fileIn('log').trim().split('\n')).to.have.length(1);
    writeFileSync(join(folder.path, 'go'), '');
    expect((await map('--resume', ...args)).stdout).to.equal('a\nb\nc\n');
    expect(
      fileIn('log')
        .split('\n')
        .map((line) => line.split('\t')[0]),
    ).to.deep.equal(['Seq', '1', '2', '3', '']);
  });

  it('runs a job whose command is another one than in the log, and says so', async () => {
    await map('-j1', '--joblog', 'log', 'echo', ':::', 'a', 'b');
    const { stdout, stderr } = await map('-j1', '--joblog', 'log', '--resume', 'echo', ':::', 'a', 'x', 'c');
    expect(stdout).to.equal('x\nc\n');
    expect(stderr).to.equal("flotilla: job 2 is 'echo x', and was 'echo b' in log; it runs as a new one\n");
  });

  it('ends what runs with --halt now, and leaves no process of it', async () => {
    const { code } = await map(
      '-j2',
      '--halt',
      'now,fail=1',
      'test {} = a && { until test -s pid; do sleep 0.02; done; exit 5; }; echo $$ > pid; sleep 300',
      ':::',
      'a',
      'b',
    );
    expect(code).to.equal(5);
    expect(isAlive(Number(fileIn('pid')))).to.equal(false);
  });

  it('ends with what runs when nobody reads its output any more', async () => {
    const run = folder.start(
      ['map', '-j1', 'echo {}; echo {} >> started', ':::', ...Array.from({ length: 200 }, (_, i) => String(i))],
      THREADS,
    );
    await run.said('0\n');
    run.child.stdout?.destroy();
    expect((await run.result).code).to.equal(141);
    expect(fileIn('started').split('\n').length).to.be.below(200);
  });

  it('shows progress with --bar, on stderr', async () => {
    const half = /^flotilla: \[#{10}-{10}\] 50% 0 of 2 done · 1 running · 1 failed/m;
    const job = 'test {} = b || exit 1; until test -e go; do sleep 0.02; done';
    const run = folder.start(['map', '--bar', '-j2', job, ':::', 'a', 'b'], THREADS);
    let shown = '';
    run.child.stderr?.on('data', (text: string) => (shown += text));
    await eventually('the bar of one that has failed and one that runs', () => half.test(shown), 40_000);
    writeFileSync(join(folder.path, 'go'), '');
    expect(await run.result).to.deep.include({ stdout: '', code: 1 });
  });

  it('says why a job failed that never ran, and goes on', async () => {
    const run = folder.start(['map', '-k', '--joblog', 'log', 'echo'], THREADS, { keepStdin: true });
    run.child.stdin?.end(`a\n${'x'.repeat(3_000_000)}\nb\n`);
    const { stdout, stderr, code } = await run.result;
    expect({ stdout, code }).to.deep.equal({ stdout: 'a\nb\n', code: 1 });
    expect(stderr).to.match(/^flotilla: job 2: .+/m);
    expect(fileIn('log')).to.match(/\t-1\t0\techo xxx/);
  });

  const refused: [string[], RegExp][] = [
    [['--halt', 'maybe', 'echo', ':::', 'a'], /--halt maybe: expected never/],
    [['--resume', 'echo', ':::', 'a'], /need --joblog FILE/],
    [['--retry-failed', '--joblog', 'none'], /there is no job log none/],
    [['-j', 'x', 'echo', ':::', 'a'], /-j x: expected a number of jobs/],
    [['echo', '::::', 'none'], /the arguments in none cannot be read/],
    [['--config', 'locla', 'echo', ':::', 'a'], /Did you mean 'local'/],
    [['--tagg', 'echo', ':::', 'a'], /unknown option '--tagg'/],
    [['echo `{}`', ':::', 'a'], /within backticks/],
  ];
  for (const [args, message] of refused) {
    it(`refuses flotilla map ${args.join(' ')}, with 255`, async () => {
      const { stderr, stdout, code } = await map(...args);
      expect(stderr).to.match(message);
      expect(stderr).not.to.match(/^\s+at /m);
      expect({ stdout, code }).to.deep.equal({ stdout: '', code: 255 });
    });
  }
});
