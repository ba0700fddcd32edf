/**
 * Every code that `error.code` or `error.flotilla.code` can have, what it means, and what to do.
 */
export interface CodeEntry {
  readonly meaning: string;
  readonly remedy: string;
}

export const ERROR_CODES = {
  FLOTILLA_APP_ERROR: {
    meaning: 'The function of a JavaScript app threw; the error is the one that it threw.',
    remedy: 'Read its message and stack; error.flotilla.task says which task, which try and where.',
  },
  FLOTILLA_PYTHON_ERROR: {
    meaning: 'A Python app raised an exception.',
    remedy: "Read error.type and error.traceback; a ModuleNotFoundError often means another interpreter: set 'python'.",
  },
  FLOTILLA_BASH_EXIT_ERROR: {
    meaning: 'A command exited with another code than 0, or a signal ended it.',
    remedy: 'Read error.stderrTail or the file error.stderr.',
  },
  FLOTILLA_WALLTIME_ERROR: {
    meaning: 'A task ran longer than its walltime and was ended with everything it had started.',
    remedy: "Give it a longer 'walltime', or less to do.",
  },
  FLOTILLA_MEMORY_LIMIT_ERROR: {
    meaning: "A task used more memory than its 'resources.memory', and was ended with everything it had started.",
    remedy: "Give it more: error.usedBytes is what it had. 'resources.memory' may be a list, with more for each further try.",
  },
  FLOTILLA_PLACEMENT_ERROR: {
    meaning: "A task's walltime is longer than any block of its executor will ever have left, or it asks for resources that no node has.",
    remedy:
      "Lower the task's 'walltime', or raise the provider's: error.walltimeMs and error.availableMs have the figures; or ask for less in its 'resources': error.shortfalls has what is missing, for every kind of node.",
  },
  FLOTILLA_MISSING_OUTPUTS_ERROR: {
    meaning: "A task returned without having written every file in its 'outputs'.",
    remedy: 'Check the paths in error.missing; relative ones belong to the directory of the script, not of the task.',
  },
  FLOTILLA_SERIALIZATION_ERROR: {
    meaning: 'An argument or a result holds something that cannot travel between processes.',
    remedy: 'error.path names the part; pass plain data, or do that work inside the app.',
  },
  FLOTILLA_CLOSURE_ERROR: {
    meaning: 'The function of a jsApp uses names of the script around it, which do not exist on a worker.',
    remedy: 'Pass them as arguments, import() what is needed inside, or put the function in a module.',
  },
  FLOTILLA_DEFINITION_ERROR: {
    meaning: 'A function cannot be an app, or a worker could not load it.',
    remedy: 'Read the message: it names the function and what is wrong; modules and files must be visible on the worker.',
  },
  FLOTILLA_INVALID_OPTION_ERROR: {
    meaning: 'An option does not exist or has a value of the wrong type.',
    remedy: 'error.nearest is the name that was probably meant.',
  },
  FLOTILLA_CONFIG_ERROR: {
    meaning: 'A configuration is wrong.',
    remedy: 'The message shows file, line and column.',
  },
  FLOTILLA_DEPENDENCY_ERROR: {
    meaning: 'A task did not run because one that it depends on failed.',
    remedy: 'error.cause is the failure at the root of the chain: mend that one.',
  },
  FLOTILLA_JOIN_ERROR: {
    meaning: 'Futures that the body of a joinApp returned have failed.',
    remedy: 'error.failures lists exactly those.',
  },
  FLOTILLA_CANCELLED_ERROR: {
    meaning: 'The task was cancelled, by cancel() or because its kernel closed.',
    remedy: 'error.reason says why.',
  },
  FLOTILLA_RESULT_TIMEOUT_ERROR: {
    meaning: 'result({ timeout }) waited in vain; the task itself goes on.',
    remedy: 'Wait again, or cancel the future; kernel.explain(taskId) says what it waits for.',
  },
  FLOTILLA_WORKER_LOST: {
    meaning: "The process that ran the task ended under it, and `onLost` is 'fail'; else it is among the losses of a PoisonTaskError.",
    remedy: 'Look at error.signal and error.stderrTail; SIGKILL out of nowhere is mostly a lack of memory.',
  },
  FLOTILLA_MANAGER_LOST: {
    meaning: 'The manager of a node, and so every worker there, was lost.',
    remedy: "Look at error.stderrTail, and for the block's end in the scheduler: its walltime may have run out.",
  },
  FLOTILLA_POISON_TASK_ERROR: {
    meaning: 'A task was lost with its worker three times, and is not given another.',
    remedy: 'error.losses has the evidence: memory, native code, process.exit.',
  },
  FLOTILLA_SUBMIT_ERROR: {
    meaning: 'A scheduler did not take a job.',
    remedy: "The message has the scheduler's words; check account, queue and walltime.",
  },
  FLOTILLA_PROVIDER_ERROR: {
    meaning: 'A scheduler could not be asked, or a job could not be cancelled.',
    remedy: "Check that the scheduler's commands work where the script runs.",
  },
  FLOTILLA_EXECUTOR_FAILED: {
    meaning: 'An executor cannot go on; the tasks that it held have failed.',
    remedy: "The message has the reason; its folder in the run directory has every process's stderr.",
  },
  FLOTILLA_KERNEL_OPEN: {
    meaning: 'load() was called while a kernel is open; a process has one at a time.',
    remedy: 'Use the open one, or close it first (`await kernel.close()`, or let its `await using` scope end).',
  },
  FLOTILLA_UNKNOWN_EXECUTOR: {
    meaning: "An app's 'executors' names a label that no executor of the config has.",
    remedy: 'Use one of the labels in the message, or add the executor to the config.',
  },
  FLOTILLA_SLOT_PLAN_ERROR: {
    meaning: 'A node cannot be divided into workers as the config asks: a bound leaves room for none, or the pinning does not fit.',
    remedy: 'The message names the bound; lower coresPerWorker or memPerWorker, or correct availableAccelerators or cpuAffinity.',
  },
  FLOTILLA_EVENT_LOG_ERROR: {
    meaning: 'The event log of a run is not there, or was written by another version.',
    remedy: 'Check the run directory; a run with `initializeLogging: false` has no log.',
  },
  FLOTILLA_BUNDLE_ERROR: {
    meaning: 'A bundle cannot be made as it was asked for.',
    remedy: 'The message says what is missing or in the way; docs/bundle.md has what a bundle is made of.',
  },
  FLOTILLA_NO_KERNEL_ERROR: {
    meaning: 'An app was called while no kernel was open.',
    remedy: 'Put `await using kernel = await load();` before the first call.',
  },
} as const satisfies Readonly<Record<string, CodeEntry>>;

export type ErrorCode = keyof typeof ERROR_CODES;
