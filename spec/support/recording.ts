/**
 * What a real program printed, from a file: `$ command`, then `1>` lines of stdout, `2>` lines of stderr, and `rc=` exit code;
 * `#` begins a section.
 */
import { readFileSync } from 'node:fs';
import type { CommandResult } from '../../lib/channel.ts';

export class Recording {
  readonly #entries: readonly { readonly section: string; readonly command: string; readonly result: CommandResult }[];

  constructor(url: URL) {
    let section = '';
    this.#entries = readFileSync(url, 'utf8')
      .split(/^(?=[$#] )/m)
      .flatMap((block) => {
        const [first = '', ...rest] = block.split('\n');
        if (!first.startsWith('$ ')) {
          section = first.replace(/^# /, '');
          return [];
        }
        return { section, command: first.slice(2), result: parseResult(rest) };
      });
  }

  /** @param index of several with the same section and beginning. @throws Error when there is no such command. */
  get(section: string, beginning: string, index = 0): CommandResult {
    const found = this.#entries.filter((entry) => entry.section === section && entry.command.startsWith(beginning))[index];
    if (found === undefined) throw new Error(`the recording has no '${beginning}' (${index}) under '${section}'`);
    return found.result;
  }
}

function parseResult(lines: readonly string[]): CommandResult {
  const of = (prefix: string): string =>
    lines
      .filter((line) => line.startsWith(prefix))
      .map((line) => `${line.slice(prefix.length)}\n`)
      .join('');
  const exitCode = Number(/^rc=(\d+)$/m.exec(lines.join('\n'))?.[1]);
  return { exitCode, stdout: of('1> '), stderr: of('2> '), timedOut: false };
}
