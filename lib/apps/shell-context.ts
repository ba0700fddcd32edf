/**
 * Follows the text of a bash command far enough to say how a word must be quoted at the place where the text breaks off.
 *
 * It knows quotes, substitutions, comments and here-documents; it neither checks nor runs anything.
 */

/** Where an interpolation stands. 'heredoc' and 'backtick': no quoting works there for every value. */
export type ShellContext = 'plain' | 'single' | 'double' | 'ansi' | 'heredoc' | 'backtick';

type Frame = 'single' | 'double' | 'ansi' | 'backtick' | 'paren' | 'arithmetic' | 'brace';

interface HereDocument {
  readonly delimiter: string;
  readonly stripsTabs: boolean;
}

const HERE_DOCUMENT = /<<(-?)[ \t]*(?:'([^'\n]*)'|"([^"\n]*)"|\\?([^\s'"<>|;&()]+))/y;
const CLOSER: Partial<Record<Frame, string>> = {
  single: "'",
  double: '"',
  ansi: "'",
  backtick: '`',
  paren: ')',
  arithmetic: ')',
  brace: '}',
};

export class ShellScanner {
  readonly #frames: Frame[] = [];
  /** Announced on this line; their bodies start at the next. */
  #announced: HereDocument[] = [];
  #bodies: HereDocument[] = [];
  /** The unfinished line of a here-document's body. */
  #bodyLine = '';
  #inComment = false;
  #previous = '\n';

  /** Reads on; a word that was interpolated in between counts as part of a word. */
  push(text: string): void {
    let at = 0;
    while (at < text.length) at = this.#bodies.length > 0 ? this.#readBody(text, at) : this.#readCode(text, at);
  }

  /** An interpolation follows here. */
  interpolate(): ShellContext {
    this.#previous = 'x';
    if (this.#bodies.length > 0) return 'heredoc';
    if (this.#frames.includes('backtick')) return 'backtick';
    const frame = this.#frames.at(-1);
    return frame === 'single' || frame === 'double' || frame === 'ansi' ? frame : 'plain';
  }

  #readBody(text: string, at: number): number {
    const end = text.indexOf('\n', at);
    this.#bodyLine += text.slice(at, end === -1 ? undefined : end);
    if (end === -1) return text.length;
    const document = this.#bodies[0];
    const line = document?.stripsTabs ? this.#bodyLine.replace(/^\t+/, '') : this.#bodyLine;
    if (line === document?.delimiter) this.#bodies.shift();
    this.#bodyLine = '';
    this.#previous = '\n';
    return end + 1;
  }

  #readCode(text: string, at: number): number {
    const character = text.charAt(at);
    const before = this.#previous;
    this.#previous = character;
    if (character === '\n') this.#endLine();
    if (this.#inComment) return at + 1;
    const frame = this.#frames.at(-1);
    if (frame === 'single') return this.#closeAt(character, "'", at);
    if (character === '\\') return this.#escape(at);
    if (frame !== undefined && character === CLOSER[frame]) return this.#closeAt(character, character, at);
    return frame === 'ansi' ? at + 1 : this.#open(text, at, character, before);
  }

  #open(text: string, at: number, character: string, before: string): number {
    const inDouble = this.#frames.at(-1) === 'double';
    if (character === '`') return this.#enter('backtick', at + 1);
    if (character === '"') return this.#enter('double', at + 1);
    if (character === '$' && text.startsWith('((', at + 1)) return this.#enter('arithmetic', this.#enter('paren', at + 3));
    if (character === '$' && text.charAt(at + 1) === '(') return this.#enter('paren', at + 2);
    if (character === '$' && text.charAt(at + 1) === '{') return this.#enter('brace', at + 2);
    if (inDouble) return at + 1;
    if (character === '$' && text.charAt(at + 1) === "'") return this.#enter('ansi', at + 2);
    if (character === "'") return this.#enter('single', at + 1);
    if (character === '(') return this.#enter(text.charAt(at + 1) === '(' ? 'arithmetic' : 'paren', at + 1);
    if (character === '#' && /[\s;&|()]/.test(before) && this.#frames.at(-1) !== 'brace') this.#inComment = true;
    return character === '<' ? this.#readRedirection(text, at) : at + 1;
  }

  #readRedirection(text: string, at: number): number {
    if (text.startsWith('<<<', at)) return at + 3;
    HERE_DOCUMENT.lastIndex = at;
    const match = this.#frames.includes('arithmetic') ? null : HERE_DOCUMENT.exec(text);
    if (!match) return at + 1;
    this.#announced.push({ stripsTabs: match[1] === '-', delimiter: match[2] ?? match[3] ?? match[4] ?? '' });
    return at + match[0].length;
  }

  #enter(frame: Frame, next: number): number {
    this.#frames.push(frame);
    return next;
  }

  #closeAt(character: string, closer: string, at: number): number {
    if (character === closer) this.#frames.pop();
    return at + 1;
  }

  /** A backslash takes the next character with it, whatever it is. */
  #escape(at: number): number {
    this.#previous = 'x';
    return at + 2;
  }

  #endLine(): void {
    this.#inComment = false;
    this.#bodies = this.#announced;
    this.#announced = [];
  }
}
