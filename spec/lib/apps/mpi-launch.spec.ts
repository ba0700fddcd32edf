import { expect } from 'chai';
import { MPI_LAUNCH, resolveMpiLaunch } from '../../../lib/apps/mpi-launch.ts';
import { BashExitError } from '../../../lib/errors/index.ts';

describe('the command of an mpiApp, where it runs', () => {
  const program = `${MPI_LAUNCH}./solve 'a b'`;

  it('has what starts MPI programs in front, each word as one', () => {
    const env = { FLOTILLA_MPI_PREFIX: 'srun -n 2  --cpu-bind=[0x1,0x2] -x $A;b' };
    expect(resolveMpiLaunch(program, env)).to.equal("srun -n 2 '--cpu-bind=[0x1,0x2]' -x '$A;b' ./solve 'a b'");
  });

  it('is an error where there is nothing that does, with the reason', () => {
    const resolve = (env: Record<string, string>) => () => resolveMpiLaunch(program, env);
    expect(resolve({ FLOTILLA_MPI_PROBLEM: 'no mpiexec' })).to.throw(
      BashExitError,
      "its program was not started (./solve 'a b'): no mpiexec",
    );
    expect(resolve({})).to.throw(BashExitError, 'it was given no nodes');
  });

  it('of another app is left as it is', () => {
    expect(resolveMpiLaunch('$FLOTILLA_MPI_PREFIX ./solve', { FLOTILLA_MPI_PREFIX: 'x' })).to.equal('$FLOTILLA_MPI_PREFIX ./solve');
  });
});
