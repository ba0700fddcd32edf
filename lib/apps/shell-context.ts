/**
 * Follows the text of a bash command far enough to say how a word must be quoted at the place where the text breaks off.
 *
 * It knows quotes, substitutions, arithmetic, comments and here-documents; it neither checks nor runs anything. Where bash could read
 * a text in two ways, it takes the one in which more is refused.
 */
import type { RefusedContext } from './shell-refusals.ts';

/** Where an interpolation stands. */
export type ShellContext = 'plain' | 'single' | 'double' | 'ansi' | RefusedContext;

/** 'command' is code of its own: $( … ), <( … ), ( … ). 'offset' is arithmetic too: ${a[…]}, ${a:…}. 'group' is ( … ) in [[ … ]]. */
type Frame = 'single' | 'double' | 'ansi' | 'backtick' | 'command' | 'arithmetic' | 'brace' | 'offset' | 'subscript' | 'test' | 'group';

interface HereDocument {
  readonly delimiter: string;
  readonly stripsTabs: boolean;
}

const HERE_DOCUMENT = /<<(-?)[ \t]*(?:'([^'\n]*)'|"([^"\n]*)"|\\?([^\s'"<>|;&()]+))/y;
const OFFSET = /\$\{[#!]?[\w@*]*(?:\[|:(?![-=+?]))/y;
/** Within "${…}", bash reads quotes around this as quotes or as themselves, to the same end. */
const HARMLESS_QUOTES = /'[^'"}{$`\\]*'/y;
const CASE = /(?:^|[;&|(){!\n]|\b(?:then|do|else|elif|if|while|until|time|coproc))\s*case$/;
const TEST_OF_NUMBERS = /\s-(?:eq|ne|lt|le|gt|ge|v)\s/;
const TAIL = 64;
const CLOSER: Partial<Record<Frame, string>> = {
  single: "'",
  double: '"',
  ansi: "'",
  backtick: '`',
  command: ')',
  arithmetic: ')',
  brace: '}',
  offset: '}',
  subscript: ']',
  group: ')',
};

export class ShellScanner {
  readonly #frames: Frame[] = [];
  /** Announced on this line; their bodies start at the next. */
  #announced: HereDocument[] = [];
  #bodies: HereDocument[] = [];
  /** The unfinished line of a here-document's body. */
  #bodyLine = '';
  /** The text breaks off where a here-document's delimiter stands. */
  #inDelimiter = false;
  #inComment = false;
  #isLost = false;
  /** All that was read; an interpolation is an x. */
  #read = '';
  /** The end of the code read; what is escaped is an x. */
  #tail = '';

  /** Reads on; a word that was interpolated in between counts as part of a word. */
  push(text: string): void {
    this.#read += text;
    if (text !== '') this.#inDelimiter = false;
    let at = 0;
    while (at < text.length) at = this.#bodies.length > 0 ? this.#readBody(text, at) : this.#readCode(text, at);
  }

  /** An interpolation follows here, and `rest` behind it. */
  interpolate(rest: string): ShellContext {
    const context = this.#context(rest);
    this.#read += 'x';
    this.#tail += 'x';
    if (this.#bodies.length > 0) this.#bodyLine += 'x';
    return context;
  }

  #context(rest: string): ShellContext {
    if (this.#bodies.length > 0 || this.#inDelimiter) return 'heredoc';
    if (this.#isLost) return 'lost';
    if (this.#inComment) return 'comment';
    if (this.#frames.includes('backtick')) return 'backtick';
    const frames = this.#framesOfCommand();
    if (frames.some((frame) => frame === 'arithmetic' || frame === 'subscript' || frame === 'offset')) return 'arithmetic';
    if (frames.includes('brace')) return 'expansion';
    if (frames.includes('test') && this.#isNumberTest(rest)) return 'arithmetic';
    const frame = frames.at(-1);
    if (frame === 'single' || frame === 'double' || frame === 'ansi') return frame;
    return (/\$+$/.exec(this.#tail)?.[0].length ?? 0) % 2 === 1 ? 'dollar' : 'plain';
  }

  /** Those within the innermost $( … ): what stands around it does not touch the words in it. */
  #framesOfCommand(): readonly Frame[] {
    return this.#frames.slice(this.#frames.lastIndexOf('command') + 1);
  }

  #isNumberTest(rest: string): boolean {
    const before = this.#read.split(/&&|\|\||\[\[/).at(-1) ?? '';
    const after = rest.split(/&&|\|\||\]\]/)[0] ?? '';
    return TEST_OF_NUMBERS.test(`${before}x${after}`);
  }

  #readBody(text: string, at: number): number {
    const end = text.indexOf('\n', at);
    this.#bodyLine += text.slice(at, end === -1 ? undefined : end);
    if (end === -1) return text.length;
    const document = this.#bodies[0];
    const line = document?.stripsTabs ? this.#bodyLine.replace(/^\t+/, '') : this.#bodyLine;
    if (line === document?.delimiter) this.#bodies.shift();
    this.#bodyLine = '';
    this.#tail = '\n';
    return end + 1;
  }

  #readCode(text: string, at: number): number {
    const character = text.charAt(at);
    const before = this.#tail;
    this.#tail = (before + character).slice(-TAIL);
    const frame = this.#frames.at(-1);
    if (character === '\n' && (this.#inComment || this.#isCode(frame))) this.#endLine();
    if (this.#inComment) return at + 1;
    if (frame === 'single') return this.#closeAt(character, "'", at);
    if (character === '\\') return this.#escape(text, at);
    if (frame !== undefined && character === CLOSER[frame]) return this.#closeAt(character, character, at);
    return frame === 'ansi' ? at + 1 : this.#open(text, at, character, before);
  }

  #isCode(frame: Frame | undefined): boolean {
    return frame === undefined || frame === 'command' || frame === 'backtick';
  }

  #open(text: string, at: number, character: string, before: string): number {
    if (character === '`') return this.#enter('backtick', at + 1);
    if (character === '"') return this.#enter('double', at + 1);
    if (character === '$' && /[({[]/.test(text.charAt(at + 1))) return this.#openSubstitution(text, at);
    const frame = this.#frames.at(-1);
    if (frame === 'double') return at + 1;
    if (character === "'" && this.#isQuotedExpansion(frame)) return this.#skipQuotes(text, at);
    if (character === '$' && text.charAt(at + 1) === "'" && !this.#isQuotedExpansion(frame)) return this.#enter('ansi', at + 2);
    if (character === "'") return this.#enter('single', at + 1);
    if (character === '#' && /(?:^|[\s;&|()<>])$/.test(before) && frame !== 'brace' && frame !== 'offset') this.#inComment = true;
    if (frame === 'brace' || frame === 'offset') return at + 1;
    if (/\s/.test(character) && CASE.test(before)) this.#noteCase();
    return this.#openGroup(text, at, character, before);
  }

  #openSubstitution(text: string, at: number): number {
    this.#tail += text.charAt(at + 1);
    if (text.startsWith('((', at + 1)) return this.#enter('arithmetic', this.#enter('arithmetic', at + 3));
    if (text.charAt(at + 1) === '(') return this.#enter('command', at + 2);
    if (text.charAt(at + 1) === '[') return this.#enter('subscript', at + 2);
    OFFSET.lastIndex = at;
    return this.#enter(OFFSET.test(text) ? 'offset' : 'brace', at + 2);
  }

  #openGroup(text: string, at: number, character: string, before: string): number {
    const frame = this.#frames.at(-1);
    const isWordStart = /(?:^|[\s;&|()<>])$/.test(before);
    switch (character) {
      case '(':
        return this.#enter(this.#parenthesis(text, at, frame), at + 1);
      case ')':
        return this.#closeCommand(at);
      case '[':
        if (isWordStart && /^\[\[\s/.test(text.slice(at, at + 3))) return this.#enter('test', at + 2);
        return isWordStart && /^\s/.test(text.slice(at + 1)) ? at + 1 : this.#enter('subscript', at + 1);
      case ']':
        if (frame === 'test' && isWordStart && text.startsWith(']]', at)) this.#frames.pop();
        return at + 1;
      case '<':
        return this.#readRedirection(text, at);
      default:
        return at + 1;
    }
  }

  #parenthesis(text: string, at: number, frame: Frame | undefined): Frame {
    if (frame === 'arithmetic' || frame === 'subscript') return 'arithmetic';
    if (/[<>]/.test(this.#tail.at(-2) ?? '')) return 'command';
    if (frame === 'test' || frame === 'group') return 'group';
    return text.charAt(at + 1) === '(' ? 'arithmetic' : 'command';
  }

  /** `[` and `[[` that were only words end with the command that they stand in. */
  #closeCommand(at: number): number {
    const open = this.#framesOfCommand();
    const areWords = open.every((frame) => frame === 'test' || frame === 'subscript');
    if (areWords && open.length < this.#frames.length) this.#frames.length -= open.length + 1;
    return at + 1;
  }

  /** The parenthesis of a pattern would end the $( … ) that it stands in; that matters where something lies around it. */
  #noteCase(): void {
    if (this.#frames.some((frame) => frame !== 'command')) this.#isLost = true;
  }

  #isQuotedExpansion(frame: Frame | undefined): boolean {
    return (frame === 'brace' || frame === 'offset') && this.#framesOfCommand().includes('double');
  }

  #skipQuotes(text: string, at: number): number {
    HARMLESS_QUOTES.lastIndex = at;
    const match = HARMLESS_QUOTES.exec(text);
    if (!match) this.#isLost = true;
    return at + (match?.[0].length ?? 1);
  }

  #readRedirection(text: string, at: number): number {
    if (text.startsWith('<<<', at)) return at + 3;
    if (!text.startsWith('<<', at) || !this.#isCode(this.#frames.at(-1))) return at + 1;
    HERE_DOCUMENT.lastIndex = at;
    const match = HERE_DOCUMENT.exec(text);
    const end = at + (match?.[0].length ?? 2);
    this.#inDelimiter = text.slice(end).trim() === '' && (!match || end === text.length);
    if (match) this.#announced.push({ stripsTabs: match[1] === '-', delimiter: match[2] ?? match[3] ?? match[4] ?? '' });
    return end;
  }

  #enter(frame: Frame, next: number): number {
    this.#frames.push(frame);
    return next;
  }

  #closeAt(character: string, closer: string, at: number): number {
    if (character === closer) this.#frames.pop();
    return at + 1;
  }

  /** A backslash takes the next character with it, whatever it is; with a newline, it is as if neither were there. */
  #escape(text: string, at: number): number {
    this.#tail = this.#tail.slice(0, -1) + (text.charAt(at + 1) === '\n' ? '' : 'x');
    return at + 2;
  }

  #endLine(): void {
    this.#inComment = false;
    this.#bodies = this.#announced;
    this.#announced = [];
  }
}
