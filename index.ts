/**
 * Flotilla's public surface, and nothing else. docs/api.md lists it; a spec compares the two.
 */
export { load } from './configs/load.ts';
export type { ConfigArgument } from './configs/choose.ts';

export { bashApp } from './lib/apps/bash-app.ts';
export { mpiApp } from './lib/apps/mpi-app.ts';
export { joinApp } from './lib/apps/join-app.ts';
export { jsApp } from './lib/apps/js-app.ts';
export { kw, type KeywordArguments } from './lib/apps/kw.ts';
export { pythonApp, type PythonFunctionRef } from './lib/apps/python-app.ts';
export { sh, type ShellValue } from './lib/apps/sh.ts';
export type { AppOptions, AppOptionsFor, OutputOption } from './lib/apps/app-options.ts';
export type { ResourceOptions, ResourcesOption } from './lib/resources/resource-options.ts';
export type { FailurePolicy, FailurePolicyFor, Ignored } from './lib/apps/failure-policy.ts';
export type { App, ArgumentOf, ArgumentsOf, BashApp, BashResult, JoinApp, MapOptions, PythonApp, Settled } from './lib/types/call-types.ts';

export { AppFuture, type ElementOf, type TaskState, type TryRecord } from './lib/futures/app-future.ts';
export { DataFuture } from './lib/futures/data-future.ts';
export type { ResultOptions } from './lib/futures/result-options.ts';
export { DataFile, type FileScheme } from './lib/files/data-file.ts';
export { file } from './lib/files/file.ts';
export { NdArray, PythonValue, type ArrayData, type DType } from './lib/wire/python-codec.ts';

export { isGroupError } from './lib/groups/group-error.ts';
export type { GroupCounts } from './lib/groups/members.ts';
export { group, TaskGroup, type GroupOptions } from './lib/groups/task-group.ts';

export { DataFlowKernel } from './lib/kernel/kernel.ts';
export type { CloseOptions } from './lib/kernel/close-options.ts';
export type { TaskCounts } from './lib/kernel/counts.ts';

export { Config } from './configs/config.ts';
export type { ConfigOptions } from './configs/options.ts';
export { addressByHostname, addressByInterface, addressByRoute } from './configs/addresses.ts';
export { allocatedLauncher, allocatedNodes } from './configs/allocation.ts';
export { MPIExecutor } from './executors/mpi/description.ts';
export type { MPIExecutorOptions } from './executors/mpi/options.ts';
export { HighThroughputExecutor } from './executors/high-throughput/description.ts';
export type { BlockErrorHandler, HighThroughputOptions } from './executors/high-throughput/options.ts';
export { ThreadPoolExecutor } from './executors/threads/description.ts';
export type { ThreadPoolOptions } from './executors/threads/options.ts';
export { LocalProvider } from './providers/local/description.ts';
export type { LocalProviderOptions } from './providers/local/options.ts';
export { PBSProProvider } from './providers/pbspro/description.ts';
export type { PBSProProviderOptions } from './providers/pbspro/options.ts';
export { SlurmProvider } from './providers/slurm/description.ts';
export type { SlurmProviderOptions } from './providers/slurm/options.ts';
export { SshChannel } from './providers/channels/ssh/description.ts';
export type { SshChannelOptions } from './providers/channels/ssh/options.ts';
export { SimpleLauncher } from './launchers/simple-launcher.ts';
export { SingleNodeLauncher } from './launchers/single-node-launcher.ts';
export { SrunLauncher } from './launchers/srun-launcher.ts';
export { SrunMpiLauncher } from './launchers/srun-mpi-launcher.ts';
export { MpiExecLauncher } from './launchers/mpiexec-launcher.ts';
export { MpiRunLauncher } from './launchers/mpirun-launcher.ts';
export { SshLauncher } from './launchers/ssh-launcher.ts';
export { WrappedLauncher } from './launchers/wrapped-launcher.ts';
export type {
  MpiExecLauncherOptions,
  MpiRunLauncherOptions,
  SimpleLauncherOptions,
  SingleNodeLauncherOptions,
  SrunLauncherOptions,
  SrunMpiLauncherOptions,
  SshLauncherOptions,
  WrappedLauncherOptions,
} from './launchers/options.ts';
export type { ExitMode, FailedTry, RetryHandler, StrategyName } from './lib/config.ts';

export { AppError, isAppError, type AppErrorInfo, type TaggedError } from './lib/errors/app-error.ts';
export { BashExitError } from './lib/errors/bash-exit-error.ts';
export { ERROR_CODES, type CodeEntry, type ErrorCode } from './lib/errors/codes.ts';
export { ConfigError, type ConfigProblem, type SourcePlace } from './lib/errors/config-error.ts';
export { ClosureError, DefinitionError, InvalidOptionError, type CapturedName } from './lib/errors/definition-errors.ts';
export { DependencyError, type DependencyFailure } from './lib/errors/dependency-error.ts';
export {
  ExecutorFailed,
  KernelOpenError,
  NoKernelError,
  ProviderError,
  SubmitError,
  UnknownExecutorError,
} from './lib/errors/engine-errors.ts';
export { FlotillaError } from './lib/errors/flotilla-error.ts';
export { JoinError, ResultTimeoutError, type JoinFailure } from './lib/errors/future-errors.ts';
export { ManagerLost, PoisonTaskError, WorkerLost } from './lib/errors/lost-errors.ts';
export { PythonError } from './lib/errors/python-error.ts';
export {
  CancelledError,
  MemoryLimitError,
  MissingOutputsError,
  PlacementError,
  SerializationError,
  WalltimeError,
} from './lib/errors/task-errors.ts';
export type { TaskRef } from './lib/errors/task-ref.ts';
