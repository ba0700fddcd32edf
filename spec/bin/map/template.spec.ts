import { spawnSync } from 'node:child_process';
import { expect } from 'chai';
import { compileTemplate, partOf } from '../../../bin/map/template.ts';
import { UsageError } from '../../../bin/usage-error.ts';

const render = (command: string, args: readonly string[], seq = 1): string => compileTemplate(command).render(args, seq);

/** What a command with an argument in it prints, run by bash. */
const printed = (command: string, arg: string): string => spawnSync('bash', ['-c', render(command, [arg])], { encoding: 'utf8' }).stdout;

const ODD = ['a b', "it's", '$(echo gone)', '`echo gone`', '"', '\\', '*', '', '!x', "'", '$HOME', 'a\nb', 'é;&|<>'];

describe('replacement strings', () => {
  const rows: [string, string[], string][] = [
    ['gzip {}', ['a'], 'gzip a'],
    ['gzip', ['a'], 'gzip a'],
    ['a {} b {}', ['x y'], "a 'x y' b 'x y'"],
    ['{1}{2}{-1}', ['x', 'y'], 'xyy'],
    ['{2/.} {1//}', ['a/b.c', 'd/e.f'], 'e a'],
    ['n {#}', ['x'], 'n 7'],
    ['f {3}', ['x'], 'f '],
    ['awk {print} {}', ['x'], 'awk {print} x'],
    ['', ['a b', 'c'], 'a b c'],
    ['  ', ['echo 1; echo 2'], 'echo 1; echo 2'],
  ];
  for (const [command, args, expected] of rows)
    it(`'${command}' of ${args.join(' and ')} is ${expected}`, () => expect(render(command, args, 7)).to.equal(expected));

  for (const [where, command] of [
    ['bare', "printf '<%s>' {}"],
    ['within single quotes', "printf '<%s>' '{}'"],
    ['within double quotes', 'printf \'<%s>\' "{}"'],
    ["within $'…'", "printf '<%s>' $'{}'"],
    ['within $(…)', 'printf \'<%s>\' "$(printf %s {}; printf .)"'],
  ] as const) {
    it(`arrive as they are, whatever is in them: ${where}`, () => {
      const end = where === 'within $(…)' ? '.' : '';
      for (const arg of ODD) expect(printed(command, arg)).to.equal(`<${arg}${end}>`);
    });
  }

  for (const [where, command] of [
    ['backticks', 'echo `cat {}`'],
    ['a here-document', 'cat <<E\n{}\nE'],
    ['a parameter expansion', ['echo $', '{x:-{}}'].join('')],
    ['a comment', 'echo # {}'],
    ['arithmetic', 'echo $(( 2 * {} ))'],
  ] as const) {
    it(`are refused within ${where}, where no quoting is safe`, () => expect(() => render(command, ['a'])).to.throw(UsageError, where));
  }

  it('take integers, and numbers of jobs, in arithmetic', () => {
    expect(printed('echo $(( 2 * {} + {#} ))', '-4')).to.equal('-7\n');
    expect(render('echo `date` $(( {#} ))', ['x'], 3)).to.equal('echo `date` $(( 3 ))');
  });

  it('say which argument is no integer, and how brackets are meant as text', () => {
    expect(() => render('echo [{}]', ['b c'])).to.throw(UsageError, /the argument 'b c' .* in quotes: '\[\{\}\]'$/);
    expect(printed("echo '[{}]'", 'b c')).to.equal('[b c]\n');
  });

  it('refuse an argument with a NUL byte, and name -0', () => expect(() => render('echo', ['a\0b'])).to.throw(UsageError, '-0'));

  it('know the parts of a path', () => {
    const parts = ['', '.', '/', '//', '/.'] as const;
    expect(parts.map((part) => partOf('a/b/c.tar.gz', part))).to.deep.equal(['a/b/c.tar.gz', 'a/b/c.tar', 'c.tar.gz', 'a/b', 'c.tar']);
  });
});
