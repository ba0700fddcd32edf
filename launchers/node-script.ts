/**
 * Text of the bash script that runs on each node of a block: the copies for that node, supervised. Pure.
 *
 * It travels as one shell word, so that nothing has to be written where all nodes can read it.
 */
import { quoteForShell } from '../lib/shell-quote.ts';
import { buildSingleNodeScript } from './single-node-script.ts';

/** The variable of the job's shell that holds the script. */
export const NODE_SCRIPT = 'flotilla_node';

export function buildNodeScript(command: string, tasksPerNode: number): string {
  return buildSingleNodeScript({ command, copies: tasksPerNode, debug: false, failOnAny: true });
}

export const defineNodeScript = (script: string): string => `${NODE_SCRIPT}=${quoteForShell(script)}`;

/** What a person wrote for a command line, on one line: a newline would end the command. */
export const onOneLine = (words: string): string => words.replace(/\s*\\?\n\s*/g, ' ').trim();

/** Words of a command line; those that are empty are left out. */
export const joinWords = (...words: readonly string[]): string => words.filter((word) => word !== '').join(' ');
