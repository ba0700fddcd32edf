/**
 * Which config applies, and why: `--config`, else the argument of load(), else FLOTILLA_CONFIG, else `local`. Pure.
 */
import type { ConfigOrigin } from '../lib/events/events.ts';
import type { Config } from './config.ts';
import type { ConfigOptions } from './options.ts';

/** A Config, its options, the name of a packaged config, or a file. */
export type ConfigArgument = Config | ConfigOptions | string | URL;

export interface ConfigChoice {
  readonly source: ConfigArgument;
  readonly from: ConfigOrigin;
  /** Completes "config local (…)". */
  readonly why: string;
}

export interface Choices {
  /** `--config` of `flotilla run`. */
  readonly commandLine: string | undefined;
  readonly argument: ConfigArgument | undefined;
  /** FLOTILLA_CONFIG. */
  readonly environment: string | undefined;
}

export const DEFAULT_CONFIG = 'local';

export function chooseConfig({ commandLine, argument, environment }: Choices): ConfigChoice {
  if (commandLine !== undefined) {
    const instead = argument === undefined ? '' : ", in place of the script's own";
    return { source: commandLine, from: '--config', why: `--config${instead}` };
  }
  if (argument !== undefined) return { source: argument, from: 'load()', why: 'given to load() in the script' };
  if (environment !== undefined && environment !== '') return { source: environment, from: 'FLOTILLA_CONFIG', why: 'FLOTILLA_CONFIG' };
  return { source: DEFAULT_CONFIG, from: 'default', why: 'default; choose another with --config or FLOTILLA_CONFIG' };
}

/** What the first line of a run says: `config local (default; …), with --set retries=2`. */
export function describeChoice(choice: ConfigChoice, set: readonly string[] = []): string {
  return `config ${describeSource(choice)}${set.map((override, i) => `${i === 0 ? ', with' : ''} --set ${override}`).join('')}`;
}

function describeSource(choice: ConfigChoice): string {
  const name = nameOfSource(choice.source);
  return name === undefined ? choice.why : `${name} (${choice.why})`;
}

/** undefined for a Config and for options: they have none. */
export function nameOfSource(source: ConfigArgument): string | undefined {
  if (source instanceof URL) return source.protocol === 'file:' ? source.pathname : source.href;
  return typeof source === 'string' ? source : undefined;
}
