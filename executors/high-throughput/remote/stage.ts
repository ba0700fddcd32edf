/**
 * Brings a bundle to another machine, once per content: what is there already under the same digest is used as it is.
 */
import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, posix } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { makeBundle } from '../../../lib/bundle/make-bundle.ts';
import { MANIFEST } from '../../../lib/bundle/manifest.ts';
import type { RemoteChannel } from '../../../lib/channel.ts';
import { ExecutorFailed } from '../../../lib/errors/engine-errors.ts';

/** Of the whole digest, what names a folder. */
const DIGEST_LETTERS = 20;

export interface StageOptions {
  /** The executor's. */
  readonly label: string;
  readonly channel: RemoteChannel;
  /** Where bundles are there. Absolute. */
  readonly folder: string;
  log(message: string): void;
}

export interface Staged {
  /** The bundle there. Absolute. */
  readonly folder: string;
  /** The folder here that it stands for. */
  readonly base: string;
}

/** @throws ExecutorFailed when there can be no bundle for that machine; ProviderError when it is out of reach. */
export async function stageBundle({ label, channel, folder, log }: StageOptions): Promise<Staged> {
  const scratch = await mkdtemp(join(tmpdir(), 'flotilla-stage-'));
  try {
    const output = join(scratch, 'bundle');
    const script = scriptOf(process.argv);
    const { manifest, base, warnings } = await makeBundle({ output, ...(script !== undefined && { script }) });
    for (const warning of warnings) log(`bundle: ${warning}`);
    await requireMachine(label, channel, manifest.node);
    const there = posix.join(folder, manifest.digest.slice(0, DIGEST_LETTERS));
    if ((await channel.readTail(posix.join(there, MANIFEST), 1)) === undefined) {
      log(`a bundle of Node, Flotilla and ${script ?? 'nothing else'} is taken to ${channel.name}:${there}; later runs find it there`);
      await unpackThere(channel, output, there);
    }
    return { folder: there, base };
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

/** A program of Node's own (`node -e`) has no script. */
const scriptOf = ([, script]: readonly string[]): string | undefined => (script?.match(/\.[cm]?[jt]s$/) ? script : undefined);

const MACHINES: Readonly<Record<string, string>> = { x86_64: 'x64', amd64: 'x64', aarch64: 'arm64', arm64: 'arm64', ppc64le: 'ppc64' };

async function requireMachine(
  label: string,
  channel: RemoteChannel,
  node: { readonly platform: string; readonly arch: string },
): Promise<void> {
  const { stdout, stderr, exitCode } = await channel.run({ argv: ['uname', '-sm'], timeoutMs: 60_000 });
  const [system = '', machine = ''] = stdout.trim().split(' ');
  if (exitCode !== 0) throw new ExecutorFailed(label, `${channel.name} cannot run uname: ${stderr.trim()}`);
  if (system.toLowerCase() === node.platform && (MACHINES[machine] ?? machine) === node.arch) return;
  throw new ExecutorFailed(
    label,
    `${channel.name} is ${system} ${machine}, and this Node is for ${node.platform} ${node.arch}: run the script there, ` +
      'from a bundle that is made with `flotilla bundle --node NODE_FOR_THAT_MACHINE`',
  );
}

/** What lies there is executed: nobody else may put anything in its place. */
const UNPACK = `set -e
umask 077
mkdir -p -- "$(dirname -- "$1")"
part=$1.part.$$
trap 'rm -rf -- "$part"' EXIT
mkdir -m 700 -- "$part"
tar -xzf - -C "$part"
if [ ! -e "$1" ]; then mv -T -- "$part" "$1"; fi
echo unpacked`;

/** Packed on the way: two thirds less to carry. Whole or not at all. */
async function unpackThere(channel: RemoteChannel, from: string, there: string): Promise<void> {
  let stderr = '';
  let stdout = '';
  const stream = await channel.talk(['sh', '-c', UNPACK, 'sh', there], (text) => (stderr += text));
  const said = (async () => {
    for await (const chunk of stream) stdout += String(chunk);
  })();
  const tar = spawn('tar', ['-C', from, '-cf', '-', '--use-compress-program=gzip -1', '.'], { stdio: ['ignore', 'pipe', 'pipe'] });
  tar.stderr.on('data', (chunk) => (stderr += String(chunk)));
  try {
    await pipeline(tar.stdout, stream, { end: true });
    await said;
  } catch (error) {
    if (!stdout.includes('unpacked')) throw unpackError(channel, there, stderr.trim() || (error as Error).message, error);
  }
  if (!stdout.includes('unpacked')) throw unpackError(channel, there, stderr.trim() || 'the connection was cut', undefined);
}

function unpackError({ name }: RemoteChannel, there: string, reason: string, cause: unknown): Error {
  return new Error(`the bundle could not be unpacked in ${there} on ${name}: ${reason}`, { cause });
}
