import { spawn, spawnSync } from 'node:child_process';
import { text } from 'node:stream/consumers';
import { once } from 'node:events';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';

const FLOTILLA = [
  process.execPath,
  '--disable-warning=ExperimentalWarning',
  fileURLToPath(new URL('../../../bin/flotilla.ts', import.meta.url)),
  'map',
];
const PARALLEL = ['parallel', '--will-cite'];

interface Call {
  readonly args: readonly string[];
  readonly stdin?: string | undefined;
  /** On the config that users get, where it is processes that matter; else on threads, which start faster. */
  readonly isLocal?: boolean;
}

interface Result {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** What both must give for the same arguments: stdout, stderr and exit code; of a job log, the columns that do not measure. */
interface Row extends Call {
  readonly title: string;
  /** Sorted lines of stdout, where jobs run at once. */
  readonly anyOrder?: boolean;
  readonly ignoreStderr?: boolean;
  /** Earlier calls, of the same program, in the same folder. */
  readonly after?: readonly Call[];
  readonly joblog?: boolean;
  /** Read as :::: f1 and f2. */
  readonly files?: Readonly<Record<string, string>>;
}

const log = ['--joblog', 'log'];
const SOME = 'case {} in 0) echo ok;; 1) echo no >&2; exit 1;; *) kill -{} $$;; esac';

const rows: Row[] = [
  {
    title: 'one argument each',
    isLocal: true,
    args: ['-k', 'echo {}', ':::', 'a', 'b c', "it's", '', '$HOME', '*', 'é', '-x', 'a"b', '\\', '"\'"'],
  },
  { title: 'a command of several words', args: ['-k', 'echo', 'x', '{}', ':::', 'a', 'b  c'] },
  { title: 'a command without replacement string', args: ['-k', 'echo x', ':::', 'a', 'b c'] },
  { title: 'numbers of jobs', args: ['-k', 'echo {#}', ':::', 'a', 'b', 'c'] },
  { title: 'an argument within a word', args: ['-k', 'echo pre{}post-{}', ':::', 'a', 'b c'] },
  {
    title: 'parts of paths',
    args: [
      '-k',
      'echo {}+{.}+{/}+{//}+{/.}',
      ':::',
      '/a/b.c',
      'a.b/c',
      '/',
      '',
      'x y.tar.gz',
      '/r.t',
      'a.',
      'a..b',
      '..',
      '.',
      'a/.',
      './.b',
      'a/b/',
      '//a',
      'a//b',
      '.x',
      'b/',
    ],
  },
  {
    title: 'parts of one of several sources',
    args: ['-k', 'echo {2}-{1/.}-{1.}-{1/}-{1//}-{-1}-{2.}-{-2/}', ':::', 'd/a.tar.gz', 'b/', '.x', ':::', '1.5', 'y'],
  },
  { title: 'a source that there is not', args: ['-k', 'echo {3} {x} {', ':::', 'a', 'b'] },
  { title: 'two sources in every combination', args: ['-k', 'echo', ':::', 'a', 'b', ':::', '1', '2', '3'] },
  {
    title: 'sources in step, and one beside them',
    args: ['-k', 'echo {1}{2}{3}', ':::', 'a', 'b', 'c', ':::+', '1', '2', ':::', 'X', 'Y'],
  },
  { title: 'a source in step with the second', args: ['-k', 'echo', ':::', 'X', 'Y', ':::', 'a', 'b', ':::+', '1', '2'] },
  { title: 'all arguments of several sources', args: ['-k', 'echo {} {1}', ':::', 'a b', 'c', ':::', "d'e"] },
  { title: 'files of arguments', args: ['-k', 'echo', '::::', 'f1', ':::', 'x'], files: { f1: '1\n2\n' } },
  { title: 'two files of arguments', args: ['-k', 'echo', '::::', 'f1', 'f2'], files: { f1: '1\n2\n', f2: 'a\nb\n' } },
  { title: 'files in step', args: ['-k', 'echo', '::::', 'f1', '::::+', 'f2'], files: { f1: '1\n2\n', f2: 'a\nb\nc\n' } },
  { title: '-a', args: ['-k', '-a', 'f1', 'echo {}'], files: { f1: '1\n2' } },
  { title: 'lines of standard input, empty ones too', args: ['-k', "echo 'x'{}"], stdin: 'a\n\nb c\n  d ' },
  { title: 'NUL-separated arguments', args: ['-k', '-0', 'echo _{}_'], stdin: 'a b\0c\nd\0' },
  { title: 'empty input', args: ['echo'], stdin: '' },
  { title: 'commands as arguments', args: ['-k'], stdin: 'echo a b; echo c\nexit 3\n' },
  { title: 'options of the command behind it', args: ['-k', 'echo', '-k', '{}', ':::', '-n', '--tag'] },
  { title: 'a dry run', args: ['-k', '--dry-run', 'rm {} "a b"', ':::', 'x y', "it's", '', "''", 'a=b', 'ü', '-_.+/9Z', "'a"] },
  { title: 'output that does not end with a newline', args: ['-k', 'printf a{}', ':::', '1', '2'] },
  { title: 'tags', isLocal: true, args: ['-k', '--tag', 'printf "%s\\n\\n%s" {1} {2}', ':::', 'a b', 'c', ':::', '1'] },
  { title: 'tags on stderr', args: ['-k', '--tag', 'echo x{} >&2', ':::', 'a'] },
  { title: 'both streams', args: ['-k', 'echo out{}; echo err{} >&2', ':::', '1', '2'] },
  {
    title: 'output in one piece for each job',
    isLocal: true,
    args: ['-j', '3', 'for i in 1 2 3; do echo {}$i; sleep 0.0{}; done', ':::', '1', '2', '3'],
    anyOrder: true,
  },
  { title: 'order of the arguments', isLocal: true, args: ['-k', '-j', '4', 'sleep 0.{}; echo {}', ':::', '4', '3', '2', '1'] },
  { title: 'one job at a time', isLocal: true, args: ['-j1', 'sleep 0.{}; echo {}', ':::', '2', '1', '0'] },
  { title: 'exit code: none failed', args: ['exit 0; :', ':::', 'a', 'b'] },
  { title: 'exit code: failed jobs are counted', isLocal: true, args: ['exit', ':::', '0', '3', '200', '0', '1'] },
  { title: 'exit code: death by a signal is a failure', args: ['kill -9 $$; :', ':::', 'a'] },
  { title: 'exit code: 100 failed', args: ['exit 1; :'], stdin: '\n'.repeat(100) },
  { title: 'exit code: more than 100 failed', args: ['exit 1; :'], stdin: '\n'.repeat(120) },
  { title: 'a job log', isLocal: true, args: ['-j1', ...log, SOME, ':::', '0', '1', '9', '15'], joblog: true },
  { title: 'a job log of odd commands', args: ['-j1', '-0', ...log, 'printf "%s" {}'], stdin: "a\tb\0c\nd\0it's\0", joblog: true },
  {
    title: 'a job log is begun anew',
    after: [{ args: [...log, 'echo', ':::', 'a', 'b'] }],
    args: ['-j1', ...log, 'echo', ':::', 'c'],
    joblog: true,
  },
  {
    title: '--resume',
    isLocal: true,
    after: [{ args: ['-j1', ...log, SOME, ':::', '0', '1'] }],
    args: ['-j1', '--resume', ...log, SOME, ':::', '0', '1', '0', '1'],
    joblog: true,
  },
  { title: '--resume without a log so far', args: ['-j1', '--resume', ...log, SOME, ':::', '0', '1'], joblog: true },
  {
    title: '--resume-failed',
    after: [{ args: ['-j1', ...log, SOME, ':::', '0', '1', '9'] }],
    args: ['-j1', '--resume-failed', ...log, SOME, ':::', '0', '1', '9', '0'],
    joblog: true,
  },
  {
    title: '--retry-failed',
    after: [
      { args: ['-j1', ...log, 'echo {}; test ! -e gone{}; :;  test -e t{}', ':::', '1', '2', '3'] },
      { args: ['touch', ':::', 't2'] },
    ],
    args: ['-j1', '--retry-failed', ...log],
    joblog: true,
  },
  {
    title: '--retry-failed takes the last line of a job',
    after: [{ args: [...log, 'test -e t{}', ':::', '1'] }, { args: ['touch', ':::', 't1'] }, { args: ['--retry-failed', ...log] }],
    args: ['--retry-failed', ...log],
    joblog: true,
  },
];

/** Of two jobs at once the first ends first: when the next one has been started, or would have been. */
const IN_ORDER = [
  'touch started{#}',
  'until test $(wc -l < log) -ge {#}; do sleep 0.05; done',
  'for i in $(seq 20); do test -e started$(({#} + 1)) && break; sleep 0.05; done',
  'exit {}',
].join('; ');
const inOrder = (halt: string, ...codes: string[]): string[] => ['-j2', ...log, '--halt', halt, IN_ORDER, ':::', ...codes];
for (const halt of [
  'never',
  '1',
  '2',
  'now,fail=1',
  'soon,fail=1',
  'soon,fail=2',
  'now,fail=30%',
  'soon,fail=50%',
  '50%',
  'now,success=1',
  'soon,success=2',
  'now,done=3',
  'now,fail=9',
  'soon,fail=90%',
]) {
  rows.push({ title: `--halt ${halt}`, args: inOrder(halt, '0', '3', '0', '4'), joblog: true, ignoreStderr: true, isLocal: true });
}
rows.push({
  title: '--halt now,fail=1 and a signal',
  args: ['-j1', '--halt', 'now,fail=1', 'kill -15 $$; :', ':::', '1', '2'],
  ignoreStderr: true,
});

describe('flotilla map beside GNU Parallel', function () {
  this.timeout(120_000);
  before(function () {
    const [program = ''] = PARALLEL;
    if (spawnSync(program, ['--version']).error === undefined) return;
    console.warn('    GNU Parallel is not installed (scripts/install-test-dependencies.sh installs it): skipped');
    this.skip();
  });

  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'flotilla-map-'));
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  for (const row of rows) {
    it(`does the same: ${row.title}`, async () => {
      const [ours, theirs] = await Promise.all([observe(FLOTILLA, 'ours', row), observe(PARALLEL, 'theirs', row)]);
      expect(ours).to.deep.equal(theirs);
    });
  }

  const observe = async (program: readonly string[], name: string, row: Row) => {
    const cwd = join(folder, name);
    await mkdir(cwd);
    for (const [file, content] of Object.entries(row.files ?? {})) await writeFile(join(cwd, file), content);
    for (const call of row.after ?? []) await run(program, cwd, call);
    const { code, stdout, stderr } = await run(program, cwd, row);
    return {
      code,
      stdout: row.anyOrder ? blocksOf(stdout) : stdout,
      stderr: row.ignoreStderr ? '' : stderr,
      joblog: row.joblog ? withoutMeasures(await readFile(join(cwd, 'log'), 'utf8')) : undefined,
    };
  };
});

async function run(program: readonly string[], cwd: string, { args, stdin, isLocal }: Call): Promise<Result> {
  const [command = '', ...first] = program;
  const home = join(cwd, '..', 'home');
  await mkdir(join(home, '.parallel'), { recursive: true });
  const env = {
    ...process.env,
    HOME: home,
    TMPDIR: cwd,
    SHELL: '/bin/bash',
    PARALLEL_SHELL: '/bin/bash',
    FLOTILLA_CONFIG: isLocal ? '' : 'local-threads',
    NODE_OPTIONS: '',
  };
  const child = spawn(command, [...first, ...args], { cwd, env, stdio: [stdin === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'] });
  child.stdin?.end(stdin);
  if (child.stdout === null || child.stderr === null) throw new Error('no pipes');
  const [stdout, stderr, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')]);
  return { code: code as number | null, stdout, stderr };
}

/** Lines of one job follow each other; which job comes first is open. */
const blocksOf = (stdout: string): string => (stdout.match(/.*\n.*\n.*\n/g) ?? []).sort().join('');

/** Start and run time say when and how long. */
function withoutMeasures(joblog: string): string {
  return joblog.replace(/^(\d+\t[^\t]*\t)\d+\.\d{3}\t *\d+\.\d{3}\t/gm, '$1');
}
