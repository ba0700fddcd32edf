import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import type { SubmitError } from '../../../index.ts';
import type { JobStatus } from '../../../lib/provider.ts';
import { eventually } from '../../support/eventually.ts';
import type { ServerOptions } from '../../support/pbs/server.ts';
import { PbsBench } from './bench.ts';

describe('PBSProProvider on a cluster', function () {
  this.timeout(60_000);
  let bench: PbsBench | undefined;
  afterEach(async () => {
    await bench?.close();
    bench = undefined;
  });
  const open = async (options: Partial<ServerOptions> = {}): Promise<PbsBench> => (bench = await PbsBench.open(options));
  const failure = (job: Promise<string>): Promise<SubmitError> =>
    job.then(
      () => expect.fail('it was submitted'),
      (error: SubmitError) => error,
    );

  it('gets as many nodes as it asks for, and not one node twice', async () => {
    const on = await open();
    const provider = on.start({ nodesPerBlock: 2 });
    await on.end(provider, await on.submit(provider, 'cat "$PBS_NODEFILE" > nodes'));
    expect(on.read('nodes')).to.equal('n1\nn2\n');
  });

  it('may get one node twice where placeOptions leave that open, and sees a node once per mpiprocs', async () => {
    const on = await open();
    const provider = on.start({ nodesPerBlock: 2, placeOptions: 'free', selectOptions: 'mpiprocs=2' });
    await on.end(provider, await on.submit(provider, 'cat "$PBS_NODEFILE" > nodes'));
    expect(on.read('nodes')).to.equal('n1\nn1\nn1\nn1\n');
  });

  it('shows the words of PBS when it refuses, and does not ask for such a job again', async () => {
    const on = await open();
    const error = await failure(on.submit(on.start({ schedulerOptions: '#PBS -l ncpus=2' }), 'true'));
    expect(error.message).to.include('qsub: "-lresource=" cannot be used with "select" or "place", resource is: ncpus (exit code 5)');
    expect(error).to.include({ name: 'SubmitError', retryable: false });
    expect((await failure(on.submit(on.start({ queue: 'nosuchq' }), 'true'))).message).to.include('qsub: Unknown queue (exit code 170)');
    expect((await failure(on.submit(on.start({ schedulerOptions: '#PBS -Z' }), 'true'))).message).to.include('directive error: -Z');
  });

  it('says when a job can never run, once, and keeps it waiting until it is cancelled', async () => {
    const on = await open();
    const provider = on.start({ cpusPerNode: 64 });
    const jobId = await on.submit(provider, 'true');
    const status = await on.until(provider, jobId, 'known to wait in vain', ({ neverStarts }) => neverStarts === true);
    expect(status).to.include({ state: 'pending', reason: 'Can Never Run: Insufficient amount of resource: ncpus (R: 64 A: 4 T: 4)' });
    await on.statusOf(provider, jobId);
    expect(on.logs.filter((line) => line.includes('Can Never Run'))).to.have.length(1);
    await provider.cancel([jobId]);
    expect(await on.end(provider, jobId)).to.include({ state: 'cancelled' });
  });

  it('waits where a queue takes one job of a user, says so, and goes on when there is room', async () => {
    const on = await open({ queues: { debug: { queuedPerUser: 1, maxRunPerUser: 1 } } });
    const provider = on.start();
    const [running, queued] = [await on.submit(provider, 'until [ -e go ]; do sleep 0.02; done'), await submitOnceItRuns()];
    const last = on.submit(provider, 'true');
    await eventually('it waits for room', () => provider.explain().length > 0);
    expect(provider.explain().join()).to.match(/takes no more jobs .* per-user limit of jobs in 'Q' state/);
    const status = await on.until(provider, queued, 'explained', ({ reason }) => reason !== undefined);
    expect(status).to.include({ state: 'pending', reason: 'Not Running: User has reached queue debug running job limit.' });
    writeFileSync(join(on.dir, 'go'), '');
    for (const jobId of [running, queued, await last]) expect(await on.end(provider, jobId)).to.include({ state: 'completed' });

    async function submitOnceItRuns(): Promise<string> {
      await eventually('the first one runs', () => on.letter('0.ctl') === 'R');
      return on.submit(provider, 'true');
    }
  });

  it('waits where a project may have so many jobs', async () => {
    const on = await open({ queues: { prod: { maxPerProject: 1 } } });
    const provider = on.start();
    const first = await on.submit(provider, 'until [ -e go ]; do sleep 0.02; done');
    const second = on.submit(provider, 'true');
    await eventually('it waits for room', () => provider.explain().join().includes('per-project limit'));
    writeFileSync(join(on.dir, 'go'), '');
    await on.end(provider, first);
    expect(await on.end(provider, await second)).to.include({ state: 'completed' });
  });

  it('follows a job that is requeued under its id when its node is lost', async () => {
    const on = await open({ nodes: [{ name: 'n1', ncpus: 1 }], nodeFailRequeueMs: 300 });
    const provider = on.start();
    const jobId = await on.submit(provider, 'echo run >> runs; [ "$(wc -l < runs)" = 2 ] || sleep 300');
    await on.written('runs', 'run');
    on.pbs.server.cutPower('n1');
    // Its comment is that of its first start until PBS has considered it again.
    const isConsidered = ({ reason }: JobStatus): boolean => reason?.includes('Not Running') === true;
    expect(await on.until(provider, jobId, 'considered again', isConsidered)).to.include({
      state: 'pending',
      reason: 'it ran and waits to run again (the node of the job was lost); Not Running: Insufficient amount of resource: vnode',
    });
    on.pbs.server.restorePower('n1');
    expect(await on.end(provider, jobId)).to.include({ state: 'completed', exitCode: 0 });
    expect(on.read('runs')).to.equal('run\nrun\n');
  });

  it('reports the loss of the node of a job that may not run again', async () => {
    const on = await open({ nodeFailRequeueMs: 300 });
    const provider = on.start({ schedulerOptions: '#PBS -r n' });
    const jobId = await on.submit(provider, 'echo run >> runs; sleep 300');
    await on.written('runs', 'run');
    on.pbs.server.cutPower('n1');
    const status = await on.end(provider, jobId);
    expect(status.state).to.equal('failed');
    expect(status.reason).to.match(/^the node of the job was lost/);
  });

  it('says who deleted a job that we did not cancel', async () => {
    const on = await open();
    const provider = on.start();
    const jobId = await on.submit(provider, 'echo run >> runs; sleep 300');
    await on.written('runs', 'run');
    const job = on.pbs.server.jobs.get(jobId);
    if (job !== undefined) on.pbs.server.delete(job);
    const status = await on.end(provider, jobId);
    expect(status).to.include({ state: 'cancelled', signal: 'SIGTERM' });
    expect(status.reason).to.include(`and terminated by ${on.pbs.server.options.user}@ctl`);
  });

  it('keeps a job pending that is held, and cancels it', async () => {
    const on = await open();
    const provider = on.start({ schedulerOptions: '#PBS -h' });
    const jobId = await on.submit(provider, 'true');
    expect(await on.statusOf(provider, jobId)).to.include({ state: 'pending' });
    await provider.cancel([jobId]);
    const status = await on.end(provider, jobId);
    expect(status).to.include({ state: 'cancelled' }).and.not.have.property('exitCode');
  });

  it('reports every exit code as it is', async () => {
    const on = await open();
    const provider = on.start();
    for (const exitCode of [200, 255]) {
      expect(await on.end(provider, await on.submit(provider, `exit ${exitCode}`))).to.include({ state: 'failed', exitCode });
    }
  });

  it('asks after many jobs with one command', async () => {
    const on = await open();
    const provider = on.start();
    const jobIds = [await on.submit(provider, 'sleep 300'), await on.submit(provider, 'sleep 300'), await on.submit(provider, 'sleep 300')];
    const before = on.pbs.callsOf('qstat').length;
    await provider.status(jobIds);
    expect(on.pbs.callsOf('qstat').length - before).to.equal(1);
  });

  it('understands jobs whose JSON is not valid, and jobs beside them', async () => {
    const on = await open();
    const [odd, plain] = [on.start({ schedulerOptions: '#PBS -v N=007,EMPTY=,NEXT=1' }), on.start({}, 'plain')];
    const jobIds = [await on.submit(odd, 'until [ -e go ]; do sleep 0.02; done; exit 4'), await on.submit(plain, 'true')];
    await on.untilState(odd, jobIds[0] ?? '', 'running');
    const { stdout } = on.pbs.execute({ program: 'qstat', argv: ['-xf', '-F', 'json', ...jobIds], cwd: '/', env: {}, stdin: '' });
    expect(() => JSON.parse(stdout) as unknown).to.throw(SyntaxError);
    writeFileSync(join(on.dir, 'go'), '');
    expect(await on.end(odd, jobIds[0] ?? '')).to.include({ state: 'failed', exitCode: 4 });
    expect(await on.end(plain, jobIds[1] ?? '')).to.include({ state: 'completed' });
  });
});
