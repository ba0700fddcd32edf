/**
 * What can be written in a HighThroughputExecutor. What it comes to, with defaults, is in compiled.ts.
 */
import type { JobStatus, ProviderDescription } from '../../lib/provider.ts';
import { type OptionsInput, type OptionsOutput, OptionsSchema } from '../../lib/options/schema.ts';
import {
  carriedOver,
  converted,
  count,
  description,
  duration,
  environment,
  flag,
  name,
  nodeKinds,
  oneOf,
  onlyInTypeScript,
  parslGigabytes,
  parslSeconds,
  path,
  port,
  portRange,
  positiveNumber,
  text,
  wholeNumber,
} from '../../lib/options/vocabulary.ts';
import { zod } from '../../lib/options/zod.ts';
import { repeatedDevice } from './accelerators.ts';
import { parseCpuAffinity } from './affinity-option.ts';

/** Called when blocks have ended without success. What it returns fails the executor; nothing: it carries on. */
export type BlockErrorHandler = (failed: ReadonlyMap<string, JobStatus>) => Error | undefined;

export const highThroughputShape = () => ({ ...described(), ...carriedOverFromParsl() });
export const highThroughputOptions = new OptionsSchema('HighThroughputExecutor', highThroughputShape);

const described = () => ({
  label: name().describe("Name of the executor, unique in the config. Default 'htex'.").optional(),
  provider: description<ProviderDescription>('provider', ['start'], 'a provider such as new LocalProvider()')
    .describe('Where blocks of nodes come from. Default LocalProvider.')
    .optional(),
  address: text()
    .describe("The driver's address as its workers see it. Default: each manager tries all and keeps the first that works.")
    .optional(),
  loopbackAddress: text()
    .describe('Address for managers on the same machine. Default: none, they use a Unix socket; 127.0.0.1 without encryption or Linux.')
    .optional(),
  workerPort: port().describe('The port that managers dial. Default: a free one of workerPortRange.').optional(),
  workerPortRange: portRange()
    .describe('The interchange listens for managers on a free port from the first to the second, both included. Default [54000, 55000].')
    .optional(),
  workingDir: path().describe("Where tasks start. Default: the driver's working directory.").optional(),
  workerDebug: flag()
    .describe("Managers log every task, every result and their workers' comings and goings, in the block's stdout. Default false.")
    .optional(),
  coresPerWorker: positiveNumber().describe('May be a fraction. Default 1.').optional(),
  memPerWorker: parslGigabytes().describe("Memory that each worker needs: '6GiB', or a number of GB.").optional(),
  maxWorkersPerNode: count(1).describe('Default: as many as cores, memory and accelerators allow.').optional(),
  cpuAffinity: zod()
    .string("text such as 'block'")
    .transform(converted(parseCpuAffinity, { kind: 'none' }))
    .describe("'none' (default), 'block', 'block-reverse', 'alternating', or one CPU set for each worker: 'list:0-3:4-7'.")
    .optional(),
  availableAccelerators: zod()
    .union(
      [
        wholeNumber(0),
        zod()
          .array(
            zod()
              .union([text(), wholeNumber(0)])
              .transform(String),
          )
          .superRefine(refuseRepeatedDevice),
      ],
      'a count of accelerators, or a list of their names',
    )
    .describe('How many, or which; one for each worker. Default 0.')
    .optional(),
  resources: nodeKinds()
    .describe('What each node has beside CPUs, memory and accelerators, for the `resources` of tasks: how many, or their names.')
    .optional(),
  mpiLauncher: oneOf(['auto', 'srun', 'mpiexec', 'mpirun', 'openmpi', 'mpich', 'intel', 'pals'])
    .describe(
      "What starts MPI programs: a command, whose kind is asked for on the node, or the kind itself. 'auto' (default): as the block's launcher starts managers, else the mpiexec or mpirun that a node has.",
    )
    .optional(),
  mpiOverrides: text().describe("Further words for it: '--mpi=pmix'.").optional(),
  prefetchCapacity: zod()
    .union([zod().literal('auto'), wholeNumber(0)], "'auto' or a whole number of at least 0")
    .describe("Tasks sent ahead to a manager; taken back when another has nothing to do. 'auto' (default): short ones only.")
    .optional(),
  heartbeatPeriod: parslSeconds().describe("Default '30s'.").optional(),
  heartbeatThreshold: parslSeconds().describe("Silence after which a peer is lost. Default '120s'.").optional(),
  quarantine: duration()
    .describe(
      "For how long a manager is given nothing that fails one task after the other while the same apps work elsewhere; twice as long each time. '0s': never. Default '60s'.",
    )
    .optional(),
  drainPeriod: parslSeconds().describe('Age at which a manager takes no more tasks and leaves. Default: never.').optional(),
  walltimeWarning: duration()
    .describe(
      "How long before its block's walltime ends a manager takes no more tasks, and sends SIGUSR1 to the running ones that handle it. Default '30s', or a tenth of the walltime if that is shorter.",
    )
    .optional(),
  addressProbeTimeout: parslSeconds().describe("Default '30s'.").optional(),
  workerLogdirRoot: path()
    .describe('Where managers keep stdout and stderr of their workers, in a folder for each run and label. Default: the run directory.')
    .optional(),
  managerSelector: oneOf(['random', 'blockId'])
    .describe(
      "Who gets the next task. 'random': the least loaded manager. 'blockId': one of the oldest block that has a free slot, so that younger blocks become idle. Default: 'blockId' with strategy 'htex-auto-scale', which gives idle blocks back one by one; else 'random'.",
    )
    .optional(),
  blockErrorHandler: zod()
    .union([flag(), onlyInTypeScript<BlockErrorHandler>((value) => typeof value === 'function', 'a function')], 'true, false or a function')
    .describe('false: failing blocks never fail the executor. Default true.')
    .optional(),
  encrypted: flag().describe('Default true.').optional(),
  python: text().describe("Interpreter of pythonApps. Default 'python3' on the worker's PATH.").optional(),
  nodePath: path().describe("Node.js of managers and workers. Default: the driver's own.").optional(),
  env: environment().describe('For every task.').optional(),
  orphanGrace: duration()
    .describe('How long tasks go on when the driver has died. Default: they are ended at once, and the managers leave.')
    .optional(),
});

/** Its manager would refuse it, on the node. */
function refuseRepeatedDevice(names: readonly string[], context: { addIssue(issue: { code: 'custom'; message: string }): void }): void {
  const device = repeatedDevice(names);
  if (device !== undefined)
    context.addIssue({ code: 'custom', message: `accelerator '${device}' is listed twice; each belongs to one worker` });
}

/** Parsl's, of this and of earlier versions, that mean something else here or nothing. */
const carriedOverFromParsl = () => ({
  maxWorkers: count(1).describe('Earlier name of maxWorkersPerNode.').optional(),
  interchangePortRange: carriedOver().optional(),
  pollPeriod: carriedOver().optional(),
  workerPorts: carriedOver().optional(),
  launchCmd: carriedOver().optional(),
  interchangeLaunchCmd: carriedOver().optional(),
  startMethod: carriedOver().optional(),
  storageAccess: carriedOver().optional(),
  managed: carriedOver().optional(),
  enableMpiMode: carriedOver().optional(),
  remoteMonitoringRadio: carriedOver().optional(),
});

/** Why an option of Parsl's does nothing. */
export const highThroughputWarnings: Readonly<Record<string, string>> = {
  interchangePortRange: 'driver and interchange share a socket pair and need no port; the one that managers dial is of workerPortRange',
  pollPeriod: 'nothing is polled: whoever waits is woken when something comes',
  workerPorts: 'managers dial a single port; write workerPort',
  launchCmd: 'managers are started by Flotilla itself; provider and launcher say how',
  interchangeLaunchCmd: 'the interchange is started by Flotilla itself',
  startMethod: 'workers are processes of their own, never forks of the script',
  storageAccess: 'staging of files is not part of this release',
  managed: 'the kernel manages every executor',
  enableMpiMode: 'any block can run MPI programs: write an mpiApp, or name nodes in resources',
  remoteMonitoringRadio: 'monitoring is not part of this release',
};

export type HighThroughputOptions = OptionsInput<typeof highThroughputOptions>;
export type CheckedHighThroughputOptions = OptionsOutput<typeof highThroughputOptions>;
