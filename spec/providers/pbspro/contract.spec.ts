import { startPbsOnPath } from '../../support/pbs/on-path.ts';
import { providerContract } from '../contract.ts';
import { fastProvider } from './fast-provider.ts';

for (const history of [true, false]) {
  describe(`PBS Pro ${history ? 'with' : 'without'} job history`, () => {
    let pbs: Awaited<ReturnType<typeof startPbsOnPath>>;
    before(async () => (pbs = await startPbsOnPath({ history, nodes: [{ name: 'n1', ncpus: 8 }], killDelayMs: 1000 })));
    after(() => pbs.end());

    providerContract(`PBSProProvider, ${history ? 'history' : 'no history'}`, {
      make: fastProvider,
      shortWalltime: '1s',
      killNowMs: 20_000,
    });
  });
}
