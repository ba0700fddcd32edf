/** Waiting for a condition, with an end. */
import { setTimeout as pause } from 'node:timers/promises';

/**
 * Resolves with the first value that is neither undefined nor false.
 * @throws after `limitMs`, naming what was waited for.
 */
export async function eventually<T>(what: string, probe: () => T | Promise<T>, limitMs = 20_000): Promise<Exclude<T, undefined | false>> {
  const deadline = Date.now() + limitMs;
  for (;;) {
    const value = await probe();
    if (value !== undefined && value !== false) return value as Exclude<T, undefined | false>;
    if (Date.now() > deadline) throw new Error(`waited ${limitMs} ms in vain: ${what}`);
    await pause(10);
  }
}
