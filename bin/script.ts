/**
 * Waits for a script that runs in this process to end, in one of the ways it can. Owns the process's handlers meanwhile.
 */

export type ScriptSignal = 'SIGINT' | 'SIGTERM' | 'SIGHUP';

export type ScriptEnd =
  | { readonly kind: 'ended' }
  /** Thrown by its module, or by something it left running. */
  | { readonly kind: 'threw'; readonly error: unknown }
  /** Its top-level await waits for what can no longer happen. */
  | { readonly kind: 'stalled' }
  | { readonly kind: 'interrupted'; readonly signal: ScriptSignal };

/** What must be known of a kernel to wait for its script. */
export interface ClosableKernel extends AsyncDisposable {
  readonly isClosed: boolean;
  close(options: { readonly mode: 'wait' | 'cleanup' }): Promise<void>;
}

const SIGNALS: readonly ScriptSignal[] = ['SIGINT', 'SIGTERM', 'SIGHUP'];

/**
 * @param start Begins the script: its import.
 * @param kernel The kernel that the script has loaded last, if any.
 */
export async function awaitScript(start: () => Promise<unknown>, kernel: () => ClosableKernel | undefined): Promise<ScriptEnd> {
  const { promise, resolve } = Promise.withResolvers<ScriptEnd>();
  let moduleSettled = false;
  const onUncaught = (error: unknown): void => resolve({ kind: 'threw', error });
  const onDrained = (): void => {
    const open = kernel();
    if (moduleSettled) resolve({ kind: 'ended' });
    else if (open === undefined || open.isClosed) resolve({ kind: 'stalled' });
    // Closing settles what still waits for a task; if the script then goes on, so does this.
    else open.close({ mode: 'wait' }).catch(onUncaught);
  };
  const onSignal = (signal: ScriptSignal): void => resolve({ kind: 'interrupted', signal });
  process.on('beforeExit', onDrained);
  process.on('uncaughtException', onUncaught);
  for (const signal of SIGNALS) process.on(signal, onSignal);
  start().then(() => (moduleSettled = true), onUncaught);
  const end = await promise;
  process.off('beforeExit', onDrained);
  // After a failure, further ones of the same script are noise; after a good end they are the kernel's and must be seen.
  if (end.kind === 'ended') process.off('uncaughtException', onUncaught);
  return end;
}
