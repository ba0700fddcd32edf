import { expect } from 'chai';
import { chmod, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { SingleNodeLauncher } from '../../launchers/single-node-launcher.ts';
import { SrunLauncher } from '../../launchers/srun-launcher.ts';
import { WrappedLauncher } from '../../launchers/wrapped-launcher.ts';
import { emulateSlurm } from '../support/launch/stand-ins.ts';
import { launcherContract } from './contract.ts';
import { ScriptBench } from './run-script.ts';

const prepend = 'env WRAPPED=yes';
const environment = (dir: string) => emulateSlurm(dir, ['n1', 'n2']);

launcherContract('WrappedLauncher', { make: () => new WrappedLauncher({ prepend }), nodesPerBlock: 1, tasksPerNode: 1, copies: 1 });
launcherContract('WrappedLauncher around SrunLauncher, two nodes', {
  make: () => new WrappedLauncher({ prepend, launcher: new SrunLauncher() }),
  nodesPerBlock: 2,
  tasksPerNode: 1,
  copies: 2,
  environment,
});

describe('WrappedLauncher', () => {
  let bench: ScriptBench;
  beforeEach(async () => {
    bench = await ScriptBench.open();
  });
  afterEach(() => bench.close());

  it('puts its prefix in front of the command on every node, not in front of srun', async () => {
    const launcher = new WrappedLauncher({ prepend, launcher: new SrunLauncher() });
    const started = await bench.start(
      launcher.wrap('echo "$SLURMD_NODENAME $WRAPPED" >> "$DIR/log"', 2, 1),
      [],
      await environment(bench.dir),
    );
    expect((await started.ended).exitCode).to.equal(0);
    expect((await bench.lines('log')).sort()).to.deep.equal(['n1 yes', 'n2 yes']);
  });

  it('gives the prefix one command line, as a container runtime expects it', async () => {
    const container = join(bench.dir, 'container');
    await writeFile(container, '#!/bin/bash\necho "$# of $1" >> "$DIR/log"\nshift\nexec "$@"\n');
    await chmod(container, 0o755);
    const started = await bench.start(new WrappedLauncher({ prepend: '"$DIR"/container image.sif' }).wrap(`node 'a b'.js; exit 5`, 1, 1));
    expect((await started.ended).exitCode).to.equal(5);
    expect(await bench.lines('log')).to.deep.equal(['4 of image.sif']);
  });

  it('reaches as many nodes as the launcher in it', () => {
    expect(new WrappedLauncher({ prepend }).maxNodesPerBlock).to.equal(1);
    expect(new WrappedLauncher({ prepend, launcher: new SingleNodeLauncher() }).maxNodesPerBlock).to.equal(Number.POSITIVE_INFINITY);
  });

  it('needs a prefix', () => {
    for (const options of [{}, { prepend: ' ' }])
      expect(() => new WrappedLauncher(options as { prepend: string })).to.throw('WrappedLauncher.prepend');
  });
});
