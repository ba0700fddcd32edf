/** Where the keys of a run are, and where they are not: on command lines, in environments, in logs, in what tasks see. A real run is searched. */
import { readdirSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { readDurableState } from '../../executors/high-throughput/durable-state.ts';
import { readSettings } from '../../executors/high-throughput/manager/settings.ts';
import { bashApp, jsApp, pythonApp } from '../../index.ts';
import { findUserFiles } from '../../lib/bundle/user-files.ts';
import { TestRun, processesWith } from '../support/high-throughput.ts';
import { filesBelow, findForms, formsOf, type KeyForm, readIfThere } from './key-forms.ts';

const SECRET_ENV = 'hush-hush-value-of-the-executor';

const everythingInJs = jsApp(async () => {
  const { execFileSync } = await import('node:child_process');
  console.log(JSON.stringify(process.env), process.argv.join(' '));
  return `${JSON.stringify(process.env)} ${execFileSync('env')} ${process.argv.join(' ')} ${process.execArgv.join(' ')}`;
});
const everythingInPython = pythonApp<[], string>(
  'def look():\n    import os, sys\n    print(os.environ)\n    return repr(dict(os.environ)) + repr(sys.argv)',
);
const everythingInBash = bashApp(() => 'env; cat /proc/self/cmdline /proc/$PPID/cmdline | tr "\\0" " "', { returns: 'stdout' });
const failing = jsApp(() => {
  throw new Error(`it fails with ${JSON.stringify(process.env)}`);
});
const dying = jsApp(() => process.abort(), { retries: 0 });

const nameOfMode = (mode: number): string => (mode & 0o777).toString(8);

describe('the keys of a run', function () {
  this.timeout(60_000);
  let run: TestRun;
  let forms: KeyForm[];
  let told: string;
  let umask: number;

  before(async () => {
    umask = process.umask(0);
    run = await TestRun.open({
      executor: { workerDebug: true, orphanGrace: '1m', env: { FLOTILLA_SPEC_SECRET: SECRET_ENV } },
      config: { retries: 0 },
    });
    await run.managers(1);
    const keys = readDurableState(join(run.folder(), 'keys', 'durable.json'))?.keys;
    if (!keys) throw new Error('there are no keys');
    forms = [...formsOf('secret of the interchange', keys.server.secretKey), ...formsOf('secret of managers', keys.client.secretKey)];
    const outcomes = await Promise.allSettled([
      everythingInJs().result(),
      everythingInPython().result(),
      everythingInBash().result(),
      failing().result(),
      dying().result(),
    ]);
    told =
      JSON.stringify(outcomes) + outcomes.map((each) => (each.status === 'rejected' ? String((each.reason as Error).stack) : '')).join('');
  });
  after(async () => {
    process.umask(umask);
    await run[Symbol.asyncDispose]();
  });

  const found = (bytes: Buffer): string[] => findForms(forms, bytes);
  const isOfKeys = (path: string): boolean => path.startsWith(join(run.folder(), 'keys'));

  it('would be found by this search', () => {
    const settings = readIfThere(join(run.folder(), 'keys', 'manager.json'));
    expect(found(settings)).to.include('secret of managers, Z85');
    expect(found(Buffer.concat(forms.map(({ bytes }) => bytes)))).to.have.length(forms.length);
    expect(readSettings(join(run.folder(), 'keys', 'manager.json')).curve?.secretKey).to.be.a('string');
  });

  it('are on no command line and in no environment', () => {
    const pids = ['self', ...processesWith(() => true).map(String)];
    const places = pids.flatMap((pid) => [`/proc/${pid}/cmdline`, `/proc/${pid}/environ`]);
    const looked = places.filter((path) => readIfThere(path).length > 0);
    expect(looked.length).to.be.above(10);
    expect(looked.flatMap((path) => found(readIfThere(path)).map((form) => `${path}: ${form}`))).to.deep.equal([]);
  });

  it('are in nothing that tasks see, return, print or fail with', () => {
    expect(told).to.include(SECRET_ENV);
    expect(found(Buffer.from(told))).to.deep.equal([]);
  });

  it('are in the folder for them, and in nothing else of the run directory, logs with workerDebug included', () => {
    const files = [...filesBelow(run.kernel.runDir)].map(({ path }) => path).filter((path) => statSync(path).isFile());
    for (const name of ['flotilla.log', 'events.log', 'htex/interchange.log']) expect(files).to.include(join(run.kernel.runDir, name));
    expect(files.some((path) => /worker-\d+-js\.stdout$/.test(path) && readIfThere(path).includes(SECRET_ENV))).to.equal(true);
    expect(files.some((path) => /ended: task/.test(readIfThere(path).toString()))).to.equal(true);
    const leaks = files.filter((path) => !isOfKeys(path)).flatMap((path) => found(readIfThere(path)).map((form) => `${path}: ${form}`));
    expect(leaks).to.deep.equal([]);
    expect(found(Buffer.from(run.logText()))).to.deep.equal([]);
  });

  it('are in no file of the folders for temporary files', () => {
    const folders = ['/dev/shm', tmpdir()].flatMap((parent) =>
      readdirSync(parent)
        .filter((name) => name.startsWith('flotilla-'))
        .map((name) => join(parent, name))
        .filter((path) => !run.dir.startsWith(path)),
    );
    const leaks = folders.flatMap((folder) =>
      [...filesOrNone(folder)].flatMap(({ path }) => found(readIfThere(path)).map((form) => `${path}: ${form}`)),
    );
    expect(leaks).to.deep.equal([]);
  });

  it('are the owner’s alone, whatever the umask is', () => {
    const folder = join(run.folder(), 'keys');
    expect(nameOfMode(statSync(folder).mode)).to.equal('700');
    const files = readdirSync(folder);
    expect(files).to.have.members(['manager.json', 'durable.json']);
    for (const name of files) expect(nameOfMode(statSync(join(folder, name)).mode), name).to.equal('600');
  });

  it('leave nothing in the run directory that others could write and the run would execute or believe', () => {
    const { runDir } = run.kernel;
    const writable = [...filesBelow(runDir)]
      .filter(({ path, mode }) => (mode & 0o022) !== 0 && !isOutput(path))
      .map(({ path, mode }) => `${path} ${nameOfMode(mode)}`);
    for (const path of [runDir, join(runDir, '..'), run.folder()]) expect(nameOfMode(statSync(path).mode), path).to.equal('755');
    expect(writable).to.deep.equal([]);
  });

  it('are in no bundle, though the run’s directory lies beside the script', () => {
    const script = run.path('script.ts');
    writeFileSync(script, "import { load } from 'flotilla';\nawait load({ runDir: 'runinfo', resume: 'runinfo/000' });\n");
    expect(findUserFiles([script], run.dir).files).to.deep.equal([script]);
  });
});

/** Of tasks, workers and managers: it is nothing that anybody executes or believes. */
const isOutput = (path: string): boolean => /\.(stdout|stderr)$|interchange\.log$/.test(path);

function* filesOrNone(folder: string): Generator<{ readonly path: string }> {
  try {
    yield* filesBelow(folder);
  } catch {
    // It is of a run that has ended meanwhile.
  }
}
