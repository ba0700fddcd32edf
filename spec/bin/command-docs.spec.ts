/**
 * The pages of the command line beside the parser: each says what the other has.
 */
import { expect } from 'chai';
import type { Command } from 'commander';
import { buildProgram } from '../../bin/cli.ts';
import { readPages } from '../support/doc-pages.ts';

const pages = new Map(readPages().map(({ path, text }) => [path, text]));
const program = buildProgram({ run: async () => undefined });

interface Section {
  readonly names: readonly string[];
  readonly page: string;
  readonly text: string;
}

/** A section for each heading such as `## flotilla runs, show`; map has a page of its own. */
function readSections(): Section[] {
  const parts = (pages.get('docs/command-line.md') ?? '').split(/^## /m);
  const ofCommands = parts.map((text) => ({ text, heading: /^flotilla ([a-z, ]+)\n/.exec(text)?.[1] }));
  return [
    ...ofCommands.flatMap(({ text, heading }) =>
      heading === undefined ? [] : [{ names: heading.split(', '), page: 'docs/command-line.md', text }],
    ),
    { names: ['map'], page: 'docs/map.md', text: pages.get('docs/map.md') ?? '' },
  ];
}

const sections = readSections();

const commandsOf = (names: readonly string[]): Command[] => program.commands.filter((command) => names.includes(command.name()));

/** `--json`, of a command and those within it. */
function longOptions(command: Command): string[] {
  const own = command.options.map(({ long }) => long).filter((long) => typeof long === 'string');
  return [...own, ...command.commands.flatMap(longOptions)];
}

/** Options in the first cells of tables. */
const inTables = (section: string): string[] =>
  [...section.matchAll(/^\|([^|]*)\|/gm)].flatMap(([, cell = '']) => cell.match(/--[a-z][a-z-]*/g) ?? []);

describe('the pages of the command line', () => {
  it('have every command, and none that does not exist', () => {
    const commands = program.commands.map((command) => command.name());
    expect(sections.flatMap(({ names }) => names).sort()).to.deep.equal(commands.sort());
  });

  for (const { names, page, text } of sections) {
    it(`have every option of ${names.join(', ')}: ${page}`, () => {
      const options = new Set(commandsOf(names).flatMap(longOptions));
      expect([...options].filter((option) => !new RegExp(`${option}(?![a-z-])`).test(text))).to.deep.equal([]);
    });

    it(`have no option that ${names.join(', ')} ${names.length === 1 ? 'does' : 'do'} not take: ${page}`, () => {
      const options = new Set(commandsOf(names).flatMap(longOptions));
      expect(inTables(text).filter((option) => !options.has(option))).to.deep.equal([]);
    });
  }

  it('have every command within config', () => {
    const within = commandsOf(['config']).flatMap(({ commands }) => commands.map((command) => command.name()));
    const text = sections.find(({ names }) => names.includes('config'))?.text ?? '';
    expect(within.filter((name) => !text.includes(`flotilla config ${name}`))).to.deep.equal([]);
    expect(within).to.include('check');
  });
});
