/**
 * How a run was invoked, from the first event of its log, and the command that does so again. Starts nothing.
 */
import { statSync } from 'node:fs';
import { relative, resolve } from 'node:path';
import { didYouMeanFile } from '../../configs/nearest-file.ts';
import type { RunStarted } from '../../lib/events/events.ts';
import { quoteForShell } from '../../providers/shell-quote.ts';
import { UsageError } from '../usage-error.ts';

export interface Invocation {
  /** Absolute. */
  readonly cwd: string;
  /** Absolute. */
  readonly script: string;
  readonly args: readonly string[];
  /** `--config`. */
  readonly config: string | undefined;
  /** `--set`, in order. */
  readonly set: readonly string[];
  /** `--resume`: the number of a run, or the path of its directory. */
  readonly resume: string | undefined;
  /** What FLOTILLA_CONFIG must be; undefined: whatever it is. */
  readonly environment: string | undefined;
}

/** @param run as it is called in messages: '003'. @throws UsageError for what was started in another way, or is not there any more. */
export function invocationOf(run: string, started: RunStarted | undefined): Invocation {
  if (!started) throw new UsageError(`the log of run ${run} does not say how it was started: its first event is missing`);
  const { command, argv, config, set = [], startedIn: cwd = started.cwd } = started;
  if (command === 'map') throw new UsageError(explainMap(run, argv));
  const [script, ...args] = argv;
  if (script === undefined || command === 'perf')
    throw new UsageError(`run ${run} has no script that could be run again${command === 'perf' ? ': it is of flotilla perf' : ''}`);
  if (!statSync(cwd, { throwIfNoEntry: false })?.isDirectory())
    throw new UsageError(`the folder that run ${run} was started in is not there any more: ${cwd}`);
  if (!statSync(script, { throwIfNoEntry: false })?.isFile())
    throw new UsageError(`the script of run ${run} is not there any more: ${script}.${didYouMeanFile(script)}`);
  return {
    cwd,
    script,
    args,
    config: config?.from === '--config' ? config.name : undefined,
    set,
    resume: undefined,
    environment: environmentOf(config),
  };
}

/** A script that gives load() a config is asked before the environment. */
function environmentOf(config: RunStarted['config']): string | undefined {
  if (config?.from === 'FLOTILLA_CONFIG') return config.name;
  return config?.from === 'default' ? '' : undefined;
}

function explainMap(run: string, argv: readonly string[]): string {
  const joblog = joblogOf(argv);
  const write =
    joblog === undefined
      ? 'it had no --joblog; give it one, and then: flotilla map --retry-failed --joblog FILE'
      : `write: flotilla map --retry-failed --joblog ${quoteForShell(joblog)}`;
  return `run ${run} is of flotilla map, which retries what its job log says has failed; ${write}`;
}

function joblogOf(argv: readonly string[]): string | undefined {
  const at = argv.findIndex((word) => word === '--joblog' || word.startsWith('--joblog='));
  return argv[at]?.startsWith('--joblog=') ? argv[at]?.slice('--joblog='.length) : argv[at + 1 || argv.length];
}

/**
 * For a shell, as short as it can be from where the reader is.
 * @param quote quoteForShell where it is for programs, which may have a plain POSIX shell.
 */
export function toCommandLine({ cwd, script, args, config, set, resume, environment }: Invocation, quote = quoteVisibly): string {
  const here = resolve(cwd) === process.cwd();
  const words = [
    'flotilla',
    'run',
    shorten(script, cwd),
    ...(config === undefined ? [] : ['--config', config]),
    ...set.flatMap((each) => ['--set', each]),
    ...(resume === undefined ? [] : ['--resume', resume]),
    ...(args.length === 0 ? [] : ['--', ...args]),
  ];
  const variable =
    environment === undefined || environment === (process.env.FLOTILLA_CONFIG ?? '') ? [] : [`FLOTILLA_CONFIG=${quote(environment)}`];
  return `${here ? '' : `cd ${quote(cwd)} && `}${[...variable, ...words.map((word) => quote(word))].join(' ')}`;
}

/** Words with control characters as bash, zsh and ksh read them, so that a terminal shows the command as it can be typed. */
function quoteVisibly(word: string): string {
  if (!/\p{Cc}/u.test(word)) return quoteForShell(word);
  const visible = word.replace(/[\\']/g, '\\$&').replace(/\p{Cc}/gu, (control) => {
    const code = control.charCodeAt(0);
    // Behind \x stands a byte, and these have two.
    return code < 0x80 ? `\\x${code.toString(16).padStart(2, '0')}` : `\\u00${code.toString(16)}`;
  });
  return `$'${visible}'`;
}

function shorten(path: string, cwd: string): string {
  const short = relative(cwd, path);
  return short.startsWith('..') ? path : short;
}
