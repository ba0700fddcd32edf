/**
 * What a command says and how it ends. Exit codes are PBS's error numbers modulo 256: 15001 is 153 (pbs_error.h of OpenPBS).
 */
export interface Answer {
  readonly stdout: string;
  readonly stderr: string;
  readonly exitCode: number;
}

export interface Invocation {
  readonly argv: readonly string[];
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
  readonly stdin: string;
}

export const EXIT = {
  usage: 2,
  unknownJob: 153,
  badValue: 166,
  unknownQueue: 170,
  unknownResource: 187,
  historyJob: 35,
  selectAndResource: 5,
  entityLimit: 38,
  resourceLimit: 188,
  noConnection: 162,
  unauthorized: 159,
} as const;

/** Thrown by a command that ends with an error. */
export class Refusal extends Error {
  readonly exitCode: number;

  constructor(exitCode: number, text: string) {
    super(text);
    this.exitCode = exitCode;
  }
}

export const said = (stdout: string): Answer => ({ stdout, stderr: '', exitCode: 0 });

const SERVER_SUFFIX = /^\d+(\[\d*\])?(\..+)?$/;

/** @returns the whole id, `12.ctl`; undefined for what cannot be a job's id here. */
export function readJobId(text: string, server: string): string | undefined {
  if (!SERVER_SUFFIX.test(text)) return undefined;
  const [number, ...rest] = text.split('.');
  return rest.length === 0 || rest.join('.') === server ? `${number}.${server}` : undefined;
}

export interface Parsed {
  /** In order, letters of the options with their values; '' for flags. */
  readonly options: readonly (readonly [letter: string, value: string])[];
  readonly operands: readonly string[];
}

/** getopt(3), with an options text such as `fF:`. @throws Refusal with the usage. */
export function parseArguments(program: string, letters: string, argv: readonly string[], usage: string): Parsed {
  const options: [string, string][] = [];
  let at = 0;
  for (; at < argv.length; at++) {
    const word = argv[at] ?? '';
    if (word === '--') {
      at++;
      break;
    }
    if (!/^-./.test(word)) break;
    at += readCluster(word.slice(1), argv[at + 1]);
  }
  return { options, operands: argv.slice(at) };

  function readCluster(cluster: string, next: string | undefined): number {
    for (let index = 0; index < cluster.length; index++) {
      const letter = cluster[index] ?? '';
      const place = letters.indexOf(letter);
      if (place < 0 || letter === ':') throw new Refusal(EXIT.usage, `${program}: invalid option -- '${letter}'\n${usage}`);
      if (letters[place + 1] !== ':') {
        options.push([letter, '']);
        continue;
      }
      const rest = cluster.slice(index + 1);
      if (rest !== '') return push(letter, rest, 0);
      if (next === undefined) throw new Refusal(EXIT.usage, `${program}: option requires an argument -- '${letter}'\n${usage}`);
      return push(letter, next, 1);
    }
    return 0;
  }

  function push(letter: string, value: string, used: number): number {
    options.push([letter, value]);
    return used;
  }
}
