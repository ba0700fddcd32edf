import { fileURLToPath } from 'node:url';
import vm from 'node:vm';
import { expect } from 'chai';
import { callerFile, type CallSite } from '../../../lib/apps/call-site.ts';
import { compileAppOptions } from '../../../lib/apps/options.ts';

const here = fileURLToPath(import.meta.url);
const lineHere = (): number => Number(/:(\d+):\d+\)?$/.exec(new Error('where').stack?.split('\n')[2] ?? '')?.[1]);

describe('the call site', () => {
  it('is file, line and column of the caller', () => {
    const site = callerFile();
    expect(site).to.deep.equal({ file: here, line: lineHere() - 1, column: 18 });
  });

  it('passes over as many frames of the user as are asked for', () => {
    const define = (): CallSite | undefined => callerFile(1);
    const site = define();
    expect(site?.line).to.equal(lineHere() - 1);
  });

  it('passes over frames of this package', () => {
    // Reading this option calls back into the spec from inside the package.
    let site: CallSite | undefined;
    const options = {
      get retries() {
        site = callerFile(1);
        return 1;
      },
    };
    compileAppOptions(options, 'js', 'a');
    expect(site).to.include({ file: here, line: lineHere() - 1 });
  });

  for (const limit of [0, 1]) {
    it(`is found though stack traces are limited to ${limit}, and the limit stays`, () => {
      const before = Error.stackTraceLimit;
      try {
        Error.stackTraceLimit = limit;
        const site = callerFile();
        expect(Error.stackTraceLimit).to.equal(limit);
        expect(site?.file).to.equal(here);
      } finally {
        Error.stackTraceLimit = before;
      }
    });
  }

  it('is found though the process prepares stack traces in its own way, and that way stays', () => {
    const before = Error.prepareStackTrace;
    const own = (): string => 'mine';
    try {
      Error.prepareStackTrace = own;
      const site = callerFile();
      expect(Error.prepareStackTrace).to.equal(own);
      expect(site?.file).to.equal(here);
    } finally {
      if (before === undefined) Reflect.deleteProperty(Error, 'prepareStackTrace');
      else Error.prepareStackTrace = before;
    }
  });

  it('leaves no trace of its own on a process that prepares none', () => {
    const had = Object.hasOwn(Error, 'prepareStackTrace');
    callerFile();
    expect(Object.hasOwn(Error, 'prepareStackTrace')).to.equal(had);
  });

  it('passes over code without a file', () => {
    const call = vm.runInThisContext('(f) => f()') as (f: () => unknown) => unknown;
    const site = call(() => callerFile(1)) as CallSite;
    expect(site).to.include({ file: here, line: lineHere() - 1 });
  });
});
