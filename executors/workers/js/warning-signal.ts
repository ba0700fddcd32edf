/**
 * SIGUSR1 in a JavaScript worker: it says that the block is about to end, for an app that listens. Without a listener Node would open
 * its debugger, or end.
 */
const passOver = (): void => undefined;

export function catchWarning(): void {
  process.on('SIGUSR1', passOver);
}

/** An app's own listeners are not for the next task. */
export function forgetListeners(): void {
  if (process.listenerCount('SIGUSR1') === 1) return;
  const listeners = process.listeners('SIGUSR1');
  if (!listeners.includes(passOver)) catchWarning();
  for (const listener of listeners) if (listener !== passOver) process.removeListener('SIGUSR1', listener);
}
