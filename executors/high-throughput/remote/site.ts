/**
 * Another machine, on which an executor's managers run: its bundle, its run directory, and the way from there to the interchange here.
 * Opened before anything is submitted; what is submitted, and when, is none of its business.
 */
import { appendFile, mkdir, writeFile } from 'node:fs/promises';
import { dirname, posix } from 'node:path';
import type { ChannelDescription, RemoteChannel } from '../../../lib/channel.ts';
import type { ExecutorContext } from '../../../lib/executor.ts';
import type { CompiledHighThroughput } from '../compiled.ts';
import type { ManagerSettings } from '../manager/settings.ts';
import { Relay } from './relay.ts';
import type { RelayHello } from './relay-entry.ts';
import { type FetchedFile, Relocation } from './relocate.ts';
import { bundlesIn, managerCommandIn, nodeIn, relayIn, runDirIn, settingsIn } from './places.ts';
import { stageBundle } from './stage.ts';

/** The most of a task's stdout or stderr that is brought back. */
const MAX_FETCHED_BYTES = 64 << 20;

interface SiteParts {
  readonly channel: RemoteChannel;
  readonly bundle: string;
  readonly runDir: string;
  readonly relocation: Relocation;
  readonly relay: Relay;
}

export class RemoteSite {
  /** For people: 'me@login.site.org'. */
  readonly name: string;
  /** There; absolute. */
  readonly runDir: string;
  readonly relocation: Relocation;
  readonly #parts: SiteParts;

  private constructor(parts: SiteParts) {
    this.#parts = parts;
    this.name = parts.channel.name;
    this.runDir = parts.runDir;
    this.relocation = parts.relocation;
  }

  /** Connects, and brings there what is not there yet. @throws ProviderError or ExecutorFailed that say why it cannot. */
  static open(compiled: CompiledHighThroughput, context: ExecutorContext, description: ChannelDescription): Promise<RemoteSite> {
    return staysAwake(RemoteSite.#open(compiled, context, description.open()));
  }

  static async #open(compiled: CompiledHighThroughput, context: ExecutorContext, channel: RemoteChannel): Promise<RemoteSite> {
    const { provider, label } = compiled;
    try {
      const folder = await folderThere(channel, provider.scriptDir ?? '.flotilla');
      const log = (level: 'info' | 'warn', message: string): void => context.events.log(level, `executor '${label}': ${message}`);
      const { folder: bundle, base } = await stageBundle({
        label,
        channel,
        folder: bundlesIn(folder),
        log: (message) => log('info', message),
      });
      const runDir = runDirIn(folder, context.runId, label);
      await channel.mkdir(posix.dirname(settingsIn(runDir)), 0o700);
      const pairs = [
        { here: context.runDir, there: runDir },
        { here: base, there: bundle },
      ];
      const relocation = new Relocation({ pairs, runDir, sandboxByDefault: compiled.workingDir === undefined });
      const relay = new Relay({
        label,
        channel,
        command: (options) => [nodeIn(bundle), relayIn(bundle), JSON.stringify(options)],
        ports: compiled.workerPort === undefined ? compiled.workerPortRange : [compiled.workerPort, compiled.workerPort],
        pidFile: posix.join(runDir, 'relay.json'),
        periodMs: Math.min(5000, compiled.heartbeatPeriodMs),
        log,
      });
      return new RemoteSite({ channel, bundle, runDir, relocation, relay });
    } catch (error) {
      await channel[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** For the launcher, there. */
  get managerCommand(): string {
    return managerCommandIn(this.#parts.bundle, this.runDir);
  }

  get nodePath(): string {
    return nodeIn(this.#parts.bundle);
  }

  /** From now on managers there reach the interchange. @param settings from where they find it. */
  async connect(interchangePort: number, settings: (hello: RelayHello) => ManagerSettings): Promise<void> {
    const hello = await staysAwake(this.#parts.relay.start(interchangePort));
    await this.#parts.channel.writeFile(settingsIn(this.runDir), JSON.stringify(settings(hello)), 0o600);
  }

  /** The end of a file there; '' when it cannot be read now. */
  async readTail(path: string, bytes: number): Promise<string> {
    return (await this.#parts.channel.readTail(path, bytes).catch(() => undefined)) ?? '';
  }

  /** Brings files of a task to where they belong. @returns what could not be brought, and why. */
  async fetch(files: readonly FetchedFile[]): Promise<string[]> {
    const problems: string[] = [];
    for (const { there, here, mode } of files) {
      try {
        const text = (await this.#parts.channel.readTail(there, MAX_FETCHED_BYTES)) ?? '';
        await mkdir(dirname(here), { recursive: true });
        await (mode === 'a' ? appendFile(here, text) : writeFile(here, text));
      } catch (error) {
        problems.push(`${here} could not be brought from ${this.name}:${there}: ${(error as Error).message}`);
      }
    }
    return problems;
  }

  explain(): string | undefined {
    return this.#parts.relay.explain();
  }

  async close(): Promise<void> {
    this.#parts.relay.close();
    await this.#parts.channel[Symbol.asyncDispose]();
  }
}

/** An SSH connection keeps no process alive, and whoever starts an executor waits for it. */
async function staysAwake<T>(work: Promise<T>): Promise<T> {
  const timer = setInterval(() => undefined, 60_000);
  try {
    return await work;
  } finally {
    clearInterval(timer);
  }
}

async function folderThere(channel: RemoteChannel, written: string): Promise<string> {
  const home = await channel.home();
  return posix.resolve(home, written.replace(/^~(?=\/|$)/, home));
}
