/**
 * Which files each process of a run opens, by strace. Knows nothing of what the processes are for.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface TracedProcess {
  /** As strace prints it, cut after a thousand characters. */
  readonly command: string;
  /** Absolute paths of files that it opened, each once; none of /proc, /sys, /dev. */
  readonly opened: readonly string[];
  /** Paths of all calls that look at a file by its name, found or not, each as often as it was made. */
  readonly looked: readonly string[];
}

/** @throws Error if strace is not there, or the command fails. */
export async function traceFiles(argv: readonly string[], cwd: string): Promise<TracedProcess[]> {
  const folder = mkdtempSync(join(tmpdir(), 'flotilla-trace-'));
  try {
    const options = ['-ff', '-qq', '-y', '-s', '1000', '-e', 'trace=%file,clone,clone3', '-o', join(folder, 't')];
    const child = spawn('strace', [...options, ...argv], {
      cwd,
      stdio: ['ignore', 'ignore', 'inherit'],
      env: { ...process.env, FLOTILLA_CONFIG: '' },
    });
    const [code] = (await once(child, 'exit')) as [number | null];
    if (code !== 0) throw new Error(`strace ${argv.join(' ')} ended with ${code}`);
    return readTraces(new Map(readdirSync(folder).map((name) => [name.slice(2), readFileSync(join(folder, name), 'utf8').split('\n')])));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** @param traces lines by thread: strace writes a file for each. */
function readTraces(traces: ReadonlyMap<string, readonly string[]>): TracedProcess[] {
  const found: TracedProcess[] = [];
  for (const lines of traces.values()) {
    const started = lines.findLastIndex((line) => line.startsWith('execve(') && line.endsWith('= 0'));
    if (started < 0) continue;
    const all = withThreads(lines.slice(started + 1), traces);
    const opened = all.filter((line) => /^open(at)?\(/.test(line) && !line.includes('O_DIRECTORY') && /= \d+</.test(line)).map(openedPath);
    const looked = all.map((line) => /"([^"]*)"/.exec(line)?.[1] ?? '');
    found.push({ command: lines[started] ?? '', opened: [...new Set(opened)].filter((path) => !/^\/(proc|sys|dev)\//.test(path)), looked });
  }
  return found;
}

/** -y shows what a descriptor leads to. */
const openedPath = (line: string): string => /= \d+<(.*?)>$/.exec(line)?.[1] ?? '';

function withThreads(lines: readonly string[], traces: ReadonlyMap<string, readonly string[]>): string[] {
  const threads = lines.flatMap((line) => /^clone3?\(.*CLONE_THREAD.*= (\d+)/.exec(line)?.[1] ?? []);
  return [...lines, ...threads.flatMap((thread) => withThreads(traces.get(thread) ?? [], traces))];
}
