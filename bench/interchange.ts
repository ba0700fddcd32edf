/**
 * How many no-op tasks per second pass the interchange alone: driver socket → interchange process → one manager link that answers at
 * once, and back. Driver and manager share this process, so that on two cores nothing else competes.
 *
 *   npx node bench/interchange.ts [tasks per run] [runs]      JSON on stdout
 */
import { readFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { ManagerLink } from '../executors/high-throughput/manager-link.ts';
import { countRecords, recordEnd, RESULT_HEADER_BYTES, TASK_HEADER_BYTES, writeTaskHeader } from '../lib/wire/records.ts';
import { silentEvents, TestDriver } from '../spec/executors/high-throughput/interchange/support/test-driver.ts';

const ARGS_BYTES = 20;
const BODY_BYTES = 8;
const RECORD_BYTES = TASK_HEADER_BYTES + ARGS_BYTES;
const FRAME_TASKS = Math.floor((32 << 10) / RECORD_BYTES);
/** Most tasks between submission and result. */
const WINDOW = 50_000;

interface Figures {
  readonly encrypted: boolean;
  readonly tasksPerSecond: number;
  readonly interchangeCpuUsPerTask: number;
  readonly benchCpuUsPerTask: number;
  readonly roundTripUs: { readonly median: number; readonly p99: number };
  readonly readyMs: number;
  /** Arguments of 1 MB each, answered with small results. */
  readonly megabytesPerSecond: number;
}

async function measure(encrypted: boolean, tasks: number): Promise<Figures> {
  const started = performance.now();
  const driver = await TestDriver.start({ encrypted, heartbeatPeriodMs: 1000, heartbeatThresholdMs: 10_000 });
  const readyMs = performance.now() - started;
  const link = new ManagerLink(driver.linkOptions({ on: { ...silentEvents, tasks: (records) => link.sendResults([answer(records)]) } }));
  await link.start();
  driver.define(1);
  await pass(driver, tasks / 4);
  const roundTripUs = await timeRoundTrips(driver, 5000);
  const before = { at: performance.now(), own: process.cpuUsage(), other: cpuMs(driver.process.pid as number) };
  await pass(driver, tasks);
  const seconds = (performance.now() - before.at) / 1000;
  const own = process.cpuUsage(before.own);
  const other = cpuMs(driver.process.pid as number) - before.other;
  const megabytesPerSecond = await passLarge(driver, 300);
  await link.close();
  await driver.close();
  return {
    encrypted,
    tasksPerSecond: Math.round(tasks / seconds),
    interchangeCpuUsPerTask: round((other * 1000) / tasks),
    benchCpuUsPerTask: round((own.user + own.system) / tasks),
    roundTripUs,
    readyMs: round(readyMs),
    megabytesPerSecond,
  };
}

/** Submits in frames of 32 KB, with at most {@link WINDOW} tasks out. */
function pass(driver: TestDriver, tasks: number): Promise<void> {
  return new Promise((resolve) => {
    let submitted = 0;
    let ended = 0;
    const submit = (): void => {
      while (submitted < tasks && submitted - ended + FRAME_TASKS <= WINDOW) {
        const count = Math.min(FRAME_TASKS, tasks - submitted);
        driver.tasks(encodeFrameOfTasks(submitted + 1, count));
        submitted += count;
      }
    };
    driver.onResults = (records) => {
      for (let at = 0; at < records.length; at = recordEnd(records, at)) ended++;
      if (ended >= tasks) resolve();
      else submit();
    };
    submit();
  });
}

async function passLarge(driver: TestDriver, count: number): Promise<number> {
  const record = Buffer.alloc(1 << 20);
  writeTaskHeader(record, 0, { taskId: 1, tryNumber: 1, fnId: 1, flags: 0, contextLength: 0 }, record.length - TASK_HEADER_BYTES);
  const start = performance.now();
  await new Promise<void>((resolve) => {
    let submitted = 0;
    let ended = 0;
    const submit = (): void => {
      for (; submitted < count && submitted - ended < 16; submitted++) {
        record.writeUInt32LE(submitted + 1, 4);
        driver.tasks(Buffer.from(record));
      }
    };
    driver.onResults = (records) => {
      for (let at = 0; at < records.length; at = recordEnd(records, at)) ended++;
      if (ended >= count) resolve();
      else submit();
    };
    submit();
  });
  return Math.round((count / (performance.now() - start)) * 1000);
}

async function timeRoundTrips(driver: TestDriver, count: number): Promise<{ median: number; p99: number }> {
  const times: number[] = [];
  for (let i = 0; i < count; i++) {
    const start = performance.now();
    await pass(driver, 1);
    times.push((performance.now() - start) * 1000);
  }
  times.sort((a, b) => a - b);
  return { median: Math.round(times[count >> 1] ?? 0), p99: Math.round(times[Math.floor(count * 0.99)] ?? 0) };
}

function encodeFrameOfTasks(firstId: number, count: number): Buffer {
  const frame = Buffer.alloc(count * RECORD_BYTES);
  for (let i = 0; i < count; i++) {
    writeTaskHeader(frame, i * RECORD_BYTES, { taskId: firstId + i, tryNumber: 1, fnId: 1, flags: 0, contextLength: 0 }, ARGS_BYTES);
  }
  return frame;
}

/** Results of 5 µs each for all the tasks. */
function answer(tasks: Buffer): Buffer {
  const size = RESULT_HEADER_BYTES + BODY_BYTES;
  const results = Buffer.alloc(countRecords(tasks, 0, TASK_HEADER_BYTES) * size);
  for (let at = 0, to = 0; at < tasks.length; at = recordEnd(tasks, at), to += size) {
    results.writeUInt32LE(size - 4, to);
    tasks.copy(results, to + 4, at + 4, at + 14);
    results.writeUInt32LE(5, to + 16);
  }
  return results;
}

/** User and system time of a process; source: proc(5), clock ticks of 10 ms. */
function cpuMs(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
  return (Number(fields[11]) + Number(fields[12])) * 10;
}

const round = (value: number): number => Math.round(value * 100) / 100;

const tasks = Number(process.argv[2] ?? 1_000_000);
const runs = Number(process.argv[3] ?? 2);
const figures: Figures[] = [];
for (let run = 0; run < runs; run++) for (const encrypted of [false, true]) figures.push(await measure(encrypted, tasks));
console.log(
  JSON.stringify(
    { question: 'no-op tasks through the interchange alone', machine: cpus()[0]?.model, node: process.version, tasks, figures },
    null,
    2,
  ),
);
