import { expect } from 'chai';
import fc from 'fast-check';
import { execFileSync } from 'node:child_process';
import { sh } from '../../../lib/apps/sh.ts';
import { file } from '../../../lib/files/file.ts';

/** What bash makes of the words behind `words`. */
const wordsOf = (command: string): string[] =>
  execFileSync('bash', ['-c', `words() { printf '%s\\0' "$#" "$@"; }; ${command}`], { encoding: 'utf8' })
    .split('\0')
    .slice(1, -1);
const output = (command: string): string => execFileSync('bash', ['-c', command], { encoding: 'utf8' });

const HOSTILE = [
  '',
  ' ',
  'two words',
  "it's",
  '"',
  "'",
  "''",
  "'; exit 9; '",
  '$HOME',
  `\${HOME}`,
  '$(exit 9)',
  '`exit 9`',
  '*',
  '?',
  '[a]',
  '{a,b}',
  '~',
  '!',
  '#',
  '\\',
  "\\'",
  'trailing\\',
  'a\nb',
  '\n',
  '\r\n',
  '\t',
  '-rf',
  '--',
  '=',
  'A=b',
  '&',
  '|',
  ';',
  '<',
  '>',
  '(',
  ')',
  'é€😀',
  '\u202e',
  '\x01\x7f',
  '%s',
  'EOF',
];

describe('sh', () => {
  for (const value of HOSTILE) {
    it(`passes ${JSON.stringify(value)} as one word, wherever it stands`, () => {
      expect(wordsOf(sh`words ${value}`)).to.deep.equal([value]);
      expect(wordsOf(sh`words --x=${value} after`)).to.deep.equal([`--x=${value}`, 'after']);
      expect(wordsOf(sh`words "a ${value} $((1 + 1))"`)).to.deep.equal([`a ${value} 2`]);
      expect(wordsOf(sh`words 'a ${value} $b'`)).to.deep.equal([`a ${value} $b`]);
      expect(wordsOf(sh`words $'a ${value} \t'`)).to.deep.equal([`a ${value} \t`]);
      expect(wordsOf(sh`words "$(printf '%sx' ${value})"`)).to.deep.equal([`${value}x`]);
      expect(wordsOf(sh`words "\${unset:-"$(printf '%sx' "${value}")"}"`)).to.deep.equal([`${value}x`]);
    });
  }

  it('passes any strings as their words', () => {
    const texts = fc.array(
      fc.string({ unit: 'binary', maxLength: 20 }).filter((text) => !text.includes('\0') && text.isWellFormed()),
      { minLength: 1, maxLength: 5 },
    );
    fc.assert(
      fc.property(texts, (values) => {
        expect(wordsOf(sh`words ${values} "${values[0] ?? ''}"`)).to.deep.equal([...values, values[0]]);
      }),
      { numRuns: 100 },
    );
  });

  it('writes numbers, bigints and booleans as they are', () => {
    expect(sh`run ${0.5} ${-3} ${1e21} ${10n} ${true}`).to.equal('run 0.5 -3 1e+21 10 true');
  });

  it('makes one word of each element of an array, and none of an empty one', () => {
    expect(wordsOf(sh`words ${['a b', 1, file('/data/c d')]} ${[]} end`)).to.deep.equal(['a b', '1', '/data/c d', 'end']);
  });

  it('refuses a file elsewhere, whose path would name another one here', () => {
    const passwords = file('https://example.org/etc/passwd');
    expect(() => sh`cat ${passwords}`).to.throw(
      TypeError,
      /^interpolation 1 of sh`…` is https:\/\/example\.org\/etc\/passwd, a file that is not on/,
    );
    expect(() => sh`cat ${[passwords]}`).to.throw(TypeError, /not on this file system/);
    expect(wordsOf(sh`words ${passwords.url}`)).to.deep.equal(['https://example.org/etc/passwd']);
  });

  it('writes a file as its path', () => {
    expect(wordsOf(sh`words ${file('/data/my file.csv')}`)).to.deep.equal(['/data/my file.csv']);
  });

  describe('takes the text as it is typed', () => {
    it('keeps backslashes for bash', () => {
      expect(sh`grep '\.txt$' | tr '\n' ' ' | sed 's/\\/x/' \
  && echo \$HOME`).to.equal("grep '\\.txt$' | tr '\\n' ' ' | sed 's/\\\\/x/' \\\n  && echo \\$HOME");
    });

    it('loses only the backslashes that JavaScript asks for', () => {
      expect(sh`echo \${HOME} $\{HOME} \`date\` \\\${X}`).to.equal(`echo \${HOME} \${HOME} \`date\` \\\\\${X}`);
    });

    it('follows quotes over comments, parameters, arithmetic and here-documents', () => {
      const value = 'a b';
      expect(
        output(sh`# don't
        x=5; echo "\${#x}" $# $((x << 1)) it\'s ${value} # it's
        cat <<'EOF'
it's $x
EOF
        cat <<-EOF
	it's $x
	EOF
        cat <<< "it's" ; echo "${value}"`),
      ).to.equal("1 0 10 it's a b\nit's $x\nit's 5\nit's\na b\n");
    });
  });

  const future = Promise.resolve(1);
  const refused: readonly [string, () => string, RegExp][] = [
    ['undefined', () => sh`run ${1} ${undefined as never}`, /interpolation 2 of sh`…` is undefined.*argument missing/],
    ['null', () => sh`run ${null as never}`, /interpolation 1 .* null/],
    ['an object', () => sh`run ${{ a: 1 } as never}`, /interpolation 1 .*a: 1.*\(object\).*JSON\.stringify/],
    ['a function', () => sh`run ${(() => 1) as never}`, /interpolation 1 .*\(function\).*call it/],
    ['a symbol', () => sh`run ${Symbol('s') as never}`, /interpolation 1 .*Symbol\(s\)/],
    ['a future', () => sh`run ${future as never}`, /interpolation 1 .*argument of the app/],
    ['undefined in an array', () => sh`run ${['a', undefined as never]}`, /interpolation 1 .* undefined/],
    ['a NUL byte', () => sh`run ${'a\0b'}`, /interpolation 1 .*NUL byte \(at character 1\)/],
    ['an array within quotes', () => sh`run "${['a']}"`, /interpolation 1 .*array within quotes/],
    ['a value within backticks', () => sh`run \`echo ${'a'}\``, /interpolation 1 .*backticks.*\$\( … \)/],
    [
      'a value within a here-document',
      () => sh`cat <<EOF
${'a'}
EOF`,
      /interpolation 1 .*here-document/,
    ],
  ];
  for (const [what, make, message] of refused) {
    it(`refuses ${what}`, () => expect(make).to.throw(TypeError, message));
  }
});
