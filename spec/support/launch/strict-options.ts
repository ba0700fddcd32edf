/**
 * Options of an emulated launcher, read as strictly as getopt_long reads them: what is not in the table is refused, and so is a value
 * that its check does not take. The first word that is no option ends them.
 */
export interface OptionRule {
  /** As they are written: '-n', '--ntasks'. The first is its name. */
  readonly names: readonly string[];
  /** Absent: it takes no value. With `optional`, only behind a '='. */
  readonly value?: RegExp;
  readonly optional?: true;
}

export interface ReadOptions {
  /** By name, the last of several; '' for one without value. */
  readonly given: ReadonlyMap<string, string>;
  /** The program and its arguments. */
  readonly argv: readonly string[];
}

/** @throws Error with the program's complaint. */
export function readOptions(words: readonly string[], rules: readonly OptionRule[]): ReadOptions {
  const given = new Map<string, string>();
  let at = 0;
  for (; at < words.length; at++) {
    const word = words[at] ?? '';
    if (!word.startsWith('-')) break;
    if (word === '--') return { given, argv: words.slice(at + 1) };
    const [written = '', ...rest] = word.split('=');
    const rule = rules.find(({ names }) => names.includes(written));
    if (rule === undefined) throw new Error(`unrecognized option '${written}'`);
    given.set(rule.names[0] ?? '', rule.value === undefined ? refuseValue(word) : takeValue(rule, written, rest));
  }
  return { given, argv: words.slice(at) };

  function takeValue(rule: OptionRule, written: string, rest: readonly string[]): string {
    const value = rest.length > 0 ? rest.join('=') : rule.optional ? '' : words[++at];
    if (value === undefined) throw new Error(`option '${written}' requires an argument`);
    if (value !== '' || !rule.optional) checkValue(rule, written, value);
    return value;
  }
}

function refuseValue(word: string): '' {
  if (!word.includes('=')) return '';
  throw new Error(`option '${word.slice(0, word.indexOf('='))}' doesn't allow an argument`);
}

function checkValue({ value }: OptionRule, written: string, seen: string): void {
  if (value !== undefined && !value.test(seen)) throw new Error(`invalid argument for '${written}': '${seen}'`);
}
