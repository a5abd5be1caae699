import type { AuditEntry } from '../../src/delivery/audit.js';
import type { Broker } from '../../src/delivery/broker.js';
import type { Person } from '../../src/delivery/interventions.js';
import type { DeliveryRecord, MessageRecord } from '../../src/store/store.js';
import { deliveryActions, messageActions, undoable } from './shown-state.js';
import { listMessages, type NameOf } from './view-model.js';
import type { BulkRequest, BulkResult, Selection } from './views.js';

/** Messages looked at in one request; the view goes on with another. */
const MAX_MESSAGES = 2_000;
/** Messages dealt with side by side: their commits share one write to the disk. */
const SIDE_BY_SIDE = 50;
const PAGE = 200;
const DELIVERIES = 200;
const MOST_REASONS = 5;
const ONE_BY_ONE = 'What needs a decision is answered one by one.';

/** Does one thing to many messages and their deliveries, where it can be done; noted in the audit list as one. */
export async function bulk(brokers: Broker[], request: BulkRequest, by: Person, nameOf: NameOf): Promise<BulkResult> {
  const found = request.ids ? request.ids.slice(0, MAX_MESSAGES) : await matching(brokers, request.selection, nameOf);
  const result: BulkResult = {
    done: 0,
    looked: 0,
    messages: [],
    refused: [],
    more: (request.ids ?? found).length > MAX_MESSAGES,
  };
  for (let at = 0; at < Math.min(found.length, MAX_MESSAGES); at += SIDE_BY_SIDE) {
    const lot = found.slice(at, Math.min(at + SIDE_BY_SIDE, MAX_MESSAGES));
    await Promise.all(lot.map((id) => applyTo(brokers, id, request, by, result)));
  }
  const first = brokers[0];
  if (first && result.done > 0 && !request.preview) {
    const target: AuditEntry['target'] = {
      kind: 'message',
      id: result.messages[0] ?? '',
      name: request.ids ? '' : selectionText(request.selection),
      count: result.done,
    };
    await first.interventions.noteMany(request.action, target, by, request.reason);
  }
  return result;
}

/** Ids of the messages that fit, one more than are dealt with at once where there are more. */
async function matching(brokers: Broker[], selection: Selection | undefined, nameOf: NameOf): Promise<string[]> {
  if (!selection) return [];
  const ids = new Set<string>();
  let before: string | undefined;
  do {
    const page = await listMessages(brokers, { ...selection, before, limit: PAGE }, nameOf);
    for (const { id } of page.messages) ids.add(id);
    before = page.next;
  } while (before && ids.size <= MAX_MESSAGES);
  return [...ids];
}

async function applyTo(brokers: Broker[], id: string, request: BulkRequest, by: Person, result: BulkResult): Promise<void> {
  const { action, reason = '', preview } = request;
  for (const { store, interventions } of brokers) {
    const message = await store.message(id);
    if (!message) continue;
    const deliveries = await store.listDeliveries({ message: id, limit: DELIVERIES });
    const many = { ...by, many: true };
    const steps = {
      replay: {
        message: () => interventions.replayMessage(id, many),
        delivery: (d: string) => interventions.replayDelivery(d, many),
      },
      skip: {
        message: () => interventions.skipMessage(id, reason, many),
        delivery: (d: string) => interventions.skipDelivery(d, reason, many),
      },
      seen: {
        message: () => interventions.markMessageSeen(id, many),
        delivery: (d: string) => interventions.markDeliverySeen(d, many),
      },
      undo: { message: () => interventions.undoMessage(id, many), delivery: (d: string) => interventions.undoDelivery(d, many) },
    }[action];
    const asked = [message, ...deliveries].filter((record) => isAnswer(record, action));
    if (asked.length > 0 && !result.refused.includes(ONE_BY_ONE)) result.refused.push(ONE_BY_ONE);
    const work: { step: () => Promise<void>; looks?: boolean }[] = [
      ...(messageActions(message).includes(action) && isIncluded(message, request) && !asked.includes(message)
        ? [{ step: steps.message }]
        : []),
      ...deliveries
        .filter((d) => deliveryActions(d).includes(action) && isIncluded(d, request) && !asked.includes(d))
        .map((d) => ({ step: () => steps.delivery(d.id), looks: action === 'replay' && isOnlyLookedFor(d) })),
    ];
    if (work.length > 0) result.messages.push(id);
    for (const { step, looks } of work) {
      try {
        if (!preview) await step();
        result.done++;
        if (looks) result.looked++;
      } catch (error) {
        if (result.refused.length < MOST_REASONS) result.refused.push(error instanceof Error ? error.message : String(error));
      }
    }
    return;
  }
}

/** An undo takes back what was done to all of them, and nothing that was done to one of them before. */
function isIncluded(record: MessageRecord | DeliveryRecord, { action, undoes }: BulkRequest): boolean {
  return action !== 'undo' || undoes === undefined || undoable(record) === undoes;
}

/** It would answer a question that nobody has read. To look, or try, again does no harm, but where that cancels the legs of an order. */
function isAnswer({ state, decision }: MessageRecord | DeliveryRecord, action: BulkRequest['action']): boolean {
  return state === 'needsDecision' && (action === 'skip' || decision === 'legFailed');
}

/** Where the question is whether it is there, a replay is no more than a look. */
function isOnlyLookedFor({ decision }: DeliveryRecord): boolean {
  return decision === 'unresolved' || decision === 'addressChanged';
}

/** What was asked for, as the audit list tells it. */
function selectionText(selection: Selection | undefined): string {
  return Object.entries(selection ?? {})
    .filter(([name, value]) => value && !(name === 'direction' && value === 'either'))
    .map(([name, value]) => `${name} ${value}`)
    .join(', ');
}
