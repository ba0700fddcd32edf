/**
 * What the commands of PBS complain of, line by line. Texts and exit codes as OpenPBS 23.06.06 prints them; the codes are error
 * numbers of pbs_error.h modulo 256, so that 153 is 15001, "Unknown Job Id".
 */
import type { CommandResult } from '../../lib/channel.ts';

export type Complaint =
  | { readonly kind: 'unknownJob' | 'finishedJob'; readonly sequence: string }
  | { readonly kind: 'noHistory' }
  | { readonly kind: 'other'; readonly text: string };

export function readComplaints(stderr: string): Complaint[] {
  const lines = stderr.split('\n').map((line) => line.trim());
  return lines.filter((line) => line !== '').map(readComplaint);
}

function readComplaint(line: string): Complaint {
  const unknown = /Unknown Job Id (\d+)/.exec(line);
  if (unknown?.[1] !== undefined) return { kind: 'unknownJob', sequence: unknown[1] };
  const finished = /(\d+)\S* Job has finished|Job has finished (\d+)/.exec(line);
  const sequence = finished?.[1] ?? finished?.[2];
  if (sequence !== undefined) return { kind: 'finishedJob', sequence };
  if (line.includes('PBS is not configured to maintain job history')) return { kind: 'noHistory' };
  return { kind: 'other', text: line };
}

/** '12' of '12.server' and of '12.server.site.org': some commands cut the server's name. */
export const sequenceOf = (jobId: string): string => /^\d+/.exec(jobId)?.[0] ?? jobId;

/** 15010, PBSE_NOCONNECTS, and 15034, PBSE_SYSTEM, are what commands end with that reach no server. */
const NO_SERVER =
  /cannot connect to server|connection (refused|timed out|reset)|no route to host|unknown host|communication failure|\(errno=\d+\)/i;

export const reachedNoServer = ({ stderr }: CommandResult): boolean => NO_SERVER.test(stderr);

/** It was not the command that answered: it is not there, or was killed. */
export const neverRan = ({ exitCode }: CommandResult): boolean => exitCode === undefined || exitCode === 126 || exitCode === 127;

/** Its words in one line, or how it ended. */
export function wordsOf(program: string, { stdout, stderr, exitCode, signal }: CommandResult): string {
  const words = (stderr.trim() || stdout.trim()).replace(/\s*\n\s*/g, '; ');
  const end = exitCode === undefined ? `killed by ${signal ?? 'a signal'}` : `exit code ${exitCode}`;
  return words === '' ? `${program} said nothing (${end})` : `${words} (${end})`;
}
