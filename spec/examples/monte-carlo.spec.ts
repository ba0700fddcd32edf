import { expect } from 'chai';
import { callPrice, normalBelow } from '../../examples/monte-carlo/call-price.ts';
import { type ExampleFolder, makeExampleFolder } from '../support/example.ts';
import { barePython, numpyPython } from '../support/python.ts';

describe('examples/monte-carlo.ts', () => {
  let folder: ExampleFolder;
  beforeEach(async () => {
    folder = await makeExampleFolder();
  });
  afterEach(() => folder.remove());

  const runWith = (python: string) => folder.run('monte-carlo.ts', [], ['--set', `executors.0.python=${python}`]);

  it('comes within five standard errors of the closed formula at every strike', async function () {
    this.timeout(300_000); // numpy may have to be installed first
    const numpy = numpyPython();
    if ('missing' in numpy) {
      console.log(`      skipped: ${numpy.missing}`);
      this.skip();
    }
    const { code, stdout, stderr } = await runWith(numpy.python);
    expect(code, stderr).to.equal(0);
    const rows = stdout
      .split('\n')
      .slice(2, -1)
      .map((line) => line.trim().split(/\s+/).map(Number));
    expect(rows.map(([strike]) => strike)).to.deep.equal([80, 90, 100, 110, 120]);
    for (const [strike = 0, simulated = 0, error = 0, formula = 0] of rows) {
      expect(error).to.be.within(0.001, 0.05);
      expect(Math.abs(simulated - formula), `strike ${strike}`).to.be.below(5 * error);
    }
  });

  it('says what to do where numpy is missing', async () => {
    const { code, stderr } = await runWith(barePython());
    expect(code).to.equal(1);
    expect(stderr).to.contain('monte-carlo: this example needs numpy');
    expect(stderr).not.to.match(/^ {4}at /m);
  });
});

describe('callPrice', () => {
  it('knows the normal distribution', () => {
    expect(normalBelow(0)).to.equal(0.5);
    expect(normalBelow(1.96)).to.be.closeTo(0.9750021, 1e-7);
    expect(normalBelow(-3)).to.be.closeTo(0.0013499, 1e-7);
  });

  it('gives the textbook price', () => {
    expect(callPrice(100, { spot: 100, rate: 0.05, volatility: 0.2, years: 1 })).to.be.closeTo(10.4506, 1e-4);
  });
});
