/** An error of every class of the family, made as its makers make it. */
import { SlotPlanError } from '../../../executors/high-throughput/slot-plan-error.ts';
import { BundleError } from '../../../lib/errors/bundle-error.ts';
import { ConfigError } from '../../../lib/errors/config-error.ts';
import { EventLogError } from '../../../lib/errors/event-log-error.ts';
import {
  BashExitError,
  CancelledError,
  ClosureError,
  DefinitionError,
  DependencyError,
  ExecutorFailed,
  InvalidOptionError,
  JoinError,
  KernelOpenError,
  ManagerLost,
  MemoryLimitError,
  MissingOutputsError,
  NoKernelError,
  PlacementError,
  PoisonTaskError,
  ProviderError,
  PythonError,
  ResultTimeoutError,
  SerializationError,
  SubmitError,
  UnknownExecutorError,
  WalltimeError,
  WorkerLost,
  type FlotillaError,
} from '../../../lib/errors/index.ts';

const task = { id: 7, app: 'simulate' };
const lost = new WorkerLost({ host: 'n1', worker: '3', exitCode: null, signal: 'SIGKILL', stderrTail: 'killed\n' }, { task });

export const onePerClass: Readonly<Record<string, FlotillaError>> = {
  BashExitError: new BashExitError(
    { exitCode: 2, signal: null, command: 'ls nowhere', stdoutTail: '', stderrTail: 'ls: no such file\n' },
    { task },
  ),
  BundleError: new BundleError('there is no script sweep.ts'),
  CancelledError: new CancelledError({ reason: 'changed my mind' }, { task }),
  ClosureError: new ClosureError({ captured: [{ name: 'factor', file: '/home/u/a.ts', line: 3, column: 9 }] }, 'scale'),
  ConfigError: new ConfigError('executors: expected a list, saw 4'),
  DefinitionError: new DefinitionError('it is a class'),
  DependencyError: new DependencyError({ task, upstream: new Error('root'), upstreamTask: { id: 6, app: 'load' } }),
  EventLogError: new EventLogError('/home/u/runinfo/003/events.log', 'is no event log'),
  ExecutorFailed: new ExecutorFailed('htex', 'no block came up'),
  InvalidOptionError: InvalidOptionError.unknown("app 'a'", 'retires', 2, ['retries']),
  JoinError: new JoinError({ failures: [{ taskId: 3, error: new Error('no') }] }, { task, total: 2 }),
  KernelOpenError: new KernelOpenError('/home/u/runinfo/003'),
  ManagerLost: new ManagerLost({ host: 'n1', managerId: 'm-1', lastHeartbeat: Date.UTC(2026, 0, 2), exitCode: 1 }, { task }),
  MissingOutputsError: new MissingOutputsError({ missing: ['/tmp/a'] }, { task }),
  NoKernelError: new NoKernelError('simulate'),
  PlacementError: new PlacementError({ walltimeMs: 7_200_000, availableMs: 3_570_000 }, { task }),
  PoisonTaskError: new PoisonTaskError({ host: 'n1', worker: 'w', losses: [lost, lost, lost] }, { task }),
  ProviderError: new ProviderError('squeue did not answer'),
  PythonError: new PythonError('bad value', { type: 'ValueError', traceback: 'Traceback (most recent call last):\n  here\n' }),
  ResultTimeoutError: new ResultTimeoutError('task 7 (simulate)', 1500),
  SerializationError: new SerializationError({ path: 'args[0].then', seen: 'a function (then)' }, { task }),
  SlotPlanError: new SlotPlanError('no worker fits on this node'),
  SubmitError: new SubmitError('sbatch: invalid account'),
  UnknownExecutorError: new UnknownExecutorError('hetx', 'simulate', ['htex']),
  MemoryLimitError: new MemoryLimitError({ limitBytes: 2 ** 30, usedBytes: 1.5 * 2 ** 30, tries: 2 }, { task }),
  WalltimeError: new WalltimeError({ walltimeMs: 2500 }, { task }),
  WorkerLost: lost,
};
