/**
 * The task graph: who waits for whom, what is launched again, and how each task ends. Pure: `step(graph, event)` → effects.
 *
 *   submitted ─▶ waiting ─(all it waits for is done)─▶ launched ─(ok)─▶ done
 *                   │                                   │  ▲ │
 *                   │                                   │  └─┘ failed within its retries, lost within the infrastructure's, unstarted
 *                   │                                   └─▶ failed | cancelled | ignored (what waits for it goes on as if it were done)
 *                   └─(one it waits for failed)─▶ dependencyFailed, or dependencyCancelled if the first that failed cancels its successors
 *
 * A task's node is dropped when it ends. No values, no errors, no clock here: the kernel holds those by id.
 */
import { IdMap } from '../id-map.ts';

export type TaskId = number & { readonly __brand: 'TaskId' };

export interface TaskPolicy {
  /** What failures may cost in all; a failure costs 1 unless a retry handler says otherwise. */
  readonly retries: number;
  readonly onLost: 'retry' | 'fail';
  /** What becomes of those that wait for it once it has failed for good. */
  readonly onFailure: 'fail' | 'ignore' | 'cancelSuccessors';
}

/** A task that outlived this many blocks is stopped: it may be longer than any of them. */
export const MAX_EXPIRIES = 10;

/** A task that was lost this often is stopped: it may be what kills its workers. */
export const MAX_LOSSES = 3;

export type GraphEvent =
  | { readonly kind: 'submitted'; readonly id: TaskId; readonly policy: TaskPolicy; readonly after: readonly TaskId[] }
  /** Something that is no task of ours but can be waited for (a promise, a future of another kind). */
  | { readonly kind: 'externalAwaited'; readonly id: TaskId }
  | { readonly kind: 'externalSettled'; readonly id: TaskId; readonly ok: boolean; readonly cancelSuccessors?: boolean }
  | { readonly kind: 'tryEnded'; readonly id: TaskId; readonly tryNumber: number; readonly result: TryResult }
  | { readonly kind: 'cancelRequested'; readonly id: TaskId };

export type TryResult =
  | { readonly kind: 'ok' }
  /** `cost` of this failure; Infinity: trying again cannot help. */
  | { readonly kind: 'failed'; readonly cost: number }
  /** It failed on purpose, to end its group: it is neither tried again nor ignored. */
  | { readonly kind: 'groupError' }
  | { readonly kind: 'lost' }
  /** Lost because the time of its block was over: nobody's fault, and no sign of poison. */
  | { readonly kind: 'expired' }
  | { readonly kind: 'cancelled' }
  | { readonly kind: 'unstarted' };

export type GraphEffect =
  | { readonly kind: 'launch'; readonly id: TaskId; readonly tryNumber: number; readonly reason: 'ready' | 'failed' | 'lost' | 'unstarted' }
  | { readonly kind: 'cancelTry'; readonly id: TaskId; readonly tryNumber: number }
  | { readonly kind: 'succeeded'; readonly id: TaskId }
  | { readonly kind: 'failed'; readonly id: TaskId; readonly why: 'failed' | 'lost' | 'cancelled' }
  | { readonly kind: 'ignored'; readonly id: TaskId; readonly why: 'failed' | 'lost' }
  | { readonly kind: 'dependencyFailed' | 'dependencyCancelled'; readonly id: TaskId; readonly upstream: TaskId };

type NodeState =
  | { readonly kind: 'waiting' }
  | { readonly kind: 'launched' }
  | { readonly kind: 'cancelling' }
  | { readonly kind: 'external' };

interface Node {
  readonly policy: TaskPolicy | undefined;
  state: NodeState;
  waitingFor: number;
  dependents: TaskId[] | undefined;
  /** undefined: it has had one try at most, and none has failed. */
  past: Past | undefined;
}

interface Past {
  tryNumber: number;
  cost: number;
  losses: number;
  expiries: number;
}

export interface TaskGraph {
  readonly nodes: IdMap<Node>;
}

const WAITING: NodeState = { kind: 'waiting' };
const LAUNCHED: NodeState = { kind: 'launched' };
const CANCELLING: NodeState = { kind: 'cancelling' };
const EXTERNAL: NodeState = { kind: 'external' };
const NOTHING: readonly GraphEffect[] = [];

export const createTaskGraph = (): TaskGraph => ({ nodes: new IdMap() });

/** Events about tasks that have ended, and results of superseded tries, do nothing. */
export function step(graph: TaskGraph, event: GraphEvent): readonly GraphEffect[] {
  switch (event.kind) {
    case 'submitted':
      return submitted(graph, event.id, event.policy, event.after);
    case 'externalAwaited':
      graph.nodes.set(event.id, createNode(undefined, EXTERNAL));
      return NOTHING;
    case 'externalSettled':
      return externalSettled(graph, event.id, event.ok, event.cancelSuccessors === true);
    case 'tryEnded':
      return tryEnded(graph, event.id, event.tryNumber, event.result);
    case 'cancelRequested':
      return cancelRequested(graph, event.id);
    default:
      return assertNever(event);
  }
}

/** How many that a task waits for are not done; undefined if it does not wait. */
export function unfinishedDependencies(graph: TaskGraph, id: TaskId): number | undefined {
  const node = graph.nodes.get(id);
  return node?.state.kind === 'waiting' ? node.waitingFor : undefined;
}

function createNode(policy: TaskPolicy | undefined, state: NodeState): Node {
  return { policy, state, waitingFor: 0, dependents: undefined, past: undefined };
}

function pastOf(node: Node): Past {
  node.past ??= { tryNumber: 1, cost: 0, losses: 0, expiries: 0 };
  return node.past;
}

const tryNumberOf = (node: Node): number => node.past?.tryNumber ?? 1;

function submitted(graph: TaskGraph, id: TaskId, policy: TaskPolicy, after: readonly TaskId[]): readonly GraphEffect[] {
  const node = createNode(policy, WAITING);
  graph.nodes.set(id, node);
  for (const upstream of after) {
    const upstreamNode = graph.nodes.get(upstream);
    if (!upstreamNode) continue;
    node.waitingFor++;
    if (upstreamNode.dependents) upstreamNode.dependents.push(id);
    else upstreamNode.dependents = [id];
  }
  return node.waitingFor === 0 ? [launch(id, node, 'ready')] : NOTHING;
}

function externalSettled(graph: TaskGraph, id: TaskId, ok: boolean, cancelSuccessors: boolean): readonly GraphEffect[] {
  if (!graph.nodes.has(id)) return NOTHING;
  return ok ? release(graph, id, []) : endFailed(graph, id, cancelSuccessors);
}

function launch(id: TaskId, node: Node, reason: 'ready' | 'failed' | 'lost' | 'unstarted'): GraphEffect {
  node.state = LAUNCHED;
  return { kind: 'launch', id, tryNumber: tryNumberOf(node), reason };
}

function tryEnded(graph: TaskGraph, id: TaskId, tryNumber: number, result: TryResult): readonly GraphEffect[] {
  const node = graph.nodes.get(id);
  if (!node || tryNumberOf(node) !== tryNumber || !(node.state.kind === 'launched' || node.state.kind === 'cancelling')) return NOTHING;
  if (result.kind === 'ok') return release(graph, id, [{ kind: 'succeeded', id }]);
  if (node.state.kind === 'cancelling' || result.kind === 'cancelled') return fail(graph, id, 'cancelled');
  const past = pastOf(node);
  switch (result.kind) {
    case 'unstarted':
      // A number of its own too: told of it twice, the graph must not launch twice.
      return again(id, node, 'unstarted');
    case 'failed':
      past.cost += result.cost;
      return past.cost <= (node.policy?.retries ?? 0) ? again(id, node, 'failed') : giveUp(graph, id, 'failed');
    case 'groupError':
      return fail(graph, id, 'failed');
    case 'lost':
      past.losses++;
      return node.policy?.onLost === 'retry' && past.losses < MAX_LOSSES ? again(id, node, 'lost') : giveUp(graph, id, 'lost');
    case 'expired':
      past.expiries++;
      return node.policy?.onLost === 'retry' && past.expiries < MAX_EXPIRIES ? again(id, node, 'lost') : giveUp(graph, id, 'lost');
    default:
      return assertNever(result);
  }
}

function again(id: TaskId, node: Node, reason: 'failed' | 'lost' | 'unstarted'): readonly GraphEffect[] {
  pastOf(node).tryNumber++;
  return [launch(id, node, reason)];
}

function cancelRequested(graph: TaskGraph, id: TaskId): readonly GraphEffect[] {
  const node = graph.nodes.get(id);
  switch (node?.state.kind) {
    case 'waiting':
      return fail(graph, id, 'cancelled');
    case 'launched':
      node.state = CANCELLING;
      return [{ kind: 'cancelTry', id, tryNumber: tryNumberOf(node) }];
    default:
      return NOTHING;
  }
}

function giveUp(graph: TaskGraph, id: TaskId, why: 'failed' | 'lost'): readonly GraphEffect[] {
  const isIgnored = graph.nodes.get(id)?.policy?.onFailure === 'ignore';
  return isIgnored ? release(graph, id, [{ kind: 'ignored', id, why }]) : fail(graph, id, why);
}

function fail(graph: TaskGraph, id: TaskId, why: 'failed' | 'lost' | 'cancelled'): readonly GraphEffect[] {
  const cancelSuccessors = graph.nodes.get(id)?.policy?.onFailure === 'cancelSuccessors';
  return [{ kind: 'failed', id, why }, ...endFailed(graph, id, cancelSuccessors)];
}

/** Ends `id` so that what waits for it may go on. @returns `effects` with what follows behind them. */
function release(graph: TaskGraph, id: TaskId, effects: GraphEffect[]): readonly GraphEffect[] {
  const node = graph.nodes.get(id);
  graph.nodes.delete(id);
  for (const dependent of node?.dependents ?? []) {
    const waiting = graph.nodes.get(dependent);
    if (waiting?.state.kind === 'waiting' && --waiting.waitingFor === 0) effects.push(launch(dependent, waiting, 'ready'));
  }
  return effects;
}

/** Ends `id` and everything behind it, all in one way, nearest first; a loop, since chains are as long as people like. */
function endFailed(graph: TaskGraph, id: TaskId, cancelSuccessors: boolean): GraphEffect[] {
  const kind = cancelSuccessors ? 'dependencyCancelled' : 'dependencyFailed';
  const effects: GraphEffect[] = [];
  const queue: TaskId[] = [id];
  for (let i = 0; i < queue.length; i++) {
    const upstream = queue[i] as TaskId;
    const node = graph.nodes.get(upstream);
    graph.nodes.delete(upstream);
    for (const dependent of node?.dependents ?? []) {
      if (graph.nodes.get(dependent)?.state.kind !== 'waiting') continue;
      // Marked by leaving the map only when its own turn comes: seen twice (two edges) it must fail once.
      const waiting = graph.nodes.get(dependent) as Node;
      waiting.state = EXTERNAL;
      effects.push({ kind, id: dependent, upstream });
      queue.push(dependent);
    }
  }
  return effects;
}

function assertNever(value: never): never {
  throw new Error(`unexpected ${JSON.stringify(value)}`);
}
