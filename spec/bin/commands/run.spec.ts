import { expect } from 'chai';
import { makeScriptFolder, packageUrl, type ScriptFolder } from '../../support/flotilla-run.ts';

describe('flotilla run', () => {
  let folder: ScriptFolder;
  beforeEach(async () => {
    folder = await makeScriptFolder();
  });
  afterEach(() => folder.remove());

  const importAll = `import { jsApp, load } from '${packageUrl}';\n`;

  describe('a script that uses no kernel', () => {
    it('gets its own arguments, as Node would give them', async () => {
      await folder.write('a.ts', 'console.log(JSON.stringify(process.argv.slice(1))); export const x: number = 1;');
      const { stdout, code, stderr } = await folder.run(['run', 'a.ts', '--', '-x', 'y z']);
      expect(JSON.parse(stdout).slice(1)).to.deep.equal(['-x', 'y z']);
      expect(JSON.parse(stdout)[0]).to.match(/\/a\.ts$/);
      expect({ code, stderr }).to.deep.equal({ code: 0, stderr: '' });
    });

    it('runs to its end when nobody awaits its main(), and keeps the exit code that it sets', async () => {
      await folder.write(
        'a.ts',
        'async function main() { await new Promise((r) => setTimeout(r, 30)); console.log("done"); process.exitCode = 5; }\nvoid main();',
      );
      const { stdout, code } = await folder.run(['run', 'a.ts']);
      expect({ stdout, code }).to.deep.equal({ stdout: 'done\n', code: 5 });
    });

    it('that throws is shown with its own frames only', async () => {
      await folder.write('a.ts', 'function deep(): never { throw new RangeError("mine"); }\ndeep();');
      const { stderr, code } = await folder.run(['run', 'a.ts']);
      expect(code).to.equal(1);
      expect(stderr).to.match(/^RangeError: mine\n {4}at deep .*a\.ts:1:32\)\n {4}at .*a\.ts:2:1\)?\n$/);
    });

    it('that rejects a promise behind its back fails', async () => {
      await folder.write('a.ts', 'setTimeout(() => Promise.reject(new Error("late")), 1); setInterval(() => {}, 1000);');
      const { stderr, code } = await folder.run(['run', 'a.ts']);
      expect(code).to.equal(1);
      expect(stderr).to.contain('Error: late');
    });

    it('that awaits what cannot happen fails, and says so', async () => {
      await folder.write('a.ts', 'await new Promise(() => {});');
      const { stderr, code } = await folder.run(['run', 'a.ts']);
      expect(code).to.equal(1);
      expect(stderr).to.equal('flotilla: the script awaits something that can no longer happen: nothing is left to run\n');
    });

    for (const [signal, code] of [
      ['SIGINT', 130],
      ['SIGTERM', 143],
    ] as const) {
      it(`ends with ${code} on ${signal}`, async () => {
        await folder.write('a.ts', 'console.log("up"); setInterval(() => {}, 1000);');
        const run = folder.start(['run', 'a.ts']);
        await run.said('up');
        run.child.kill(signal);
        expect((await run.result).code).to.equal(code);
      });
    }
  });

  it('suggests the nearest file for a script that is not there', async () => {
    await folder.write('hello.ts', '');
    const { stderr, code } = await folder.run(['run', 'helo.ts']);
    expect({ stderr, code }).to.deep.equal({ stderr: "flotilla: there is no script helo.ts. Did you mean 'hello.ts'?\n", code: 2 });
  });

  it('says which run directory cannot be written, and leaves no log there that cannot be read', async () => {
    await folder.write('empty.ts', `import { load } from '${packageUrl}'; await using kernel = await load();`);
    const { stderr, code } = await folder.runScript("trap '' XFSZ; ulimit -f 0; flotilla run empty.ts");
    expect(code).to.equal(2);
    expect(stderr).to.match(/\nflotilla: nothing can be written to the run directory .*runinfo\/000 \(EFBIG.*\); make room, or /);
    expect((await folder.run(['runs'])).stdout).to.equal('no runs in runinfo\n');
  });

  it('says that a directory is none', async () => {
    const { stderr, code } = await folder.run(['run', '.']);
    expect({ stderr, code }).to.deep.equal({ stderr: 'flotilla: . is a directory; give the file of the script\n', code: 2 });
  });

  it('shows usage errors with 2, help and version with 0', async () => {
    expect((await folder.run(['run'])).code).to.equal(2);
    expect((await folder.run([])).code).to.equal(2);
    expect((await folder.run(['--help'])).code).to.equal(0);
    expect((await folder.run(['--version'])).stdout).to.match(/^\d+\.\d+\.\d+\n$/);
  });

  describe('a config that cannot be used', () => {
    beforeEach(() => folder.write('a.ts', `${importAll}await load();\n`));

    it('ends with 2, its place and no stack', async () => {
      await folder.write('c.yaml', 'retrys: 2\n');
      const { stderr, code } = await folder.run(['run', 'a.ts', '--config', 'c.yaml']);
      expect(code).to.equal(2);
      expect(stderr).to.equal(
        "flotilla: c.yaml:1:1: Config.retrys is not an option. Did you mean 'retries'?\n  1 | retrys: 2\n    | ^^^^^^\n",
      );
    });

    it('is one that calls load() itself, the script or another module', async () => {
      const config = `import { Config, load } from '${packageUrl}';\nexport default new Config();\nawait load();\n`;
      await folder.write('own.ts', config);
      await folder.write('a.ts', `${importAll}await load();\n`);
      for (const script of ['own.ts', 'a.ts']) {
        const { code, stderr } = await folder.run(['run', script, '--config', 'own.ts']);
        expect(stderr).to.match(/^flotilla: .*own\.ts: load\(\) was called by a config module.*must not call load\(\)/);
        expect(code).to.equal(2);
      }
    });

    it('may come from --set, or from FLOTILLA_CONFIG', async () => {
      const set = await folder.run(['run', 'a.ts', '--set', 'retrys=2']);
      expect(set.code).to.equal(2);
      expect(set.stderr).to.match(/^flotilla: --set retrys=2: Config\.retrys is not an option/);
      const environment = await folder.run(['run', 'a.ts'], { FLOTILLA_CONFIG: 'locla' });
      expect(environment.stderr).to.contain("there is no config 'locla'").and.to.contain("Did you mean 'local'?");
    });
  });

  describe('with a kernel', () => {
    it('says which config applies and why, and sums up', async () => {
      await folder.write(
        'a.ts',
        `${importAll}await load();\nconst twice = jsApp((x: number) => x * 2);\nconsole.log(await Promise.all([1, 2, 3].map((x) => twice(x))));\n`,
      );
      const { stdout, stderr, code } = await folder.run(['run', 'a.ts', '-c', 'local-threads']);
      expect(stdout).to.equal('[ 2, 4, 6 ]\n');
      expect(stderr).to.match(
        /^flotilla: config local-threads \(--config\)\n[\s\S]*flotilla: 3 tasks: 3 done in [\d.]+s; run directory .*000\n$/,
      );
      expect(code).to.equal(0);
    });

    it('says what --set changes, and says nothing of a second config while a kernel is open', async () => {
      await folder.write('a.ts', `${importAll}await load();\nawait load().catch((error) => console.log(error.name));\n`);
      const { stdout, stderr } = await folder.run(['run', 'a.ts', '-c', 'local-threads', '-s', 'retries=1', '-s', 'runDir=runs']);
      expect(stdout, stderr).to.equal('KernelOpenError\n');
      expect(stderr.match(/^.*config.*$/gm)).to.deep.equal([
        'flotilla: config local-threads (--config), with --set retries=1 --set runDir=runs',
      ]);
    });

    it('fails with 1 and groups the failures when nobody looked at them', async () => {
      await folder.write(
        'a.ts',
        `${importAll}await load();\nconst odd = jsApp((x: number) => { throw new RangeError('bad ' + x); }, { name: 'odd' });\nfor (let x = 0; x < 4; x++) odd(x);\n`,
      );
      const { stderr, code } = await folder.run(['run', 'a.ts', '-c', 'local-threads']);
      expect(stderr)
        .to.match(/4 tasks: 0 done, 4 failed/)
        .and.to.match(/ {2}4 × odd: RangeError: bad \d \(tasks \d, \d, \d, …\)/);
      expect(code).to.equal(1);
    });

    it('ends with 0 when the script handled the failure, and says it with --quiet too', async () => {
      await folder.write(
        'a.ts',
        `${importAll}await load();\nconst odd = jsApp(() => { throw new RangeError('bad'); }, { name: 'odd' });\nawait odd().exception();\n`,
      );
      const { stderr, code } = await folder.run(['run', 'a.ts', '-c', 'local-threads', '--quiet']);
      expect(stderr).to.equal('flotilla:   1 × odd: RangeError: bad (task 1)\n');
      expect(code).to.equal(0);
    });

    it('cancels, sums up and ends with 130 on Ctrl-C', async () => {
      await folder.write(
        'a.ts',
        `${importAll}await load();\nconst forever = jsApp(() => new Promise(() => setInterval(() => {}, 1000)));\nconst task = forever();\nconsole.log('up');\nawait task;\n`,
      );
      const run = folder.start(['run', 'a.ts', '-c', 'local-threads']);
      await run.said('up');
      run.child.kill('SIGINT');
      const { stderr, code } = await run.result;
      expect(code).to.equal(130);
      expect(stderr).to.match(/1 task: 0 done, 1 cancelled/);
    });

    it('applies --set to a config of the script', async () => {
      await folder.write(
        'a.ts',
        `import { Config, load, ThreadPoolExecutor } from '${packageUrl}';\nconst kernel = await load(new Config({ executors: [new ThreadPoolExecutor()] }));\nconsole.log(kernel.executors);\n`,
      );
      const { stdout } = await folder.run(['run', 'a.ts', '--set', 'executors.0.label=mine']);
      expect(stdout).to.equal("[ 'mine' ]\n");
    });
  });
});
