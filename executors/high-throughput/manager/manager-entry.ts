/**
 * A manager: one per node of a block. Supervises the node's workers and runs no user code. Argument: the settings file.
 */
import { mkdirSync, rmSync, writeSync } from 'node:fs';
import { availableParallelism, hostname } from 'node:os';
import { join } from 'node:path';
import { randomBytes } from 'node:crypto';
import { PACKAGE_VERSION, PROTOCOL_VERSION } from '../../../lib/wire/protocol.ts';
import { startReaper } from '../../workers/reaper.ts';
import { makeScratchDir } from '../../workers/scratch.ts';
import { SlotPool } from '../../workers/slot-pool.ts';
import { FunctionRegistry, WorkerFactory } from '../../workers/worker-factory.ts';
import { readNodeFacts } from '../node-facts.ts';
import { planSlots, type Slot } from '../slots.ts';
import { readSettings, type ManagerSettings } from './settings.ts';

const CLOSE_MS = 3000;

async function main(settingsPath: string): Promise<void> {
  const settings = readSettings(settingsPath);
  const blockId = process.env.FLOTILLA_BLOCK_ID ?? '';
  const managerId = `${settings.runId}.${settings.label}.${blockId}.${randomBytes(4).toString('hex')}`;
  const slots = plan(settings);
  const scratchDir = makeScratchDir();
  const reaper = startReaper(managerId, scratchDir);
  const functions = new FunctionRegistry();
  const logDir = join(settings.logRoot, `manager-${blockId}-${hostname()}-${process.pid}`);
  mkdirSync(logDir, { recursive: true });
  const factory = new WorkerFactory(
    {
      slots,
      runId: settings.runId,
      cwd: settings.cwd,
      env: { ...settings.env, FLOTILLA_MANAGER_ID: managerId, FLOTILLA_BLOCK_ID: blockId },
      logDir,
      scratchDir,
      storeDir: settings.storeDir,
      nodePath: settings.nodePath,
      python: settings.python ?? undefined,
    },
    functions,
  );
  const pool = new SlotPool({
    slots: slots.length,
    host: hostname(),
    runnerKey: (fnId) => functions.runnerKey(fnId),
    createRunner: (key, slot, events) => factory.create(key, slot, events),
    results: (records) => sendResults(records),
  });
  // The first task should not wait for a worker to start; it starts while the sockets are being connected.
  pool.warmUp('js');
  const { ManagerLink } = await import('../manager-link.ts');

  let leaving: Promise<void> | undefined;
  let draining = false;
  const leave = (reason: string, code: number): Promise<void> => {
    leaving ??= endManager(reason, code);
    return leaving;
  };
  const endManager = async (reason: string, code: number): Promise<void> => {
    log(`leaving: ${reason}`);
    await pool.close(CLOSE_MS);
    await link.close();
    reaper.release();
    rmSync(scratchDir, { recursive: true, force: true });
    process.exit(code);
  };
  const leaveWhenIdle = (): void => {
    if (draining && pool.isIdle) void leave('drained', 0);
  };

  const link = new ManagerLink({
    addresses: settings.addresses,
    port: settings.port,
    ...(settings.curve ? { curve: settings.curve } : {}),
    identity: managerId,
    probeTimeoutMs: settings.probeTimeoutMs,
    heartbeatPeriodMs: settings.heartbeatPeriodMs,
    heartbeatThresholdMs: settings.heartbeatThresholdMs,
    registration: () => ({
      protocol: PROTOCOL_VERSION,
      version: PACKAGE_VERSION,
      managerId,
      blockId,
      host: hostname(),
      pid: process.pid,
      slots: slots.length,
      cpus: availableParallelism(),
      node: process.version,
      held: pool.held(),
    }),
    on: {
      define: (fnId: number, bytes: Buffer) => functions.define(fnId, bytes),
      tasks: (records: Buffer) => pool.submit(records),
      cancel: (pairs: readonly (readonly [number, number])[]) => pool.cancel(pairs),
      drain: () => {
        draining = true;
        leaveWhenIdle();
      },
      shutdown: (reason: string) => void leave(reason, 0),
      refused: (message: string) => {
        complain(message);
        void leave('refused by the interchange', 1);
      },
      lost: (reason: string) => {
        complain(reason);
        void leave('the interchange is gone', 1);
      },
    },
  });

  function sendResults(records: Buffer): void {
    link.sendResults([records]);
    if (draining) setImmediate(leaveWhenIdle);
  }

  process.on('SIGTERM', () => void leave('SIGTERM', 0));
  process.on('SIGINT', () => undefined);
  process.on('SIGHUP', () => undefined);
  await link.start();
  log(`manager ${managerId} with ${slots.length} worker(s) serves ${settings.addresses.join(', ')} port ${settings.port}`);
}

function plan(settings: ManagerSettings): Slot[] {
  const facts = readNodeFacts();
  return planSlots({
    ...facts,
    coresPerWorker: settings.coresPerWorker,
    memPerWorkerBytes: settings.memPerWorkerBytes ?? undefined,
    maxWorkersPerNode: settings.maxWorkersPerNode ?? Number.POSITIVE_INFINITY,
    accelerators: settings.accelerators,
    cpuAffinity: settings.cpuAffinity,
  });
}

const log = (message: string): void => void writeSync(1, `${new Date().toISOString()} ${message}\n`);

const complain = (message: string): void => void writeSync(2, `flotilla manager on ${hostname()}: ${message}\n`);

main(process.argv[2] ?? '').catch((error: unknown) => {
  complain(error instanceof Error ? error.message : String(error));
  if (process.env.FLOTILLA_DEBUG) console.error(error);
  process.exit(1);
});
