import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import type { SubmitError } from '../../../index.ts';
import type { Fault } from '../../support/pbs/emulated-pbs.ts';
import type { ServerOptions } from '../../support/pbs/server.ts';
import { PbsBench } from './bench.ts';

describe('PBSProProvider where PBS keeps no job history', function () {
  this.timeout(60_000);
  let on: PbsBench;
  beforeEach(async () => (on = await PbsBench.open({ history: false })));
  afterEach(() => on.close());

  it("tells a vanished job's end by what its script wrote down, and says so", async () => {
    const provider = on.start();
    const [good, bad] = [await on.submit(provider, 'true'), await on.submit(provider, 'exit 7')];
    expect(await on.end(provider, good)).to.include({
      state: 'completed',
      exitCode: 0,
      reason: `exit code 0, as its script wrote it down: PBS Pro knows no job ${good} any more`,
    });
    expect(await on.end(provider, bad)).to.include({ state: 'failed', exitCode: 7 });
  });

  it('does not take a vanished job for finished at once when its script wrote nothing down, but after a while for failed', async () => {
    const provider = on.start();
    const jobId = await on.submit(provider, 'echo run >> runs; sleep 300');
    await on.written('runs', 'run');
    const job = on.pbs.server.jobs.get(jobId);
    if (job !== undefined) on.pbs.server.delete(job, { force: true });
    await on.untilState(provider, jobId, 'unknown');
    const status = await on.end(provider, jobId);
    expect(status.state).to.equal('failed');
    expect(status.reason).to.include('its script has not written down an end: it was killed, or its node was lost');
  });

  it('asks without history once it has learned that there is none', async () => {
    const provider = on.start();
    const jobId = await on.submit(provider, 'sleep 300');
    await on.untilState(provider, jobId, 'running');
    await on.statusOf(provider, jobId);
    expect(on.pbs.callsOf('qstat').filter(({ argv }) => argv.includes('-x'))).to.have.length(1);
  });

  it('calls a job cancelled that vanished when it was cancelled, pending or running', async () => {
    const provider = on.start({ cpusPerNode: 2 });
    const jobIds = [
      await on.submit(provider, 'echo run >> runs; sleep 300'),
      await on.submit(provider, 'sleep 300'),
      await on.submit(provider, 'true'),
    ];
    await on.written('runs', 'run');
    await provider.cancel(jobIds);
    for (const jobId of jobIds) expect(await on.end(provider, jobId)).to.include({ state: 'cancelled' });
  });
});

describe('PBSProProvider when PBS does not answer', function () {
  this.timeout(60_000);
  let bench: PbsBench | undefined;
  afterEach(async () => {
    await bench?.close();
    bench = undefined;
  });
  const open = async (options: Partial<ServerOptions> = {}): Promise<PbsBench> => (bench = await PbsBench.open(options));

  it('takes jobs to be as they were, says so, asks ever less often, and learns of their ends afterwards', async () => {
    const on = await open();
    const provider = on.start();
    const jobId = await on.submit(provider, 'until [ -e go ]; do sleep 0.02; done; exit 3');
    await on.untilState(provider, jobId, 'running');
    on.pbs.isDown = true;
    writeFileSync(join(on.dir, 'go'), '');
    const before = on.pbs.callsOf('qstat').length;
    await on.until(
      provider,
      jobId,
      'asked after in vain',
      ({ state }) => state === 'running' && on.logs.join().includes('does not answer'),
    );
    for (let round = 0; round < 100; round++) expect((await on.statusOf(provider, jobId)).state).to.equal('running');
    expect(on.pbs.callsOf('qstat').length - before).to.be.below(20);
    expect(provider.explain().join()).to.include('cannot connect to server ctl');
    on.pbs.isDown = false;
    expect(await on.end(provider, jobId)).to.include({ state: 'failed', exitCode: 3 });
  });

  it('fails a submission that certainly did not arrive, and may be tried again', async () => {
    const on = await open();
    const provider = on.start();
    on.pbs.breakNext('qsub', 'unreachable');
    const error = await on.submit(provider, 'true').catch((reason: SubmitError) => reason);
    expect(error).to.include({ name: 'SubmitError', retryable: true });
    expect(on.pbs.server.jobs.size).to.equal(0);
    expect(await on.end(provider, await on.submit(provider, 'true'))).to.include({ state: 'completed' });
  });

  for (const fault of ['reply lost', 'garbage', 'hangs'] satisfies Fault[]) {
    it(`finds a job by its name when the submission's answer is no use (${fault}), and submits it once`, async () => {
      const on = await open();
      const provider = on.start({ cmdTimeout: fault === 'hangs' ? '2s' : '60s' });
      on.pbs.breakNext('qsub', fault);
      const jobId = await on.submit(provider, 'echo run >> runs; sleep 300');
      await on.untilState(provider, jobId, 'running');
      await on.written('runs', 'run');
      expect(on.pbs.server.jobs.size).to.equal(1);
      expect(on.pbs.callsOf('qsub')).to.have.length(1);
    });
  }

  it('learns nothing from an answer that is no answer', async () => {
    const on = await open();
    const provider = on.start();
    const jobId = await on.submit(provider, 'sleep 300');
    await on.untilState(provider, jobId, 'running');
    for (const program of ['qstat', 'qstat']) on.pbs.breakNext(program, 'garbage');
    expect(await on.statusOf(provider, jobId)).to.include({ state: 'running' });
  });

  it('cancels at its end what it could not cancel before', async () => {
    const on = await open();
    const provider = on.start();
    const jobId = await on.submit(provider, 'echo run >> runs; sleep 300');
    await on.written('runs', 'run');
    for (const program of ['qdel', 'qdel']) on.pbs.breakNext(program, 'unreachable');
    await provider.close();
    expect(on.letter(jobId)).to.equal('F');
  });

  it("leaves another living run's jobs alone, also one whose name begins alike", async () => {
    const on = await open();
    const other = on.start({}, 'spec2');
    const jobId = await on.submit(other, 'sleep 300', 'flotilla.spec2.htex-0');
    const provider = on.start({}, 'spec');
    await on.submit(provider, 'true');
    await provider.close();
    expect(await on.untilState(other, jobId, 'running')).to.include({ state: 'running' });
    expect(on.pbs.callsOf('qdel').filter(({ argv }) => argv.includes(jobId))).to.deep.equal([]);
  });
});
