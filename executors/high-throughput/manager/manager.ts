/**
 * A manager: takes tasks from the interchange, has the node's workers run them, and leaves nothing behind when it goes. Runs no user code.
 */
import { randomBytes } from 'node:crypto';
import { mkdirSync, rmSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { setLongTimeout } from '../../../lib/long-timeout.ts';
import { PACKAGE_VERSION, PROTOCOL_VERSION } from '../../../lib/wire/protocol.ts';
import type { RunnerEvents } from '../../workers/runner.ts';
import { findMpi } from '../../mpi/find-mpi.ts';
import type { MpiProgram } from '../../mpi/launch-prefix.ts';
import { startReaper, type Reaper } from '../../workers/reaper.ts';
import { makeScratchDir } from '../../workers/scratch.ts';
import { SlotPool } from '../../workers/slot-pool.ts';
import { describeChange, type WorkerChange } from '../../workers/worker-change.ts';
import { FunctionRegistry, WorkerFactory } from '../../workers/worker-factory.ts';
import type { Try } from '../interchange/core-events.ts';
import type { LinkRegistration, ManagerLink, ManagerLinkEvents } from '../manager-link.ts';
import type { NodeCapacity } from '../resources/capacity.ts';
import type { Grant, SlotLease, TaskGrant } from '../resources/grant.ts';
import type { Slot } from '../slots.ts';
import { BlockEnd, blockEndOf } from './block-end.ts';
import { Clearance } from './clearance.ts';
import { describeResults, describeTasks, nameTries } from './debug-text.ts';
import { GrantedSlots, type PreparedSlot } from './granted-slots.ts';
import { gpuDevice } from './holdings.ts';
import { LastTasks, sendBack } from './last-tasks.ts';
import { nodeName } from './node-name.ts';
import { complain, log } from './output.ts';
import { prepareSlot } from './prepare-slot.ts';
import type { ManagerSettings } from './settings.ts';

const CLOSE_MS = 3000;

/** What the manager has to give, and how it is divided for tasks that ask for nothing. */
export interface NodePlan {
  readonly slots: readonly Slot[];
  readonly capacity: NodeCapacity;
}

export class Manager {
  readonly #settings: ManagerSettings;
  readonly #blockId: string;
  readonly #id: string;
  readonly #slots: readonly Slot[];
  readonly #capacity: NodeCapacity;
  readonly #scratchDir = makeScratchDir();
  readonly #reaper: Reaper;
  readonly #functions = new FunctionRegistry();
  readonly #pool: SlotPool;
  readonly #granted: GrantedSlots;
  readonly #end: BlockEnd;
  readonly #clearance: Clearance;
  /** What starts MPI programs here, or why there is nothing; once it was looked for. */
  #mpi: MpiProgram | string | undefined;
  /** A lease that waits, and those behind it. */
  #leasing: Promise<void> | undefined;
  /** Its block is about to end. */
  #lastTasks: LastTasks | undefined;
  #link: ManagerLink | undefined;
  /** Of workers that started before there was a link to tell it by. */
  readonly #untold: WorkerChange[] = [];
  #isJoined = false;
  #draining = false;
  #leaving: Promise<void> | undefined;

  constructor(settings: ManagerSettings, { slots, capacity }: NodePlan, blockId: string) {
    this.#settings = settings;
    this.#slots = slots;
    this.#capacity = capacity;
    this.#blockId = blockId;
    this.#id = `${settings.runId}.${settings.label}.${blockId}.${randomBytes(4).toString('hex')}`;
    this.#reaper = startReaper(this.#id, this.#scratchDir);
    const factory = this.#createFactory();
    const shared = {
      host: nodeName(),
      runnerKey: (fnId: number) => this.#functions.runnerKey(fnId),
      createRunner: (key: string, slot: number, events: RunnerEvents) => factory.create(key, slot, events),
      results: (records: Buffer) => this.#sendResults(records),
    };
    this.#pool = new SlotPool({
      ...shared,
      slots: slots.length,
      endsWorkers: (slot) => slots[slot]?.accelerator !== undefined,
    });
    this.#granted = new GrantedSlots({
      ...shared,
      firstSlot: slots.length,
      maxIdle: Math.max(1, capacity.cpus.flat().length),
      prepare: (grant, slot) => this.#prepareSlot(grant, slot),
    });
    this.#clearance = new Clearance({ runId: settings.runId, cleared: (record) => this.#sendResults(record), complain });
    this.#end = new BlockEnd({
      endsAtMs: blockEndOf(process.env, Date.now()),
      warningMs: settings.walltimeWarningMs,
      leaveMs: settings.leaveMs,
      warn: () => this.#warn(),
      leave: () => void this.#leave('its block is about to end', 0),
    });
  }

  #createFactory(): WorkerFactory {
    const { runId, cwd, logRoot, storeDir, nodePath, python } = this.#settings;
    const logDir = join(logRoot, `manager-${this.#blockId}-${nodeName()}-${process.pid}`);
    mkdirSync(logDir, { recursive: true, mode: 0o755 });
    return new WorkerFactory(
      {
        slots: this.#slots,
        otherSlot: (slot) => this.#granted.resourcesOf(slot),
        runId,
        cwd,
        env: this.#taskEnv(),
        logDir,
        scratchDir: this.#scratchDir,
        storeDir: storeDir ?? undefined,
        nodePath,
        python: python ?? undefined,
        changed: (change) => this.#onWorkerChange(change),
      },
      this.#functions,
    );
  }

  #taskEnv(): Record<string, string> {
    return { ...this.#settings.env, FLOTILLA_MANAGER_ID: this.#id, FLOTILLA_BLOCK_ID: this.#blockId };
  }

  /** Done when the interchange has answered. @throws Error naming its addresses if it does not. */
  async start(): Promise<void> {
    const { addresses, port, drainPeriodMs } = this.#settings;
    for (const signal of ['SIGINT', 'SIGHUP'] as const) process.on(signal, () => undefined);
    process.on('SIGTERM', () => void this.#leave('SIGTERM', 0));
    // The first task should not wait for a worker to start; it starts while the sockets are being connected.
    this.#pool.warmUp('js');
    const { ManagerLink } = await import('../manager-link.ts');
    this.#link = new ManagerLink(this.#linkOptions());
    await this.#link.start();
    for (const change of this.#untold.splice(0)) this.#link.tell(change);
    this.#isJoined = true;
    this.#end.start();
    log(`manager ${this.#id} with ${this.#slots.length} worker(s) serves ${addresses.join(', ')} port ${port}`);
    if (drainPeriodMs !== null) setLongTimeout(() => this.#retire(drainPeriodMs), drainPeriodMs).unref();
  }

  #linkOptions() {
    const { addresses, port, curve, probeTimeoutMs, heartbeatPeriodMs, heartbeatThresholdMs } = this.#settings;
    return {
      addresses,
      port,
      ...(curve ? { curve } : {}),
      identity: this.#id,
      probeTimeoutMs,
      heartbeatPeriodMs,
      heartbeatThresholdMs,
      registration: () => this.#describe(),
      on: this.#linkEvents(),
    };
  }

  #describe(): LinkRegistration {
    return {
      protocol: PROTOCOL_VERSION,
      version: PACKAGE_VERSION,
      managerId: this.#id,
      blockId: this.#blockId,
      host: nodeName(),
      pid: process.pid,
      slots: this.#slots.length,
      timeLeftMs: this.#end.timeLeftMs,
      cpus: availableParallelism(),
      node: process.version,
      held: this.#held(),
      capacity: this.#capacity,
      leased: this.#pool.leased,
      grants: this.#granted.grants(),
    };
  }

  #linkEvents(): ManagerLinkEvents {
    return {
      define: (fnId: number, bytes: Buffer) => {
        this.#debug(() => `function ${fnId} was defined by ${bytes.length} bytes`);
        this.#functions.define(fnId, bytes);
      },
      tasks: (records: Buffer) => {
        this.#debug(() => describeTasks(records));
        // Slots may have been released while they were on their way.
        if (this.#lastTasks || (!this.#pool.isServing && !this.#leasing)) this.#link?.sendResults([sendBack(records)]);
        else this.#pool.submit(records);
      },
      granted: (grants: readonly TaskGrant[], records: Buffer) => {
        this.#debug(() => `${describeTasks(records)}; with ${grants.map(({ grant }) => JSON.stringify(grant)).join(', ')}`);
        if (this.#lastTasks) this.#link?.sendResults([sendBack(records)]);
        else this.#granted.run(grants, records);
      },
      lease: (lease: SlotLease) => {
        this.#debug(() => `slots ${lease.add.join(', ') || 'none'} serve again, and ${lease.reclaim} are to be released`);
        this.#lease(lease);
      },
      cancel: (tries: readonly Try[]) => {
        this.#debug(() => `to be cancelled: ${nameTries(tries)}`);
        for (const slots of [this.#pool, this.#granted]) slots.cancel(tries);
      },
      clear: (tries: readonly Try[]) => {
        this.#debug(() => `to be ended here, if anything is left: ${nameTries(tries)}`);
        this.#clearance.clear(tries);
      },
      recall: (count: number) => {
        this.#debug(() => `up to ${count} task(s) that have not been started are to be given back`);
        this.#pool.recall(count);
      },
      drain: () => {
        this.#draining = true;
        this.#leaveWhenIdle();
      },
      shutdown: (reason: string) => void this.#leave(reason, 0),
      refused: (message: string) => {
        complain(message);
        void this.#leave('refused by the interchange', 1);
      },
      lost: (reason: string) => {
        complain(reason);
        void this.#leave('the interchange is gone', 1);
      },
    };
  }

  #held(): Try[] {
    return [this.#pool, this.#granted].flatMap((slots) => slots.held());
  }

  /** In order. A slot that has an accelerator cannot serve while a worker of another may have that open. */
  #lease(lease: SlotLease): void {
    const devices = lease.add.map((slot) => gpuDevice(this.#capacity.slots[slot]?.gpu ?? -1));
    const freed = this.#granted.free(devices);
    if (freed === undefined && this.#leasing === undefined) return this.#pool.lease(lease);
    const leasing = Promise.all([this.#leasing, freed]).then(() => {
      this.#pool.lease(lease);
      if (this.#leasing === leasing) this.#leasing = undefined;
    });
    this.#leasing = leasing;
  }

  #prepareSlot(grant: Grant, slot: number): PreparedSlot {
    const env = { ...process.env, ...this.#taskEnv() };
    const mpi = (): MpiProgram | string => (this.#mpi ??= findMpi(this.#settings.mpi, env));
    return prepareSlot(grant, { gpus: this.#capacity.gpus, hostFile: join(this.#scratchDir, `hosts-${slot}`), env, mpi });
  }

  #onWorkerChange(change: WorkerChange): void {
    this.#debug(() => describeChange(change));
    if (this.#isJoined) this.#link?.tell(change);
    else this.#untold.push(change);
  }

  #sendResults(records: Buffer): void {
    this.#debug(() => describeResults(records));
    this.#link?.sendResults([this.#lastTasks?.judge(records) ?? records]);
    if (this.#draining) setImmediate(() => this.#leaveWhenIdle());
  }

  /** Old enough: no more tasks; the interchange sends it away when those at hand are done. */
  #retire(ageMs: number): void {
    log(`its drainPeriod of ${ageMs / 1000} s is over: it takes no more tasks`);
    this.#link?.announceDrain();
  }

  /** Nothing new is started; who runs may save what it needs, or be done in time. */
  #warn(): void {
    const running = this.#pool.running + this.#granted.running;
    log(`its block is about to end: it takes no more tasks${running === 0 ? '' : `, and warns the ${running} that run`}`);
    for (const slots of [this.#pool, this.#granted]) slots.giveBack();
    this.#lastTasks = new LastTasks({ managerId: this.#id, blockId: this.#blockId, host: nodeName() }, this.#held());
    this.#link?.announceDrain();
    for (const slots of [this.#pool, this.#granted]) slots.warn();
  }

  #leaveWhenIdle(): void {
    if (this.#draining && this.#pool.isIdle && this.#granted.isIdle) void this.#leave('drained', 0);
  }

  #leave(reason: string, code: number): Promise<void> {
    this.#leaving ??= this.#close(reason, code);
    return this.#leaving;
  }

  async #close(reason: string, code: number): Promise<void> {
    log(`leaving: ${reason}`);
    this.#end.close();
    const timeoutMs = Math.min(CLOSE_MS, this.#lastTasks ? this.#settings.leaveMs / 2 : CLOSE_MS);
    await Promise.all([this.#pool, this.#granted].map((slots) => slots.close(timeoutMs)));
    const running = this.#lastTasks ? this.#held() : [];
    if (this.#lastTasks && running.length > 0) this.#link?.sendResults([this.#lastTasks.expire(running)]);
    await this.#link?.close();
    rmSync(this.#scratchDir, { recursive: true, force: true });
    // What tasks have left running, in sessions of its own perhaps, ends with the manager.
    this.#reaper.fire();
    process.exit(code);
  }

  #debug(describe: () => string): void {
    if (this.#settings.debug) log(describe());
  }
}
