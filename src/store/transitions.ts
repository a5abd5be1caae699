import { SwitchboardError } from '../errors.js';
import { say } from '../text/say.js';
import type { DeliveryState, MessageState } from './store.js';

/**
 * What may happen to a record in each state, and the state it has afterwards; `new`: the states in which a record is created.
 * Several states after `undo`: the one before the action that is undone. A store refuses every other change of state; every other
 * change of a record in the same state is allowed. docs/promises.md draws these tables.
 */
export type Transitions<State extends string> = Record<'new' | State, Record<string, State | readonly State[]>>;

/** Of messages: the inbox emits them until they are settled or need a user. */
export const MESSAGE_TRANSITIONS: Transitions<MessageState> = {
  new: { accept: 'received', fail: 'failed', ask: 'needsDecision' },
  received: { settle: 'settled', fail: 'failed', ask: 'needsDecision', skip: 'skipped' },
  settled: { replay: 'received', skip: 'skipped' },
  failed: { replay: 'received', skip: 'skipped' },
  needsDecision: { replay: 'received', skip: 'skipped' },
  skipped: { replay: 'received', undo: ['received', 'settled', 'failed', 'needsDecision'] },
};

/**
 * Of deliveries. A lost answer, or a process that ended while sending, leaves a doubt that only a look-up ends: from there,
 * nothing leads back to `pending` but the undo of a user's own action. `drop`: the order was cancelled, or a leg that it waits for
 * failed. `merge`: an earlier update that waits writes its fields, too. `answer`: a message of the partner, an edited link or the endpoint's former address answers the question.
 */
export const DELIVERY_TRANSITIONS: Transitions<DeliveryState> = {
  new: { queue: 'pending', send: 'sending', merge: 'merged' },
  pending: { send: 'sending', drop: 'skipped', skip: 'skipped', replay: 'inDoubt' },
  sending: { succeed: 'delivered', retry: 'pending', lose: 'inDoubt', fail: 'failed', ask: 'needsDecision' },
  inDoubt: { send: 'sending', skip: 'skipped', undo: ['pending', 'failed', 'needsDecision', 'skipped'] },
  delivered: {},
  merged: {},
  failed: { replay: 'inDoubt', skip: 'skipped' },
  needsDecision: { replay: 'inDoubt', answer: 'inDoubt', skip: 'skipped' },
  skipped: { replay: 'inDoubt', undo: ['pending', 'inDoubt', 'failed', 'needsDecision'] },
};

/** The states after each, computed once: every commit asks. */
const NEXT = { message: nextStates(MESSAGE_TRANSITIONS), delivery: nextStates(DELIVERY_TRANSITIONS) };

function nextStates(table: Transitions<string>): Map<string, string[]> {
  return new Map(Object.entries(table).map(([state, row]) => [state, [...new Set(Object.values(row).flat())]]));
}

/** The states in which a record is created (`before` undefined), or that may follow one, without that state itself. */
export function statesAfter(kind: 'message' | 'delivery', before: string | undefined): readonly string[] {
  return NEXT[kind].get(before ?? 'new') ?? [];
}

/** Throws unless a record may change to a state, or be created in it: a bug, because its commit must not be retried as it is. */
export function assertTransition(kind: 'message' | 'delivery', id: string, before: string | undefined, after: string): void {
  if (before === after || statesAfter(kind, before).includes(after)) return;
  const what =
    before === undefined
      ? say`${kind} ${id} cannot be created in state ${after}.`
      : say`${kind} ${id} cannot change from state ${before} to ${after}.`;
  throw new SwitchboardError('SWB_STORE', what, {
    hint: say`This is an error in Switchboard, and nothing was changed: please report it with the log.`,
  });
}
