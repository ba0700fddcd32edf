/** A Python worker in a folder of its own, for the specs of what it does. */
import { mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { decodePython } from '../../../lib/wire/python-codec.ts';
import type { ResultRecord } from '../../../lib/wire/records.ts';
import { readJournal } from '../../../executors/workers/journal.ts';
import { resultsOf } from '../../support/task-records.ts';
import { systemPython } from '../../support/python.ts';
import { PythonWorker } from '../../support/python-worker.ts';

export interface PythonBench {
  readonly worker: PythonWorker;
  readonly folder: string;
  readonly home: string;
  start(env?: Record<string, string>): Promise<PythonWorker>;
  restart(env: Record<string, string>): Promise<void>;
  write(name: string, text: string): string;
  journal(path: string): { batch: number; records: ResultRecord[] };
}

export const ECHO = 'def f(x): return x';
export const values = (results: readonly ResultRecord[]): unknown[] => results.map((result) => decodePython(result.body));

/** Call it within a describe: a fresh worker for each of its cases. */
export function usePythonWorker(): PythonBench {
  let folder: string;
  let worker: PythonWorker;
  let home: string;

  beforeEach(async () => {
    folder = realpathSync(mkdtempSync(join(tmpdir(), 'flotilla-python-')));
    home = join(folder, 'home');
    mkdirSync(home);
    worker = await start();
  });
  afterEach(async () => {
    await worker.kill();
    rmSync(folder, { recursive: true, force: true });
  });

  const start = (env: Record<string, string> = {}): Promise<PythonWorker> => PythonWorker.start({ python: systemPython(), env, cwd: home });
  const restart = async (env: Record<string, string>): Promise<void> => {
    await worker.kill();
    worker = await start(env);
  };
  const write = (name: string, text: string): string => {
    const path = join(folder, name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
    return path;
  };
  const journal = (path: string): { batch: number; records: ResultRecord[] } => {
    const batch = readFileSync(path).readUInt32LE(0);
    return { batch, records: resultsOf(readJournal(path, batch)) };
  };

  return {
    get worker() {
      return worker;
    },
    get folder() {
      return folder;
    },
    get home() {
      return home;
    },
    start,
    restart,
    write,
    journal,
  };
}
