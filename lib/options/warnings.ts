/**
 * Options that are accepted and do nothing. Those of configs are collected, and shown once by whoever loads the config: making a
 * description prints nothing.
 */

/** Shows a warning, on stderr. */
export function warn(text: string): void {
  process.stderr.write(`flotilla: warning: ${text}\n`);
}

/** What a description may offer to be shown. */
export interface WithWarnings {
  readonly warnings?: readonly string[];
}

/** @param reasons Option → why it has no effect. */
export function warnAboutOptions(type: string, written: object, reasons: Readonly<Record<string, string>>): readonly string[] {
  const warnings = Object.entries(written)
    .filter(([key, value]) => Object.hasOwn(reasons, key) && value !== undefined && value !== null)
    .map(([key]) => `${type}.${key} has no effect: ${reasons[key]}`);
  return Object.freeze(warnings);
}
