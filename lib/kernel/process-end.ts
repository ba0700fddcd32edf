/**
 * The ways in which the driver's process can end, and what the kernel does about each. Nothing is left behind by any of them.
 */
import { kernelChannel } from './channels.ts';

/** What is asked of the kernel here. */
interface Endable {
  readonly runDir: string;
  cancelAll(reason: string): void;
  close(options: { mode: 'wait' | 'cleanup' }): Promise<void>;
  /** @param isWell the script has ended it, and with success. */
  killNow(isWell?: boolean): void;
}

const EXIT_CODE = { SIGINT: 130, SIGTERM: 143 } as const;
type EndSignal = keyof typeof EXIT_CODE;

/** @returns how to stop watching. */
export function watchProcessEnd(kernel: Endable): () => void {
  let interrupted = false;
  const onSignal = (signal: EndSignal): void => {
    if (interrupted) {
      kernel.killNow();
      process.exit(EXIT_CODE[signal]);
    }
    interrupted = true;
    void endOrderly(kernel, signal);
  };
  // An idle kernel does not keep the process; it tidies up before it ends.
  const onBeforeExit = (): void => void kernel.close({ mode: 'wait' });
  const onExit = (code: number): void => kernel.killNow(code === 0);
  process.on('SIGINT', onSignal);
  process.on('SIGTERM', onSignal);
  process.on('beforeExit', onBeforeExit);
  // Before the event log has its last words written.
  process.prependListener('exit', onExit);
  return () => {
    if (!interrupted) {
      process.off('SIGINT', onSignal);
      process.off('SIGTERM', onSignal);
    }
    process.off('beforeExit', onBeforeExit);
    process.off('exit', onExit);
  };
}

async function endOrderly(kernel: Endable, signal: EndSignal): Promise<void> {
  const again = signal === 'SIGINT' ? '; again to leave at once' : '';
  process.stderr.write(`\nflotilla: ${signal}: cancelling what runs and closing${again}\n`);
  kernelChannel.publish({ state: 'interrupted', runDir: kernel.runDir });
  await kernel.close({ mode: 'cleanup' });
  process.exit(EXIT_CODE[signal]);
}
