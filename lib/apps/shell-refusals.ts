/**
 * Why an interpolation of `` sh`…` `` is refused where it stands, and what to write instead. Knows no bash beyond that.
 */

/** Where no quoting makes data of every value. */
export type RefusedContext = 'heredoc' | 'backtick' | 'comment' | 'expansion' | 'arithmetic' | 'dollar' | 'lost';

export const REFUSALS: Readonly<Record<RefusedContext, string>> = {
  backtick: 'stands within backticks, which would read it a second time; write $( … ) instead',
  heredoc: "stands in a here-document, where it cannot be quoted; pass it as a word, as in printf '%s' …",
  comment: 'stands in a comment, which a newline in it would end, and what follows would run; take it out, or the # if it is none',
  expansion:
    'stands within a parameter expansion, where quotes are read differently; assign it to a variable of bash first, and name that there',
  arithmetic:
    'stands where bash evaluates arithmetic ($(( … )), (( … )), [ … ] of an array, -eq in [[ … ]]), which runs commands that a text holds, ' +
    'also by way of a variable; only an integer is safe there: give a number, as of Number.parseInt',
  dollar: 'stands right behind a $, which would change its quotes; for a dollar sign write \\$ before it',
  lost:
    'stands behind something within double quotes of which the end cannot be told: a case … esac in $( … ), or a single quote in a ' +
    'parameter expansion; assign that to a variable of bash on a line before, without quotes around it',
};
