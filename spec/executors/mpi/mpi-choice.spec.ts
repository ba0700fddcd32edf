import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { findMpi, flavourOf } from '../../../executors/mpi/find-mpi.ts';
import { chooseMpi, type MpiLauncherName } from '../../../executors/mpi/mpi-choice.ts';
import {
  MpiExecLauncher,
  MpiRunLauncher,
  SimpleLauncher,
  SrunLauncher,
  SrunMpiLauncher,
  SshLauncher,
  WrappedLauncher,
} from '../../../index.ts';
import type { Launcher } from '../../../lib/provider.ts';

describe('which program starts MPI programs', () => {
  const rows: [launcher: Launcher, name: MpiLauncherName, commands: string[], flavour?: string][] = [
    [new SrunLauncher(), 'auto', ['srun'], 'srun'],
    [new SrunMpiLauncher(), 'auto', ['srun'], 'srun'],
    [new MpiExecLauncher(), 'auto', ['mpiexec']],
    [new MpiExecLauncher({ bindCmd: '--cpu-bind' }), 'auto', ['mpiexec'], 'pals'],
    [new MpiRunLauncher(), 'auto', ['mpirun']],
    [new WrappedLauncher({ prepend: 'apptainer exec image.sif', launcher: new SrunLauncher() }), 'auto', ['srun'], 'srun'],
    [new SimpleLauncher(), 'auto', ['mpiexec', 'mpirun']],
    [new SshLauncher(), 'auto', ['mpiexec', 'mpirun']],
    [new SrunLauncher(), 'mpirun', ['mpirun']],
    [new SimpleLauncher(), 'pals', ['mpiexec'], 'pals'],
    [new SimpleLauncher(), 'intel', ['mpiexec', 'mpiexec.hydra'], 'intel'],
  ];
  for (const [launcher, name, commands, flavour] of rows) {
    it(`is ${commands.join(' or ')}${flavour ? ` of ${flavour}` : ''} for '${name}' with ${launcher.type} ${JSON.stringify((launcher as { options?: object }).options)}`, () =>
      expect(chooseMpi(name, launcher, '--x')).to.deep.equal({ commands, ...(flavour && { flavour }), overrides: '--x' }));
  }

  const versions: [text: string, flavour: string | undefined][] = [
    ['mpiexec (OpenRTE) 4.1.4\n', 'openmpi'],
    ['mpirun (Open MPI) 5.0.3\n', 'openmpi'],
    ['prterun (PRRTE) 3.0\n', 'openmpi'],
    ['HYDRA build details:\n    Version: 4.0.2\n', 'mpich'],
    ['Intel(R) MPI Library for Linux* OS, Version 2021.11\n', 'intel'],
    ['mpiexec version 1.2.12 (PALS)\n', 'pals'],
    ['slurm-wlm 22.05.8\n', 'srun'],
    ['usage: mpiexec\n', undefined],
  ];
  for (const [text, flavour] of versions)
    it(`is ${flavour ?? 'unknown'} by '${text.split('\n')[0]}'`, () => expect(flavourOf(text)).to.equal(flavour));
});

describe('the search for it on a node', () => {
  let dir: string;
  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), 'flotilla-bin-'));
  });
  afterEach(() => rmSync(dir, { recursive: true }));

  function program(name: string, says: string): void {
    writeFileSync(join(dir, name), `#!/bin/sh\necho '${says}'\n`);
    chmodSync(join(dir, name), 0o755);
  }
  const env = () => ({ PATH: dir });

  it('takes the first that is there and known', () => {
    program('mpirun', 'mpirun (Open MPI) 5.0.3');
    program('mpiexec', 'what is that');
    expect(findMpi({ commands: ['mpiexec', 'mpirun'], overrides: '--x' }, env())).to.deep.equal({
      flavour: 'openmpi',
      command: 'mpirun',
      overrides: '--x',
    });
  });

  it('believes the config about the kind', () => {
    program('mpiexec', 'what is that');
    expect(findMpi({ commands: ['mpiexec'], flavour: 'pals', overrides: '' }, env())).to.include({ flavour: 'pals' });
  });

  it('says what it has tried, and what to do', () => {
    program('mpiexec', 'what is that');
    expect(findMpi({ commands: ['mpiexec', 'mpirun'], overrides: '' }, env())).to.match(
      /^no program was found .* mpiexec: of no kind that is known \(what is that\); mpirun: is not on PATH\. .*workerInit.*mpiLauncher$/,
    );
  });
});
