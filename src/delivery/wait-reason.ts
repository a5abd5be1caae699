import type { DeliveryRecord, ErrorRecord, MessageRecord, Predecessor } from '../store/store.js';
import { type EndpointState, endpointState } from './endpoint-state.js';
import type { FlowPlace } from './flow-place.js';
import type { Outage } from './outage.js';

/**
 * Why something waits. Of deliveries:
 * - `create`, `earlier`: behind the create of its ticket, or another delivery that has to come first
 * - `leg`, `link`: for other legs of the order; for its ticket to be known
 * - `suspended`, `down`, `strange`, `paused`: the state of its endpoint
 * - `source`: the endpoint that an attachment is read from has one of these states
 * - `limit`, `retry`, `doubt`: the partner limits our rate; its own attempt failed; its answer was lost, and it is looked up
 * - `slot`, `sending`: it is its turn; it is being sent
 * - `noEndpoint`: the flows do not contain its endpoint
 *
 * Of messages:
 * - `read`: its record could not be read
 * - `turn`: behind another message of its conversation, or of its in node
 * - `mapping`, `flow`: a Switchboard node, or another one, works on it
 * - `noNode`: the flows do not contain its in node
 *
 * Of both: `decision`: a user has to answer; `store`: the store cannot write.
 */
export type WaitKind =
  | Exclude<EndpointState, 'up'>
  | 'paused'
  | 'create'
  | 'earlier'
  | 'leg'
  | 'link'
  | 'source'
  | 'limit'
  | 'retry'
  | 'doubt'
  | 'slot'
  | 'sending'
  | 'noEndpoint'
  | 'read'
  | 'turn'
  | 'mapping'
  | 'flow'
  | 'noNode'
  | 'decision'
  | 'store';

export interface WaitReason {
  kind: WaitKind;
  /** Since when it waits for this, as far as that is known; ISO 8601. */
  since: string;
  /** Time of the next attempt, or the end of the wait; ISO 8601. Absent where it is not known. */
  until?: string;
  /** Id of the endpoint that is in the way. */
  endpoint?: string;
  /** The delivery that comes first. */
  delivery?: DeliveryRecord;
  /** Id of the message that comes first. */
  message?: string;
  /** `leg`: the legs that have to come first, and their states then. */
  legs?: Predecessor[];
  /** `suspended`: the user; empty if unknown. */
  by?: string;
  /** `mapping`, `flow`: name of the node. */
  node?: string;
  /** What went wrong, or the user's reason. */
  text?: string;
}

/** What is known of an endpoint that a delivery needs; absent status: the flows do not contain it. */
export interface EndpointFacts {
  id: string;
  status?: SenderStatus;
}

/** Part of WorkerStatus, repeated here because editor code cannot import worker.ts. */
type SenderStatus = Parameters<typeof endpointState>[0] & { outage?: Outage; lastError?: ErrorRecord; resumesAt?: number };

export interface DeliveryFacts {
  target: EndpointFacts;
  /** Of an attachment: the endpoint that it is read from. */
  source?: EndpointFacts;
  /** The oldest delivery that has to come first. */
  blocker?: Blocker;
  /** Why the store cannot write. */
  storeTrouble?: string;
  /** Wall clock, epoch milliseconds. */
  now: number;
}

export interface Blocker {
  delivery: DeliveryRecord;
  /** It creates the ticket. */
  isCreate: boolean;
}

export interface MessageFacts {
  /** Whether the flows contain its in node. */
  hasNode: boolean;
  /** Where it is in its flow; absent: it is not in it. */
  flow?: FlowPlace;
  /** It waits in the flow for this message of its conversation. */
  before?: string;
  /** It is read once no delivery to its record is in doubt. */
  afterDoubt: boolean;
  storeTrouble?: string;
}

/**
 * Why a delivery is not done; undefined if it is, or if it failed and waits for nothing. What a user has to settle comes first, then
 * the state of the endpoint: it says more than what waits in front for the same reason. Pure.
 */
export function deliveryWait(record: DeliveryRecord, facts: DeliveryFacts): WaitReason | undefined {
  const { state, createdAt: since, waitsFor, notBefore = 0, error } = record;
  const { target, source, blocker, storeTrouble, now } = facts;
  if (state === 'needsDecision') return { kind: 'decision', since: error?.at ?? record.updatedAt, text: error?.message };
  if (state !== 'pending' && state !== 'inDoubt' && state !== 'sending') return undefined;
  if (Array.isArray(waitsFor)) return { kind: 'leg', since, legs: waitsFor };
  if (blocker?.delivery.blocking) return behind(record, blocker);
  if (!target.status) return { kind: 'noEndpoint', since, endpoint: target.id };
  if (storeTrouble) return { kind: 'store', since, text: storeTrouble };
  const atTarget = state === 'sending' ? undefined : endpointWait(target, since);
  if (atTarget) return atTarget;
  if (blocker) return behind(record, blocker);
  if (waitsFor === 'link') return { kind: 'link', since };
  if (state === 'sending') return { kind: 'sending', since };
  const atSource = source && endpointWait(source, since);
  if (atSource) return { ...atSource, kind: 'source' };
  if (state === 'inDoubt')
    return { kind: 'doubt', since: doubtBegan(record), until: lookUntil(record, now), text: error?.message };
  if (error && notBefore > now)
    return { kind: isLimit(error) ? 'limit' : 'retry', since, until: iso(notBefore), endpoint: target.id, text: error.message };
  const { resumesAt = 0 } = target.status;
  if (resumesAt > now) return { kind: 'limit', since, until: iso(wholeSecond(resumesAt)), endpoint: target.id };
  return { kind: 'slot', since, endpoint: target.id };
}

/** Why a message is not settled; undefined if it is, or if it failed. Pure. */
export function messageWait(record: MessageRecord, facts: MessageFacts): WaitReason | undefined {
  const { state, receivedAt: since, endpoint, error, notBefore } = record;
  const { hasNode, flow, before, afterDoubt, storeTrouble } = facts;
  if (state === 'needsDecision') return { kind: 'decision', since: error?.at ?? since, text: error?.message };
  if (state !== 'received') return undefined;
  if (!hasNode) return { kind: 'noNode', since };
  if (storeTrouble) return { kind: 'store', since, text: storeTrouble };
  if (flow && before) return { kind: 'turn', since: flow.since, message: before };
  if (flow) {
    const { since: entered, holder } = flow;
    return { kind: holder?.ours ? 'mapping' : 'flow', since: holder?.since ?? entered, node: holder?.name };
  }
  const until = notBefore ? iso(notBefore) : undefined;
  if (error && afterDoubt) return { kind: 'doubt', since, until };
  if (error) return { kind: 'read', since, until, endpoint, text: error.message };
  return { kind: 'turn', since };
}

/** A delivery that has to come first: the create of the ticket, or another one of the lane. */
function behind({ createdAt }: DeliveryRecord, { delivery, isCreate }: Blocker): WaitReason {
  const stuck = delivery.blocking ? (delivery.error?.at ?? delivery.updatedAt) : createdAt;
  return { kind: isCreate ? 'create' : 'earlier', since: later(stuck, createdAt), delivery };
}

/** The state of an endpoint that keeps a delivery queued at `queued` waiting. */
function endpointWait({ id, status }: EndpointFacts, queued: string): WaitReason | undefined {
  const state = status ? endpointState(status) : 'up';
  if (!status || state === 'up') return undefined;
  const { suspended, paused, outage, lastError, resumesAt } = status;
  if (suspended)
    return { kind: state, since: later(suspended.at, queued), endpoint: id, by: suspended.by, text: suspended.reason };
  if (paused)
    return { kind: state, since: later(paused.since, queued), until: iso(paused.nextCheck), endpoint: id, text: paused.reason };
  return {
    kind: state,
    since: later(outage?.since ?? queued, queued),
    until: resumesAt ? iso(wholeSecond(resumesAt)) : undefined,
    endpoint: id,
    text: lastError?.message,
  };
}

/** The first attempt that is known to be unanswered; the last attempts only are kept. */
function doubtBegan({ attempts, createdAt }: DeliveryRecord): string {
  return attempts.find(({ error }) => error !== undefined)?.at ?? createdAt;
}

/**
 * In doubt: the end of the period in which the record is only looked up, only while it is in the future, because a user can end it
 * early by sending again. `now`: wall clock, epoch milliseconds.
 */
export function lookUntil({ state, lookLeft = 0, updatedAt }: DeliveryRecord, now: number): string | undefined {
  const until = Date.parse(updatedAt) + lookLeft;
  return state === 'inDoubt' && until > now ? iso(until) : undefined;
}

const isLimit = ({ code }: ErrorRecord) => code === 'SWB_PARTNER_LIMIT';
/** It is converted between clocks each time it is asked for, and would differ by fractions each time. */
const wholeSecond = (time: number) => Math.round(time / 1000) * 1000;
const later = (a: string, b: string) => (a > b ? a : b);
const iso = (time: number) => new Date(time).toISOString();
