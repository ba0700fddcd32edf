/**
 * qsub of the emulated PBS: reads a submission as strictly as OpenPBS 23.06.06 does, and makes a job of it.
 */
import { readFileSync, statSync } from 'node:fs';
import { basename, isAbsolute, join, resolve } from 'node:path';
import type { Chunk, Job } from '../job.ts';
import { isPlace, parseSelect, parseTime } from '../select.ts';
import type { PbsServer } from '../server.ts';
import { type Answer, EXIT, type Invocation, Refusal, said } from './answer.ts';
import { parseCommandLine, readDirectives, Wishes } from './qsub-options.ts';
import { QSUB_USAGE } from './usage.ts';

export function qsub(server: PbsServer, invocation: Invocation): Answer {
  if (invocation.argv[0] === '--version') return said('pbs_version = 23.06.06\n');
  const wishes = new Wishes();
  const commandLine = parseCommandLine(invocation.argv);
  const script = readScript(commandLine.operands, invocation);
  wishes.add(commandLine, 'command line');
  for (const directive of readDirectives(script.text, wishes.get('C'))) wishes.add(directive, 'directive');
  const name = readName(wishes.get('N') ?? script.name);
  const queue = findQueue(server, wishes.get('q'));
  if (wishes.has('J')) throw illegal('J');
  const asked = readResources(server, wishes);
  checkLimits(server, queue, wishes.get('P') ?? DEFAULT_PROJECT, asked);
  const job = makeJob(server, invocation, { wishes, script, name, queue, asked });
  server.accept(job);
  return said(`${job.id}\n`);
}

const DEFAULT_PROJECT = '_pbs_project_default';

interface Script {
  readonly name: string;
  readonly text: string;
  readonly arguments: readonly string[];
}

function readScript([path, ...rest]: readonly string[], { cwd, stdin }: Invocation): Script {
  if (path === undefined || path === '-') return { name: 'STDIN', text: stdin, arguments: [] };
  const whole = resolve(cwd, path);
  if (statSync(whole, { throwIfNoEntry: false }) === undefined) throw new Refusal(1, 'qsub: script file:: No such file or directory\n');
  return { name: basename(path), text: readFileSync(whole, 'utf8'), arguments: rest };
}

const MAX_NAME = 230;

function readName(name: string): string {
  if (name.length > MAX_NAME) throw new Refusal(EXIT.usage, 'qsub: Job name is too long \n');
  if (!/^[\w.+-]+$/.test(name)) throw illegal('N');
  return name;
}

const illegal = (letter: string): Refusal => new Refusal(EXIT.usage, `qsub: illegal -${letter} value\n${QSUB_USAGE}`);

function findQueue(server: PbsServer, destination: string | undefined): string {
  const [queue = '', host] = (destination ?? Object.keys(server.options.queues)[0] ?? '').split('@');
  if (!Object.hasOwn(server.options.queues, queue) || (host ?? server.options.name) !== server.options.name) {
    throw new Refusal(EXIT.unknownQueue, 'qsub: Unknown queue\n');
  }
  return queue;
}

interface Asked {
  readonly chunks: readonly Chunk[];
  readonly place: string;
  readonly resources: ReadonlyMap<string, string>;
  readonly walltimeSeconds: number | undefined;
}

const OF_CHUNKS = ['ncpus', 'mem', 'vmem', 'ngpus', 'mpiprocs', 'ompthreads', 'host', 'vnode', 'arch', 'naccelerators'];
const OF_JOBS = ['walltime', 'min_walltime', 'max_walltime', 'cput', 'pmem', 'pvmem', 'nice', 'software', 'file'];

/** What the server refuses uses up a number, what qsub itself refuses does not. */
function readResources(server: PbsServer, { resources }: Wishes): Asked {
  const given = new Map(resources);
  const walltimeSeconds = readWalltime(given.get('walltime'));
  const select = given.get('select');
  const chunks = parseSelect(select ?? `1:ncpus=${given.get('ncpus') ?? '1'}`);
  const place = given.get('place') ?? (select === undefined ? 'pack' : 'free');
  if (chunks === undefined) {
    server.nextSeq++;
    throw badValue('select');
  }
  if (!isPlace(place)) throw badValue('place');
  refuseUnknown(
    server,
    [...given.keys()].filter((name) => name !== 'select' && name !== 'place'),
    [...OF_CHUNKS, ...OF_JOBS],
  );
  refuseUnknown(
    server,
    chunks.flatMap((chunk) => [...chunk.resources.keys()]),
    OF_CHUNKS,
  );
  refuseBesideSelect(server, given);
  return { chunks, place, resources: listResources(given, chunks, place), walltimeSeconds };
}

function readWalltime(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const seconds = parseTime(text);
  if (seconds === undefined) throw badValue('walltime');
  return seconds;
}

const badValue = (resource: string): Refusal =>
  new Refusal(EXIT.badValue, `qsub: Illegal attribute or resource value Resource_List.${resource}\n`);

function refuseUnknown(server: PbsServer, names: readonly string[], known: readonly string[]): void {
  const unknown = names.find((name) => !known.includes(name) && !server.options.customResources.includes(name));
  if (unknown === undefined) return;
  server.nextSeq++;
  throw new Refusal(EXIT.unknownResource, `qsub: Unknown resource: ${unknown}\n`);
}

function refuseBesideSelect(server: PbsServer, given: ReadonlyMap<string, string>): void {
  if (!given.has('select') && !given.has('place')) return;
  const resource = OF_CHUNKS.find((name) => given.has(name));
  if (resource === undefined) return;
  server.nextSeq++;
  const text = `qsub: "-lresource=" cannot be used with "select" or "place", resource is: ${resource}\n`;
  throw new Refusal(EXIT.selectAndResource, text);
}

function listResources(given: ReadonlyMap<string, string>, chunks: readonly Chunk[], place: string): Map<string, string> {
  const sum = (of: (chunk: Chunk) => number): string => String(chunks.reduce((total, chunk) => total + chunk.count * of(chunk), 0));
  const select = given.get('select') ?? `1:ncpus=${given.get('ncpus') ?? '1'}`;
  const totals: [string, string | undefined][] = [
    ['mem', chunks.find(({ resources }) => resources.has('mem'))?.resources.get('mem')],
    ['ncpus', sum(({ ncpus }) => ncpus)],
    ['nodect', sum(() => 1)],
    ['place', place],
    ['select', select.replace(/^(?=\D)/, '1:').replace(/^(\d+)$/, '$1:ncpus=1')],
  ];
  const others = [...given].filter(([name]) => name !== 'select' && name !== 'place' && name !== 'ncpus');
  const all = [...totals, ...others].filter((pair): pair is [string, string] => pair[1] !== undefined);
  return new Map(all.toSorted(([a], [b]) => (a < b ? -1 : 1)));
}

function checkLimits(server: PbsServer, queue: string, project: string, { walltimeSeconds }: Asked): void {
  const { queuedPerUser, maxPerProject, maxWalltimeSeconds } = server.options.queues[queue] ?? {};
  if ((walltimeSeconds ?? 0) > (maxWalltimeSeconds ?? Number.POSITIVE_INFINITY)) {
    throw new Refusal(EXIT.resourceLimit, 'qsub: Job violates queue and/or server resource limits\n');
  }
  const there = server.unfinished.filter((job) => job.queue === queue);
  const queued = there.filter(({ state, user }) => /[QHW]/.test(state) && user === server.options.user);
  if (queued.length >= (queuedPerUser ?? Number.POSITIVE_INFINITY)) {
    throw new Refusal(EXIT.entityLimit, "qsub: would exceed queue generic's per-user limit of jobs in 'Q' state\n");
  }
  if (there.filter((job) => job.project === project).length >= (maxPerProject ?? Number.POSITIVE_INFINITY)) {
    throw new Refusal(EXIT.entityLimit, "qsub: would exceed queue generic's per-project limit\n");
  }
}

interface Submission {
  readonly wishes: Wishes;
  readonly script: Script;
  readonly name: string;
  readonly queue: string;
  readonly asked: Asked;
}

function makeJob(server: PbsServer, { cwd, env, argv }: Invocation, { wishes, script, name, queue, asked }: Submission): Job {
  const seq = server.nextSeq++;
  const now = server.options.now();
  const notBefore = wishes.has('a') ? readDate(wishes.get('a') ?? '') : undefined;
  const depend = wishes.attributes.get('depend');
  const state = wishes.has('h') || depend !== undefined ? 'H' : notBefore !== undefined && notBefore > now ? 'W' : 'Q';
  const output = (letter: string, kind: string): string => pathOf(wishes.get(letter), cwd) ?? join(cwd, `${name}.${kind}${seq}`);
  return {
    ...asked,
    seq,
    id: `${seq}.${server.options.name}`,
    user: server.options.user,
    queue,
    name,
    script: script.text,
    scriptArguments: script.arguments,
    shell: wishes.get('S'),
    account: wishes.get('A'),
    project: wishes.get('P') ?? DEFAULT_PROJECT,
    rerunable: (wishes.get('r') ?? 'y') === 'y',
    joinPath: readJoin(wishes.get('j')),
    keepFiles: wishes.get('k') ?? 'n',
    mailPoints: wishes.get('m') ?? 'a',
    outputPath: output('o', 'o'),
    errorPath: output('e', 'e'),
    variables: listVariables(wishes, env, cwd, queue, server),
    submitArguments: argv.join(' '),
    depend,
    notBefore,
    ctime: now,
    state,
    substate: state === 'H' ? 20 : state === 'W' ? 30 : 10,
    isHeld: wishes.has('h'),
    mtime: now,
    stime: undefined,
    obittime: undefined,
    comment: undefined,
    placed: [],
    sessionId: undefined,
    runCount: 0,
    exitStatus: undefined,
    historyTimestamp: undefined,
    ending: undefined,
  };
}

function readJoin(text = 'n'): Job['joinPath'] {
  if (text === 'n' || text === 'oe' || text === 'eo') return text;
  throw illegal('j');
}

/** `[host:]path` */
function pathOf(text: string | undefined, cwd: string): string | undefined {
  if (text === undefined) return undefined;
  const path = text.replace(/^[\w.-]+:(?=\/)/, '');
  return isAbsolute(path) ? path : resolve(cwd, path);
}

/** `[[CC]YY]MMDDhhmm`; only the whole form is read here. */
function readDate(text: string): number {
  const [, year, month, day, hour, minute] = (/^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)$/.exec(text) ?? []).map(Number);
  if (year === undefined) throw illegal('a');
  return new Date(year, (month ?? 1) - 1, day, hour, minute).getTime();
}

function listVariables(wishes: Wishes, env: Invocation['env'], cwd: string, queue: string, server: PbsServer): [string, string][] {
  const own = ['HOME', 'LANG', 'LOGNAME', 'PATH', 'SHELL'].map((name): [string, string] => [`PBS_O_${name}`, env[name] ?? '']);
  const asked = splitList(wishes.get('v') ?? '').map((pair): [string, string] => {
    const [key = '', ...value] = pair.split('=');
    return [key, value.length === 0 ? (env[key] ?? '') : unquote(value.join('='))];
  });
  return [
    ...own.filter(([, value]) => value !== ''),
    ['PBS_O_WORKDIR', cwd],
    ['PBS_O_SYSTEM', 'Linux'],
    ...asked,
    ['PBS_O_QUEUE', queue],
    ['PBS_O_HOST', server.options.name],
  ];
}

const splitList = (text: string): string[] => (text === '' ? [] : text.split(/(?<!\\),/));
const unquote = (text: string): string => text.replace(/^"(.*)"$/, '$1').replaceAll('\\,', ',');
