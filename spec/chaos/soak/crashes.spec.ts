import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { crashesIn } from './crashes.ts';

describe('crashes of a run’s processes', () => {
  let runDir: string;
  beforeEach(() => {
    runDir = mkdtempSync(join(tmpdir(), 'flotilla-crashes-'));
    mkdirSync(join(runDir, 'blocks'));
  });
  afterEach(() => rmSync(runDir, { recursive: true, force: true }));
  const write = (name: string, text: string): void => writeFileSync(join(runDir, name), text);

  it('are found wherever they are printed, with the error', () => {
    write('blocks/a.stderr', 'x.ts:3\n  throw\n\nRangeError [ERR]: out of range\n    at f (x.ts:3:1)\n\nNode.js v24.1.0\n');
    write('interchange.log', 'Traceback (most recent call last):\n  File "x"\nKeyError: 7\n');
    expect(crashesIn(runDir).sort()).to.deep.equal([
      'a process crashed: blocks/a.stderr: RangeError [ERR]: out of range',
      'a process crashed: interchange.log: KeyError: 7',
    ]);
  });

  it('are none of those that were killed', () => {
    write('blocks/a.stderr', 'bash: line 5: 24889 Killed   node manager-entry.ts\n');
    write('blocks/a.stdout', 'Node.js v24.1.0\n');
    expect(crashesIn(runDir)).to.deep.equal([]);
  });
});
