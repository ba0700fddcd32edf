/**
 * With which code, version and options the results of one app were made, by their arguments. So it can be told that a task runs again on
 * account of its code, although by then other calls have results of the new code.
 */
import type { KeyParts } from './memo-key.ts';

const PARTS = ['code', 'version', 'options'] as const;

type Making = Pick<KeyParts, (typeof PARTS)[number]>;

/** What was there first tells most: results of earlier runs are read before a run has any of its own. */
const MAX_LISTS = 200_000;
/** Of longer lists nothing is remembered. */
const MAX_ARGUMENTS = 32;

export class MadeWith {
  readonly #byArguments = new Map<string, Making>();
  /** Mostly that of the next result as well: an object for all of them. */
  #last: Making | undefined;

  add(parts: KeyParts): void {
    if (this.#byArguments.size < MAX_LISTS && parts.args.length <= MAX_ARGUMENTS)
      this.#byArguments.set(nameArguments(parts), this.#share(parts));
  }

  /** Which of these parts is another one in the latest result of the same arguments; undefined where there is none. */
  differing(parts: KeyParts): readonly string[] | undefined {
    const made = this.#byArguments.get(nameArguments(parts));
    return made && PARTS.filter((part) => made[part] !== parts[part]);
  }

  #share({ code, version, options }: KeyParts): Making {
    const last = this.#last;
    if (last?.code === code && last.version === version && last.options === options) return last;
    return (this.#last = { code, version, options });
  }
}

const nameArguments = ({ args }: KeyParts): string => args.map(({ label, digest }) => `${label}=${digest}`).join();
