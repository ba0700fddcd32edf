/**
 * Finds the Node that a project pins as its dependency `node`, and runs this same command with it. For machines whose own
 * Node is too old. Runs on that old Node.
 */
import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';

const FORWARDED = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT'] as const;

/** Replaces this command as far as a process can: same arguments, streams, signals and exit. */
export function startPinnedNode(neededMajor: number): void {
  const node = findPinnedNode(neededMajor, [pathToFileURL(join(process.cwd(), 'package.json')).href, import.meta.url]);
  if (node === undefined) {
    process.stderr.write(
      `flotilla: needs Node ${neededMajor} or newer, and this is Node ${process.versions.node} (${process.execPath}).\n` +
        `flotilla: run \`npm install --save-dev node@${neededMajor}\` in your project, which then uses that one; or put a newer Node on PATH.\n`,
    );
    process.exitCode = 2;
    return;
  }
  runInstead(node, [...process.execArgv, ...process.argv.slice(1)]);
}

/** @param from URLs of files from which the package `node` is looked up, as an import there would. */
export function findPinnedNode(neededMajor: number, from: readonly string[]): string | undefined {
  for (const origin of from) {
    const manifest = lookUp(origin);
    if (manifest === undefined) continue;
    const { version } = JSON.parse(readFileSync(manifest, 'utf8')) as { version: string };
    const binary = join(dirname(manifest), 'bin', 'node');
    if (Number.parseInt(version, 10) >= neededMajor && existsSync(binary)) return binary;
  }
  return undefined;
}

function lookUp(origin: string): string | undefined {
  try {
    return createRequire(origin).resolve('node/package.json');
  } catch {
    // Not installed there.
    return undefined;
  }
}

function runInstead(node: string, args: readonly string[]): void {
  const child = spawn(node, args, { stdio: 'inherit' });
  for (const signal of FORWARDED) process.on(signal, () => forward(signal, (name) => child.kill(name)));
  child.on('error', (error) => {
    process.stderr.write(`flotilla: ${node} cannot be started: ${error.message}\n`);
    process.exitCode = 2;
  });
  child.on('exit', (code, signal) => {
    if (signal === null) {
      process.exitCode = code ?? 1;
      return;
    }
    for (const name of FORWARDED) process.removeAllListeners(name);
    process.kill(process.pid, signal);
  });
}

/** A terminal sends Ctrl-C and the like to both processes; passing it on would make it count twice. */
function forward(signal: NodeJS.Signals, send: (signal: NodeJS.Signals) => void): void {
  const fromTerminal = signal !== 'SIGTERM' && process.stdin.isTTY === true;
  if (!fromTerminal) send(signal);
}
