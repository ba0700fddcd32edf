import { expect } from 'chai';
import fc from 'fast-check';
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
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

  it('refuses to be called as a function, and says how it is written', () => {
    const call = sh as unknown as (text?: unknown) => string;
    expect(() => call('echo')).to.throw(TypeError, /sh is a tag.*called as a function, with .echo./);
    expect(() => call()).to.throw(TypeError, /with undefined/);
  });

  describe('runs nothing of what is interpolated', () => {
    const ATTACKS = [
      'x\ntouch P #',
      '$(touch P)',
      '`touch P`',
      'a[$(touch P)]',
      "'; touch P; '",
      '"; touch P; "',
      "\\'; touch P #",
      '}; touch P; #',
      '}$(touch P)',
      ')); touch P; ((',
      'x\nEOF\ntouch P\n',
      "'$(touch P)'",
      '; touch P #',
      ' ; touch P ; ',
    ];
    const refused: readonly [string, RegExp, (s: string) => string][] = [
      ['a comment', /comment/, (s) => sh`echo a # ${s}`],
      [
        'a comment of a later line',
        /comment/,
        (s) => sh`echo a\
;# "${s}"`,
      ],
      ['a comment behind a redirection', /comment/, (s) => sh`echo a >#${s}`],
      ['an expansion in double quotes', /parameter expansion/, (s) => sh`echo "\${FOO:-${s}}"`],
      ['quotes of an expansion in double quotes', /parameter expansion/, (s) => sh`echo "\${FOO:-"${s}"}"`],
      ['an expansion', /parameter expansion/, (s) => sh`echo \${FOO:-${s}}`],
      ['an arithmetic expansion', /arithmetic/, (s) => sh`echo $((1 + ${s}))`],
      ['parentheses in arithmetic', /arithmetic/, (s) => sh`echo "$(( (1 + "${s}") ))"`],
      ['old arithmetic', /arithmetic/, (s) => sh`echo $[1 + ${s}]`],
      ['an arithmetic command', /arithmetic/, (s) => sh`((x = ${s}))`],
      ['an arithmetic loop', /arithmetic/, (s) => sh`for ((i = 0; i < ${s}; i++)); do :; done`],
      ['a subscript that is assigned to', /arithmetic/, (s) => sh`a[${s}]=1`],
      ['quotes of a subscript', /arithmetic/, (s) => sh`a["${s}"]=1`],
      ['a subscript in a list', /arithmetic/, (s) => sh`a=([${s}]=1)`],
      ['a subscript that is read', /arithmetic/, (s) => sh`a=(1); echo "\${a[${s}]}"`],
      ['an offset', /arithmetic/, (s) => sh`x=abc; echo "\${x:${s}}"`],
      ['the left of -eq', /arithmetic/, (s) => sh`[[ ${s} -eq 1 ]]`],
      ['the right of -lt', /arithmetic/, (s) => sh`[[ -n a && ( 1 -lt "${s}" ) ]]`],
      ['-v', /arithmetic/, (s) => sh`[[ -v ${s} ]]`],
      ['a case in quotes', /case … esac/, (s) => sh`echo "$(case a in a) echo ${s};; esac)"`],
      ['what follows a case in quotes', /case … esac/, (s) => sh`echo "$(if :; then case a in a) echo;; esac; fi) ${s}"`],
      ['what follows a quote in an expansion', /single quote/, (s) => sh`echo "\${FOO:-it's}" ${s}`],
      ['what follows a dollar sign', /right behind a \$/, (s) => sh`echo $${s}`],
      [
        'the delimiter of a here-document',
        /here-document/,
        (s) => sh`cat <<${s}
x
EOF`,
      ],
    ];
    for (const [place, message, make] of refused) {
      it(`refuses ${place}`, () => {
        for (const attack of ATTACKS) expect(() => make(attack)).to.throw(TypeError, message);
      });
    }

    const accepted: readonly [string, (s: string) => string][] = [
      ['a case', (s) => sh`case ${s} in a) echo ${s};; *) echo "${s}";; esac; (case x in x) echo ${s};; esac) ; echo "${s}"`],
      ['the word case in quotes', (s) => sh`echo "$(echo case ${s}) ${s}"`],
      ['words that are brackets', (s) => sh`echo "$(echo a[) ${s}" "$(echo [[ ) ${s}" [ ${s} ]`],
      ['tests', (s) => sh`[[ ${s} == "${s}" && 1 -eq 1 ]] && [ ${s} = ${s} ] && echo ${s}`],
      ['a command in arithmetic', (s) => sh`echo $(( $(printf %s ${s} | wc -c) + 1 )) "${s}" ${s}`],
      ['what follows expansions', (s) => sh`x=a.b; echo "\${x%'.b'}" "\${x:-"it's"}" \${x#a} \${x:1} "${s}" ${s} '${s}'`],
      ['what follows a process number', (s) => sh`echo $$${s} "$${s}" \$${s}`],
      [
        'what follows globs and comments',
        (s) => sh`echo [a-c]* x[[:alpha:]] # it's
echo ${s} "${s}" # "
echo <(echo ${s}) "${s}"`,
      ],
    ];
    for (const [place, make] of accepted) {
      it(`nor in ${place}`, () => {
        const folder = mkdtempSync(join(tmpdir(), 'flotilla-sh-'));
        try {
          for (const attack of ATTACKS) {
            const { status, stderr } = spawnSync('bash', ['-c', make(attack)], { cwd: folder, encoding: 'utf8' });
            expect({ status, stderr, attack }).to.deep.equal({ status: 0, stderr: '', attack });
            expect(existsSync(join(folder, 'P')), attack).to.equal(false);
          }
        } finally {
          rmSync(folder, { recursive: true });
        }
      });
    }

    it('but takes integers in arithmetic', () => {
      const command = sh`a=(4 5 6); x=abc; echo $((1-${-3})) \${a[${2}]} "\${x:${-1}}" $((${2n} * 2)); [[ 3 -eq ${3} ]]`;
      expect(output(command)).to.equal('4 6 c 4\n');
      for (const number of [0.5, Number.NaN, 1e21]) expect(() => sh`echo $((${number}))`).to.throw(TypeError, /integer/);
    });
  });
});
