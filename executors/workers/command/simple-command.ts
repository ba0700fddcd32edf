/**
 * Recognises commands that mean the same with and without a shell, so that starting a shell can be saved.
 *
 * Anything doubtful is not simple. It knows bash's grammar and built-in words, not who executes.
 */

const BUILTINS = `. : [ alias bg bind break builtin caller cd command compgen complete compopt continue declare dirs disown echo enable eval
  exec exit export false fc fg getopts hash help history jobs kill let local logout mapfile popd printf pushd pwd read readarray readonly
  return set shift shopt source suspend test times trap true type typeset ulimit umask unalias unset wait`;
const KEYWORDS = 'if then else elif fi case esac for select while until do done in function time coproc';
const SHELL_WORDS = new Set(`${BUILTINS} ${KEYWORDS}`.split(/\s+/));

/** One word: characters that no shell gives a meaning to, and single-quoted parts. */
const WORD = /(?:[A-Za-z0-9_./:,@%+=-]+|'[^'\0]*')+/y;
const PROGRAM = /^(?=.*[^./])[A-Za-z0-9_./+][A-Za-z0-9_./+-]*$/;
const BLANK = ' \t\n';

/**
 * The words of a command that can be executed as it stands; null if it takes a shell, or might.
 *
 * @example splitSimpleCommand("./simulate --t '0.5 K'") // ['./simulate', '--t', '0.5 K']
 */
export function splitSimpleCommand(command: string): string[] | null {
  const words = splitWords(trimBlanks(command));
  const program = words?.[0];
  if (!words || program === undefined || !PROGRAM.test(program)) return null;
  // The programs of these names do the same as the built-ins as long as they get no arguments (--help).
  if (program === 'true' || program === 'false') return words.length === 1 ? words : null;
  return SHELL_WORDS.has(program) ? null : words;
}

/** Not `trim()`: to a shell other white space is part of a word. */
function trimBlanks(text: string): string {
  let from = 0;
  let to = text.length;
  while (from < to && BLANK.includes(text.charAt(from))) from++;
  while (to > from && BLANK.includes(text.charAt(to - 1))) to--;
  return text.slice(from, to);
}

function splitWords(text: string): string[] | null {
  const words: string[] = [];
  let at = 0;
  while (at < text.length) {
    WORD.lastIndex = at;
    const word = WORD.exec(text)?.[0];
    if (word === undefined) return null;
    words.push(word.replace(/'([^']*)'/g, '$1'));
    at += word.length;
    if (at === text.length) break;
    const blanks = /[ \t]+/y;
    blanks.lastIndex = at;
    const gap = blanks.exec(text)?.[0];
    if (gap === undefined) return null;
    at += gap.length;
  }
  return words;
}

/** Variables through which bash runs or sets something before the command. */
const SHELL_SETTINGS = ['BASH_ENV', 'SHELLOPTS', 'BASHOPTS'];

/** Whether bash in this environment would do nothing to `program` but look it up: no start-up file, no exported function of its name. */
export function isPlainEnvironment(env: Readonly<Record<string, string | undefined>>, program: string): boolean {
  return !SHELL_SETTINGS.some((name) => env[name]) && env[`BASH_FUNC_${program}%%`] === undefined;
}
