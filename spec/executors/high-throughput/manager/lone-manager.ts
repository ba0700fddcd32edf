/** A real manager whose interchange is the spec: it leases, grants and cancels, and sees what comes back. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pack } from 'msgpackr/pack';
import { frameBase } from '../../../../executors/high-throughput/frame-base.ts';
import type { Registration } from '../../../../executors/high-throughput/interchange/core-events.ts';
import { ManagerSocket } from '../../../../executors/high-throughput/interchange/manager-socket.ts';
import { decodeRegistration } from '../../../../executors/high-throughput/interchange/registration.ts';
import { decodeFromManager, encodeToManager, type FromManagerMessage } from '../../../../executors/high-throughput/link-messages.ts';
import { type ManagerSettings, writeSettings } from '../../../../executors/high-throughput/manager/settings.ts';
import type { Grant, SlotLease } from '../../../../executors/high-throughput/resources/grant.ts';
import type { Definition } from '../../../../lib/task-spec.ts';
import { FrameType } from '../../../../lib/wire/frames.ts';
import { PACKAGE_VERSION, PROTOCOL_VERSION } from '../../../../lib/wire/protocol.ts';
import { type ResultRecord, ResultStatus } from '../../../../lib/wire/records.ts';
import { eventually } from '../../../support/eventually.ts';
import { systemPython } from '../../../support/python.ts';
import { resultsOf, statusName, taskRecord, type TaskToMake } from '../../../support/task-records.ts';

const ENTRY = join(import.meta.dirname, '../../../../executors/high-throughput/manager/manager-entry.ts');

/** A manager that has no answer by then registers anew, and takes nothing that was sent to it before: no machine may be so slow. */
const PERIOD_MS = 20_000;

const NO_GRANT: Grant = { variant: 0, cpus: [], gpus: [], memoryBytes: 0, custom: {} };

export class LoneManager implements AsyncDisposable {
  readonly dir = mkdtempSync(join(tmpdir(), 'flotilla-lone-'));
  readonly runId = `lone-${process.pid}-${nextRun++}`;
  readonly results: ResultRecord[] = [];
  readonly registrations: Registration[] = [];
  #socket: ManagerSocket | undefined;
  #process: ChildProcess | undefined;
  #id = '';
  #frames = 0;
  #acknowledged = 0;

  static async start(settings: Partial<ManagerSettings> = {}, env: Record<string, string> = {}): Promise<LoneManager> {
    const manager = new LoneManager();
    await manager.#start(settings, env);
    return manager;
  }

  async #start(settings: Partial<ManagerSettings>, env: Record<string, string>): Promise<void> {
    this.#socket = await ManagerSocket.bind(
      {
        runId: this.runId,
        addresses: ['127.0.0.1'],
        heartbeatPeriodMs: PERIOD_MS,
        heartbeatThresholdMs: 60_000,
        prefetchCapacity: 0,
        quarantineMs: 0,
        managerSelector: 'random',
        protocol: PROTOCOL_VERSION,
        packageVersion: PACKAGE_VERSION,
      },
      {
        message: (id, parts) => this.#hear(id, decodeFromManager(parts)),
        unreachable: () => undefined,
        failed: (error) => {
          throw error;
        },
      },
      () => undefined,
    );
    void this.#socket.receiveAll();
    const path = join(this.dir, 'manager.json');
    writeSettings(path, { ...this.#settings(this.#socket.port), ...settings });
    const argv = ['--disable-warning=ExperimentalWarning', ENTRY, path];
    const stdout = process.env['FLOTILLA_SPEC_DEBUG'] === undefined ? 'ignore' : 'inherit';
    this.#process = spawn(process.execPath, argv, {
      stdio: ['ignore', stdout, 'inherit'],
      detached: true,
      env: { ...process.env, ...env },
    });
    await eventually('the manager registers', () => this.registrations.length > 0, 30_000);
  }

  #settings(port: number): ManagerSettings {
    return {
      runId: this.runId,
      label: 'htex',
      addresses: ['127.0.0.1'],
      port,
      curve: null,
      heartbeatPeriodMs: PERIOD_MS,
      heartbeatThresholdMs: 60_000,
      drainPeriodMs: null,
      walltimeWarningMs: 1000,
      leaveMs: 500,
      probeTimeoutMs: 10_000,
      coresPerWorker: 0.5,
      memPerWorkerBytes: null,
      maxWorkersPerNode: 2,
      cpuAffinity: { kind: 'none' },
      accelerators: 0,
      resources: {},
      mpi: { commands: ['mpiexec'], overrides: '' },
      cwd: this.dir,
      env: {},
      storeDir: null,
      logRoot: this.dir,
      nodePath: process.execPath,
      python: systemPython(),
      debug: process.env['FLOTILLA_SPEC_DEBUG'] !== undefined,
    };
  }

  #hear(id: string, message: FromManagerMessage | undefined): void {
    if (message?.type === FrameType.Register) this.#register(id, Buffer.concat(message.parts));
    else if (message?.type === FrameType.Results) {
      this.#acknowledged = message.sequence;
      this.results.push(...message.parts.flatMap(resultsOf));
    } else if (message?.type === FrameType.Heartbeat) this.#send(FrameType.Heartbeat, [], 0);
    else if (message?.type === FrameType.Left) this.#send(FrameType.Shutdown, [Buffer.from('goodbye')], 0);
  }

  #register(id: string, bytes: Buffer): void {
    const registration = decodeRegistration(bytes);
    if (typeof registration === 'string') throw new Error(registration);
    this.#id = id;
    this.registrations.push(registration);
    this.#frames = frameBase(registration.attempt);
    const { attempt } = registration;
    this.#send(FrameType.Registered, [pack({ index: 0, attempt, received: this.#acknowledged })], 0);
  }

  #send(type: FrameType, parts: Buffer[], counts = 1): void {
    this.#frames += counts;
    this.#socket?.send(this.#id, encodeToManager(type, this.#frames, this.#acknowledged, parts));
  }

  get registration(): Registration {
    return this.registrations.at(-1) as Registration;
  }

  define(fnId: number, definition: Definition): void {
    this.#send(FrameType.Define, [u32(fnId), pack(definition)]);
  }

  submit(...tasks: TaskToMake[]): void {
    this.#send(FrameType.Tasks, tasks.map(taskRecord));
  }

  grant(task: TaskToMake, grant: Partial<Grant>): void {
    const grants = pack([{ taskId: task.taskId, tryNumber: task.tryNumber ?? 1, grant: { ...NO_GRANT, ...grant } }]);
    this.#send(FrameType.Granted, [u32(grants.length), grants, taskRecord(task)]);
  }

  lease(lease: Partial<SlotLease>): void {
    this.#send(FrameType.Lease, [pack({ add: [], reclaim: 0, ...lease })]);
  }

  cancel(taskId: number): void {
    this.#send(FrameType.Cancel, [u32(taskId), u32(1)]);
  }

  /** A frame that it never gets: it has to register again. */
  async loseFrame(): Promise<Registration> {
    const before = this.registrations.length;
    this.#frames++;
    this.#send(FrameType.Heartbeat, [], 0);
    await eventually('it registers again', () => this.registrations.length > before, 30_000);
    return this.registration;
  }

  /** The result of the task, once it has come. */
  result(taskId: number): Promise<ResultRecord> {
    return eventually(
      `the result of task ${taskId}`,
      () => this.results.find((result) => result.taskId === taskId && result.status !== ResultStatus.SlotReleased),
      30_000,
    );
  }

  /** "7 ok" for each result, "slot 1 released". */
  get said(): string[] {
    return this.results.map(({ taskId, status, worker }) =>
      status === ResultStatus.SlotReleased ? `slot ${worker} released` : `${taskId} ${statusName(status)}`,
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#process?.kill('SIGTERM');
    if (this.#process?.exitCode === null && this.#process.signalCode === null) await once(this.#process, 'exit');
    this.#socket?.close();
    rmSync(this.dir, { recursive: true, force: true });
  }

  path(name: string): string {
    return join(this.dir, name);
  }

  read(name: string): string {
    return readFileSync(this.path(name), 'utf8');
  }
}

let nextRun = 1;

function u32(value: number): Buffer {
  const bytes = Buffer.allocUnsafe(4);
  bytes.writeUInt32LE(value);
  return bytes;
}
