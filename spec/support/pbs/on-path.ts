/**
 * An emulated PBS whose commands come first on PATH, for as long as a spec lasts; and a state folder of its own for what drivers leave.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { EmulatedPbs } from './emulated-pbs.ts';
import type { ServerOptions } from './server.ts';

export async function startPbsOnPath(options: Partial<ServerOptions> = {}): Promise<EmulatedPbs & { end(): Promise<void> }> {
  const pbs = await EmulatedPbs.start(options);
  const state = mkdtempSync(join(tmpdir(), 'flotilla-state-'));
  const before = { PATH: process.env['PATH'], XDG_STATE_HOME: process.env['XDG_STATE_HOME'] };
  process.env['PATH'] = `${pbs.bin}${delimiter}${before.PATH ?? ''}`;
  process.env['XDG_STATE_HOME'] = state;
  const end = async (): Promise<void> => {
    for (const [key, value] of Object.entries(before)) {
      if (value === undefined) delete process.env[key];
      else process.env[key] = value;
    }
    await pbs[Symbol.asyncDispose]();
    rmSync(state, { recursive: true, force: true });
  };
  return Object.assign(pbs, { end });
}
