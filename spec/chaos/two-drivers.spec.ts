/**
 * Two drivers with one `runDir`, as real processes: they start at the same moment, or one resumes the other while that still runs.
 */
import { expect } from 'chai';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { RunStarted } from '../../lib/events/events.ts';
import { EVENT_LOG } from '../../lib/events/format.ts';
import { readEvents } from '../../lib/events/reader.ts';
import { makeScriptFolder, packageUrl, type ScriptFolder } from '../support/flotilla-run.ts';
import { expectPromisesKept } from './oracle.ts';

/** Three tasks, the last of which waits for a file. */
const SCRIPT = `
import { Config, jsApp, load, ThreadPoolExecutor } from '${packageUrl}';
await using kernel = await load(new Config({ executors: [new ThreadPoolExecutor({ maxThreads: 1 })] }));
const app = jsApp(async (name: string, until: string) => {
  const { appendFileSync, existsSync } = await import('node:fs');
  appendFileSync('ran', name + '\\n');
  while (until !== '' && !existsSync(until)) await new Promise((resolve) => setTimeout(resolve, 5));
  return name;
}, { cache: true });
await Promise.all([app('a', ''), app('b', '')]);
console.log('half');
console.log(await app('c', 'go'));
`;

describe('two drivers with the same run directory', function () {
  this.timeout(60_000);
  let folder: ScriptFolder;
  beforeEach(async () => {
    folder = await makeScriptFolder();
    await folder.write('a.ts', SCRIPT);
  });
  afterEach(() => folder.remove());

  const inRun = (run: string, ...path: string[]): string => join(folder.path, 'runinfo', run, ...path);
  const ran = (): string[] => readFileSync(join(folder.path, 'ran'), 'utf8').trim().split('\n').sort();
  const go = (): void => writeFileSync(join(folder.path, 'go'), '');

  /** Who began it: one process alone has written there. */
  async function driversOf(run: string): Promise<number[]> {
    const pids: number[] = [];
    for await (const batch of readEvents(inRun(run, EVENT_LOG)))
      for (const { event } of batch) if (event.kind === 'runStarted') pids.push((event satisfies RunStarted).pid);
    return pids;
  }

  it('get a numbered folder and a log each; one that resumes another while that runs takes what is there, and writes nothing of its', async () => {
    const both = [1, 2].map(() => folder.start(['run', 'a.ts']));
    await Promise.all(both.map((driver) => driver.said('half')));
    const checkpoint = inRun('000', 'checkpoint', 'results.ckpt');
    const before = readFileSync(checkpoint);
    const drivers = [...both, folder.start(['run', 'a.ts', '--resume', '000'])];
    await drivers[2]?.said('half');
    expect(readFileSync(checkpoint).equals(before)).to.equal(true);
    go();
    const results = await Promise.all(drivers.map(({ result }) => result));
    for (const { code, stdout, stderr } of results) expect([code, stdout], stderr).to.deep.equal([0, 'half\nc\n']);
    expect(readdirSync(join(folder.path, 'runinfo')).sort()).to.deep.equal(['000', '001', '002']);
    for (const run of ['000', '001', '002']) expect(await expectPromisesKept(inRun(run))).to.include({ called: 3, ended: 3 });
    const pids = (await Promise.all(['000', '001', '002'].map(driversOf))).flat();
    expect(pids.sort()).to.deep.equal(drivers.map(({ child }) => child.pid).sort());
    expect(ran()).to.deep.equal(['a', 'a', 'b', 'b', 'c', 'c', 'c']);
  });
});
