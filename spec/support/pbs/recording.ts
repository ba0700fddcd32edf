/**
 * Recordings of a real PBS, read: `$ command`, `1>` stdout, `2>` stderr, `rc=` exit code. And what differs from machine to machine
 * and from second to second, made the same.
 */
import { readFileSync } from 'node:fs';

export interface Recorded {
  readonly line: number;
  readonly program: string;
  readonly argv: readonly string[];
  readonly stdout: string;
  readonly stderr: string;
  readonly exitCode: number;
}

export function readRecording(name: string): Recorded[] {
  const lines = readFileSync(new URL(`./recordings/${name}`, import.meta.url), 'utf8').split('\n');
  const found: Recorded[] = [];
  let at: { line: number; words: string[]; stdout: string; stderr: string } | undefined;
  for (const [index, line] of lines.entries()) {
    if (line.startsWith('$ ')) at = { line: index + 1, words: line.slice(2).replace(/^q /, '').split(' '), stdout: '', stderr: '' };
    else if (at === undefined) continue;
    else if (line.startsWith('rc=')) {
      const [program = '', ...argv] = at.words;
      found.push({ line: at.line, program, argv, stdout: at.stdout, stderr: at.stderr, exitCode: Number(line.slice(3)) });
      at = undefined;
    } else {
      // An answer in JSON without jobs ends without a line end, and what follows is stderr.
      const [, stdout, stderr] = /^(?:1> (.*?\}?))?(?:2> (.*))?$/.exec(line) ?? [];
      if (stdout !== undefined) at.stdout += stderr === undefined ? `${stdout}\n` : stdout;
      if (stderr !== undefined) at.stderr += `${stderr}\n`;
    }
  }
  return found;
}

/** Folds lines that were broken, and takes out times, numbers of processes, usage, and the submitter's own environment. */
export function normalize(text: string): string {
  return (
    text
      .replaceAll('\n\t', '')
      .replace(/(Mon|Tue|Wed|Thu|Fri|Sat|Sun) \w{3} [ \d]\d \d\d:\d\d:\d\d \d{4}/g, 'DATE')
      .replace(/(Mon|Tue|Wed|Thu|Fri|Sat|Sun) \w{3} [ \d]\d at \d\d:\d\d/g, 'DAY at TIME')
      .replace(/\b1\d{9}\b/g, 'EPOCH')
      .replace(/^ +"?session_id.*\n|session_id=\d+\|/gm, '')
      .replace(/((?:mem|cput|walltime|cpupercent)"?(?: = |:|=))"?(?:\d+kb|\d\d:\d\d:\d\d|\d+)"?(?=[\n,|])/g, '$1USED')
      // A job's first usage comes some seconds after its start.
      .replace(/ {7}0 R /g, '00:00:00 R ')
      .replace(/PBS_O_PATH=.*?,PBS_O_SHELL/gs, 'PBS_O_PATH=PATH,PBS_O_SHELL')
      .replace(/"PBS_O_PATH":".*?"/g, '"PBS_O_PATH":"PATH"')
  );
}
