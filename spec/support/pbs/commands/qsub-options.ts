/**
 * What a submission asks for: options of the command line, and `#PBS` directives for what the command line leaves open.
 */
import { type Parsed, parseArguments, Refusal } from './answer.ts';
import { QSUB_USAGE } from './usage.ts';

const LETTERS = 'a:A:c:C:e:fhIj:J:k:l:m:M:N:o:p:P:q:r:R:S:u:v:VW:Xz';

export const parseCommandLine = (argv: readonly string[]): Parsed => parseArguments('qsub', LETTERS, argv, QSUB_USAGE);

export class Wishes {
  readonly #values = new Map<string, string>();
  readonly resources: [name: string, value: string][] = [];
  readonly attributes = new Map<string, string>();
  readonly #isGiven = new Set<string>();

  /** The command line comes first and holds; of directives the later one does, but for resources. */
  add({ options }: Parsed, from: 'command line' | 'directive'): void {
    for (const [letter, value] of options) {
      if (letter === 'l') this.#addResources(value);
      else if (letter === 'W') this.#addAttributes(value);
      else if (from === 'command line' || !this.#isGiven.has(letter)) this.#values.set(letter, value);
      if (from === 'command line') this.#isGiven.add(letter);
    }
  }

  get(letter: string): string | undefined {
    return this.#values.get(letter);
  }

  has(letter: string): boolean {
    return this.#values.has(letter);
  }

  #addResources(list: string): void {
    for (const part of list.split(/,(?=\w+=)/)) {
      const [name = '', ...value] = part.split('=');
      if (name === '' || value.length === 0) throw new Refusal(2, `qsub: illegal -l value\n${QSUB_USAGE}`);
      if (!this.resources.some(([known]) => known === name)) this.resources.push([name, value.join('=')]);
    }
  }

  #addAttributes(list: string): void {
    for (const part of list.split(/,(?=\w+=)/)) {
      const [name = '', ...value] = part.split('=');
      if (!ATTRIBUTES.has(name) || value.length === 0) throw new Refusal(2, `qsub: illegal -W value\n${QSUB_USAGE}`);
      if (!this.attributes.has(name)) this.attributes.set(name, value.join('='));
    }
  }
}

const ATTRIBUTES = new Set([
  'depend',
  'umask',
  'sandbox',
  'group_list',
  'block',
  'stagein',
  'stageout',
  'run_count',
  'release_nodes_on_stageout',
]);

/**
 * Directives stand above the first line that is neither empty nor a comment.
 * @throws Refusal for one that qsub does not know.
 */
export function readDirectives(script: string, prefix = '#PBS'): Parsed[] {
  const found: Parsed[] = [];
  for (const line of script.split('\n')) {
    if (line.trim() !== '' && !line.startsWith('#') && !line.startsWith(':')) break;
    if (line.startsWith(prefix) && /^\s+-/.test(line.slice(prefix.length))) found.push(readDirective(line.slice(prefix.length).trim()));
  }
  return found;
}

function readDirective(text: string): Parsed {
  try {
    const parsed = parseCommandLine(splitWords(text));
    if (parsed.operands.length === 0 || parsed.operands[0]?.startsWith('#')) return parsed;
    throw new Refusal(2, `qsub: invalid operand ${parsed.operands[0]}\n${QSUB_USAGE}`);
  } catch (error) {
    if (error instanceof Refusal) throw new Refusal(error.exitCode, `${error.message}qsub: directive error: ${text}\n`);
    throw error;
  }
}

/** Words in quotes stay whole. */
const splitWords = (text: string): string[] =>
  [...text.matchAll(/"([^"]*)"|'([^']*)'|((?:[^\s"'\\]|\\.|(?<=\S)["'][^"']*["'])+)/g)].map(
    ([, double, single, plain]) => double ?? single ?? plain ?? '',
  );
