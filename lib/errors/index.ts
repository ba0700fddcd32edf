/**
 * The error family, for the rest of lib and the public surface. config-error.ts stands apart: few need it, and it loads more.
 */
export { AppError, isAppError, tagWithTask, type AppErrorInfo, type TaggedError } from './app-error.ts';
export { BashExitError, type BashExitFields } from './bash-exit-error.ts';
export { ERROR_CODES, type CodeEntry, type ErrorCode } from './codes.ts';
export { ClosureError, DefinitionError, InvalidOptionError, type CapturedName } from './definition-errors.ts';
export { DependencyError, type DependencyFailure } from './dependency-error.ts';
export { ExecutorFailed, KernelOpenError, NoKernelError, ProviderError, SubmitError, UnknownExecutorError } from './engine-errors.ts';
export { FlotillaError } from './flotilla-error.ts';
export { JoinError, ResultTimeoutError, type JoinFailure } from './future-errors.ts';
export { ManagerLost, PoisonTaskError, WorkerLost, type ManagerLostFields, type WorkerLostFields } from './lost-errors.ts';
export { PythonError } from './python-error.ts';
export {
  CancelledError,
  MissingOutputsError,
  MemoryLimitError,
  PlacementError,
  SerializationError,
  WalltimeError,
  type TaskErrorOptions,
} from './task-errors.ts';
export type { TaskName } from './task-ref.ts';
export { encodeError, packWireError, reviveError, unpackWireError, type TaskRef, type WireError } from './wire.ts';
