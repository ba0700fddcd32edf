/**
 * The manager's side of its talk with the interchange, as a pure machine: registering, heartbeats, results kept until the
 * driver has them, gaps noticed.
 *
 *   registering ── registered ──▶ registered ── refused, shutdown, silence ──▶ ended
 *        ▲                            │
 *        └── who are you?, a gap ─────┘
 *
 * While it registers it takes no tasks, so that what it says it holds and which slots it has stays true. No clock, no socket; see
 * manager-link.ts.
 */
import { frameBase } from './frame-base.ts';
import type { Registration } from './interchange/core-events.ts';
import type { TaskGrant, SlotLease } from './resources/grant.ts';
import { triesIn, withoutReleases } from './result-frames.ts';

/** What the manager knows of itself; the session adds the rest of the {@link Registration}. */
export type SelfDescription = Omit<Registration, 'attempt' | 'firstSequence' | 'defined' | 'nextSequence'>;

export interface SessionOptions {
  readonly heartbeatPeriodMs: number;
  readonly heartbeatThresholdMs: number;
  /** Asked each time it registers; `held`: every try that was delivered and has no result yet. */
  readonly describe: () => SelfDescription;
}

/** The header of every frame from the interchange. */
interface FrameCount {
  readonly number: number;
  readonly acknowledged: number;
}

export type SessionEvent =
  | { readonly kind: 'start'; readonly at: number }
  | { readonly kind: 'tick'; readonly at: number }
  /** There is a new connection; what was on its way in the old one may be lost. */
  | { readonly kind: 'reconnected'; readonly at: number }
  | { readonly kind: 'resultsReady'; readonly parts: readonly Buffer[] }
  | ({ readonly kind: 'registered'; readonly attempt: number; readonly received: number; readonly at: number } & FrameCount)
  | ({ readonly kind: 'heartbeat'; readonly at: number } & FrameCount)
  | ({ readonly kind: 'tasks'; readonly parts: readonly Buffer[]; readonly at: number } & FrameCount)
  | ({ readonly kind: 'granted'; readonly grants: readonly TaskGrant[]; readonly records: Buffer; readonly at: number } & FrameCount)
  | ({ readonly kind: 'lease'; readonly lease: SlotLease; readonly at: number } & FrameCount)
  | ({ readonly kind: 'define'; readonly fnId: number; readonly bytes: Buffer; readonly at: number } & FrameCount)
  | ({ readonly kind: 'cancel'; readonly pairs: Buffer; readonly at: number } & FrameCount)
  | ({ readonly kind: 'clear'; readonly pairs: Buffer; readonly at: number } & FrameCount)
  | ({ readonly kind: 'recall'; readonly count: number; readonly at: number } & FrameCount)
  | ({ readonly kind: 'drain'; readonly at: number } & FrameCount)
  | { readonly kind: 'whoAreYou'; readonly at: number }
  | { readonly kind: 'refused'; readonly message: string; readonly at: number }
  | { readonly kind: 'shutdown'; readonly reason: string; readonly at: number };

export type SessionEffect =
  | { readonly kind: 'sendRegister'; readonly registration: Registration }
  | { readonly kind: 'sendResults'; readonly sequence: number; readonly parts: readonly Buffer[] }
  | { readonly kind: 'sendHeartbeat'; readonly sequence: number }
  | { readonly kind: 'deliverTasks'; readonly parts: readonly Buffer[] }
  | { readonly kind: 'deliverGranted'; readonly grants: readonly TaskGrant[]; readonly records: Buffer }
  | { readonly kind: 'deliverLease'; readonly lease: SlotLease }
  | { readonly kind: 'deliverDefine'; readonly fnId: number; readonly bytes: Buffer }
  | { readonly kind: 'deliverCancel'; readonly pairs: Buffer }
  | { readonly kind: 'deliverClear'; readonly pairs: Buffer }
  | { readonly kind: 'deliverRecall'; readonly count: number }
  | { readonly kind: 'deliverDrain' }
  | { readonly kind: 'joined' }
  | { readonly kind: 'refused'; readonly message: string }
  | { readonly kind: 'shutdown'; readonly reason: string }
  | { readonly kind: 'lost'; readonly reason: string };

interface KeptFrame {
  readonly sequence: number;
  readonly parts: readonly Buffer[];
}

export interface Session {
  readonly options: SessionOptions;
  state: 'registering' | 'registered' | 'ended';
  attempt: number;
  /** Number of the last frame taken. */
  lastFrame: number;
  lastHeardMs: number;
  lastTickMs: number;
  nextBeatMs: number;
  /** Result frames are numbered from 1, for the life of the manager. */
  nextSequence: number;
  /** Sent, or to be sent once registered; not acknowledged. */
  kept: KeptFrame[];
  readonly defined: Set<number>;
}

export const createSession = (options: SessionOptions): Session => ({
  options,
  state: 'registering',
  attempt: 0,
  lastFrame: 0,
  lastHeardMs: 0,
  lastTickMs: 0,
  nextBeatMs: 0,
  nextSequence: 1,
  kept: [],
  defined: new Set(),
});

export function stepSession(session: Session, event: SessionEvent): SessionEffect[] {
  if (session.state === 'ended') return [];
  const effects: SessionEffect[] = [];
  if (event.kind === 'resultsReady') keepAndSend(session, event.parts, effects);
  else if (event.kind === 'start') start(session, event.at, effects);
  else if (event.kind === 'tick') tick(session, event.at, effects);
  else if (event.kind === 'reconnected') register(session, event.at, effects);
  else {
    session.lastHeardMs = event.at;
    hear(session, event, effects);
  }
  return effects;
}

type Heard = Exclude<SessionEvent, { kind: 'start' | 'tick' | 'reconnected' | 'resultsReady' }>;

function hear(session: Session, event: Heard, effects: SessionEffect[]): void {
  switch (event.kind) {
    case 'registered':
      return becomeRegistered(session, event, effects);
    case 'heartbeat':
      return checkHeartbeat(session, event, effects);
    case 'whoAreYou':
      if (session.state === 'registered') register(session, event.at, effects);
      return;
    case 'refused':
      session.state = 'ended';
      effects.push({ kind: 'refused', message: event.message });
      return;
    case 'shutdown':
      session.state = 'ended';
      effects.push({ kind: 'shutdown', reason: event.reason });
      return;
    default:
      if (isNextFrame(session, event, effects)) deliver(session, event, effects);
  }
}

function deliver(
  session: Session,
  event: Extract<Heard, { kind: 'tasks' | 'granted' | 'lease' | 'define' | 'cancel' | 'clear' | 'recall' | 'drain' }>,
  effects: SessionEffect[],
): void {
  switch (event.kind) {
    case 'tasks':
      effects.push({ kind: 'deliverTasks', parts: event.parts });
      break;
    case 'granted':
      effects.push({ kind: 'deliverGranted', grants: event.grants, records: event.records });
      break;
    case 'lease':
      effects.push({ kind: 'deliverLease', lease: event.lease });
      break;
    case 'cancel':
      effects.push({ kind: 'deliverCancel', pairs: event.pairs });
      break;
    case 'clear':
      effects.push({ kind: 'deliverClear', pairs: event.pairs });
      break;
    case 'recall':
      effects.push({ kind: 'deliverRecall', count: event.count });
      break;
    case 'drain':
      effects.push({ kind: 'deliverDrain' });
      break;
    case 'define':
      session.defined.add(event.fnId);
      effects.push({ kind: 'deliverDefine', fnId: event.fnId, bytes: event.bytes });
  }
}

/** True for the frame after the last one. An older one is a repeat; a gap means that something was lost. */
function isNextFrame(session: Session, event: FrameCount & { readonly at: number }, effects: SessionEffect[]): boolean {
  if (session.state !== 'registered') return false;
  const ahead = (event.number - session.lastFrame) | 0;
  if (ahead > 1) register(session, event.at, effects);
  if (ahead !== 1) return false;
  session.lastFrame = event.number;
  forgetAcknowledged(session, event.acknowledged);
  return true;
}

function checkHeartbeat(session: Session, event: FrameCount & { readonly at: number }, effects: SessionEffect[]): void {
  if (session.state !== 'registered') return;
  forgetAcknowledged(session, event.acknowledged);
  if (event.number !== session.lastFrame) register(session, event.at, effects);
}

function start(session: Session, at: number, effects: SessionEffect[]): void {
  session.lastHeardMs = at;
  session.lastTickMs = at;
  register(session, at, effects);
}

function register(session: Session, at: number, effects: SessionEffect[]): void {
  session.state = 'registering';
  session.attempt++;
  session.nextBeatMs = at + session.options.heartbeatPeriodMs;
  const description = session.options.describe();
  // It says which slots are leased: an interchange that has just leased one must not hear later that it was once released.
  session.kept = session.kept.map(({ sequence, parts }) => ({ sequence, parts: parts.map(withoutReleases) }));
  const registration: Registration = {
    ...description,
    attempt: session.attempt,
    firstSequence: session.kept[0]?.sequence ?? session.nextSequence,
    held: [...description.held, ...session.kept.flatMap(({ parts }) => triesIn(parts))],
    defined: [...session.defined],
    nextSequence: session.nextSequence,
  };
  effects.push({ kind: 'sendRegister', registration });
}

function becomeRegistered(session: Session, event: Extract<Heard, { kind: 'registered' }>, effects: SessionEffect[]): void {
  if (session.state !== 'registering' || event.attempt !== session.attempt) return;
  session.state = 'registered';
  session.lastFrame = frameBase(session.attempt);
  forgetAcknowledged(session, event.acknowledged);
  effects.push({ kind: 'joined' });
  for (const { sequence, parts } of session.kept) {
    if (((sequence - event.received) | 0) > 0) effects.push({ kind: 'sendResults', sequence, parts });
  }
}

function forgetAcknowledged(session: Session, acknowledged: number): void {
  let count = 0;
  while (count < session.kept.length && (((session.kept[count] as KeptFrame).sequence - acknowledged) | 0) <= 0) count++;
  if (count > 0) session.kept = session.kept.slice(count);
}

function keepAndSend(session: Session, parts: readonly Buffer[], effects: SessionEffect[]): void {
  const sequence = session.nextSequence;
  session.nextSequence = (sequence + 1) >>> 0;
  session.kept.push({ sequence, parts });
  if (session.state === 'registered') effects.push({ kind: 'sendResults', sequence, parts });
}

function tick(session: Session, at: number, effects: SessionEffect[]): void {
  const { heartbeatPeriodMs, heartbeatThresholdMs } = session.options;
  const paused = at - session.lastTickMs;
  session.lastTickMs = at;
  // This process itself stood still: what the interchange said meanwhile has yet to be read.
  if (paused * 2 > heartbeatThresholdMs) session.lastHeardMs = Math.min(at, session.lastHeardMs + paused);
  if (at - session.lastHeardMs > heartbeatThresholdMs) {
    session.state = 'ended';
    effects.push({ kind: 'lost', reason: `nothing was heard from the interchange for ${Math.round(at - session.lastHeardMs)} ms` });
  } else if (at >= session.nextBeatMs) beat(session, at, heartbeatPeriodMs, effects);
}

function beat(session: Session, at: number, periodMs: number, effects: SessionEffect[]): void {
  if (session.state === 'registering') return register(session, at, effects);
  session.nextBeatMs = at + periodMs;
  effects.push({ kind: 'sendHeartbeat', sequence: (session.nextSequence - 1) >>> 0 });
}
