/**
 * A scheduler in memory that does on demand what real ones do: it queues, refuses, is full, takes jobs and loses its answer, is out
 * of reach, and forgets. Its dialect is a word and JSON; it is reached through a channel as any other.
 */
import type { Channel, ChannelCommand, CommandResult } from '../../../lib/channel.ts';
import { ProviderError } from '../../../lib/errors/engine-errors.ts';
import type { JobStatus } from '../../../lib/provider.ts';
import type { Clock } from '../../../providers/batch/clock.ts';
import type { Scheduler, Submission, Unreachable } from '../../../providers/batch/scheduler.ts';

/** Time passes when somebody sleeps, and then at once. */
export class SimulatedClock implements Clock {
  time = Date.UTC(2026, 10, 20, 12);
  readonly slept: number[] = [];

  now = (): number => this.time;

  async sleep(ms: number, signal?: AbortSignal): Promise<void> {
    if (signal?.aborted) return;
    this.slept.push(ms);
    this.time += ms;
    await new Promise((resolve) => setImmediate(resolve));
  }
}

export interface SimulatedJob {
  readonly jobId: string;
  readonly name: string;
  status: JobStatus;
  /** Named by no query, though it is there. */
  isHidden?: boolean;
}

/** What a submission comes to. 'lost': it takes the job and does not answer; 'cut': it does neither. */
type Mood = 'take' | 'refuse' | 'full' | 'lost' | 'cut' | 'babble';

export class SimulatedScheduler implements Channel {
  readonly name = 'this machine';
  readonly jobs = new Map<string, SimulatedJob>();
  readonly calls: { readonly word: string; readonly about: string }[] = [];
  readonly files = new Map<string, string>();
  readonly detached: string[][] = [];
  isDown = false;
  /** Of submissions to come, one after the other; then it takes them. */
  moods: Mood[] = [];
  /** While set, cancellations are carried out, and answered when this is. */
  cancellation: Promise<CommandResult> | undefined;
  /** Called with each command, before it is done. */
  onCall: (word: string) => unknown = () => undefined;
  mostSubmissionsAtOnce = 0;
  #submitting = 0;
  isDisposed = false;
  #nextId = 100;

  async run({ argv }: ChannelCommand): Promise<CommandResult> {
    const [word, about = ''] = argv;
    this.calls.push({ word, about });
    this.onCall(word);
    if (word === 'submit') this.mostSubmissionsAtOnce = Math.max(this.mostSubmissionsAtOnce, ++this.#submitting);
    await new Promise((resolve) => setImmediate(resolve));
    if (word === 'submit') this.#submitting--;
    if (this.isDown) return { exitCode: 1, stdout: '', stderr: 'nobody is listening', timedOut: false };
    if (word === 'submit') return this.#submit(about);
    if (word === 'status') return answer(this.#list((job) => about.split(',').includes(job.jobId)));
    if (word === 'find') return answer(this.#list(({ status }) => ['pending', 'running'].includes(status.state)));
    if (word === 'cancel') {
      const result = this.#cancel(about.split(','));
      return this.cancellation ?? result;
    }
    throw new ProviderError(`no such word: ${word}`);
  }

  /** How many times a word was said. */
  count(word: string): number {
    return this.calls.filter((call) => call.word === word).length;
  }

  put(jobId: string, name: string, state: JobStatus['state'] = 'pending'): SimulatedJob {
    const job: SimulatedJob = { jobId, name, status: { state } };
    this.jobs.set(jobId, job);
    return job;
  }

  /** Names of those that have not ended. */
  get live(): string[] {
    return [...this.jobs.values()].filter(({ status }) => ['pending', 'running'].includes(status.state)).map(({ name }) => name);
  }

  #submit(name: string): CommandResult {
    const mood = this.moods.shift() ?? 'take';
    if (mood === 'refuse' || mood === 'full') return { exitCode: 1, stdout: '', stderr: `${mood}: says the scheduler`, timedOut: false };
    if (mood === 'cut') return { signal: 'SIGKILL', stdout: '', stderr: '', timedOut: true };
    const { jobId } = this.put(String(this.#nextId++), name);
    if (mood === 'lost') return { signal: 'SIGKILL', stdout: '', stderr: '', timedOut: true };
    return answer(mood === 'babble' ? 'welcome to the machine' : { jobId });
  }

  #list(wanted: (job: SimulatedJob) => boolean) {
    return [...this.jobs.values()].filter((job) => wanted(job) && job.isHidden !== true);
  }

  #cancel(jobIds: readonly string[]): CommandResult {
    for (const jobId of jobIds) {
      const job = this.jobs.get(jobId);
      if (job !== undefined && ['pending', 'running'].includes(job.status.state)) job.status = { state: 'cancelled' };
    }
    return answer({});
  }

  runDetached(argv: ChannelCommand['argv']): void {
    this.detached.push([...argv]);
    this.#cancel((argv[1] ?? '').split(','));
  }
  async writeFile(path: string, content: string | Uint8Array): Promise<void> {
    this.files.set(path, String(content));
  }
  async mkdir(): Promise<void> {}
  async readTail(path: string): Promise<string | undefined> {
    return this.files.get(path);
  }
  async [Symbol.asyncDispose](): Promise<void> {
    this.isDisposed = true;
  }

  readonly dialect: Scheduler = {
    name: 'the scheduler',
    script: ({ command }) => `${command}\n`,
    submit: { command: ({ name }) => ({ argv: ['submit', name] }), parse: parseSubmission },
    status: [
      {
        command: (jobIds) => ({ argv: ['status', jobIds.join(',')] }),
        parse: (result, jobIds) => {
          if (result.exitCode !== 0) return unreachable(result);
          const jobs = new Map((JSON.parse(result.stdout) as SimulatedJob[]).map(({ jobId, status }) => [jobId, status]));
          const denied = jobIds.filter((jobId) => !this.jobs.has(jobId));
          return { kind: 'answered', jobs, denied };
        },
      },
    ],
    find: {
      command: () => ({ argv: ['find', ''] }),
      parse: (result) => (result.exitCode === 0 ? { kind: 'found', jobs: JSON.parse(result.stdout) } : unreachable(result)),
    },
    cancel: {
      command: (jobIds) => ({ argv: ['cancel', jobIds.join(',')] }),
      parse: (result) => (result.exitCode === 0 ? { kind: 'cancelled' } : unreachable(result)),
    },
    jobsPerCommand: 3,
  };
}

const answer = (value: unknown): CommandResult => ({ exitCode: 0, stdout: JSON.stringify(value), stderr: '', timedOut: false });
const unreachable = ({ stderr }: CommandResult): Unreachable => ({ kind: 'unreachable', reason: stderr });

function parseSubmission(result: CommandResult): Submission {
  if (result.stderr.startsWith('full')) return { kind: 'full', reason: result.stderr };
  if (result.stderr.startsWith('refuse')) return { kind: 'refused', reason: result.stderr };
  if (result.exitCode !== 0) return unreachable(result);
  const said: unknown = JSON.parse(result.stdout);
  if (typeof said === 'object' && said !== null && 'jobId' in said) return { kind: 'accepted', jobId: String(said.jobId) };
  return { kind: 'unclear', reason: String(said) };
}
