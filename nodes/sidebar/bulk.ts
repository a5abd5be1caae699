import type { AuditEntry } from '../../src/delivery/audit-view.js';
import type { Broker } from '../../src/delivery/broker.js';
import type { Person } from '../../src/delivery/person.js';
import type { DeliveryRecord, MessageRecord } from '../../src/store/store.js';
import { say } from '../../src/text/say.js';
import type { NameOf } from './broker-access.js';
import { deliveryActions, messageActions, undoable } from './shown-state.js';
import { listMessages } from './view-model.js';
import type { BulkRequest, BulkResult, Selection } from './views.js';

/** Maximum number of messages per request; the view sends another request for the rest. */
const MAX_MESSAGES = 2_000;
/** Messages handled in parallel, so that their commits share one disk write. */
const PARALLEL = 50;
const PAGE = 200;
const DELIVERIES = 200;
const MAX_REASONS = 5;
const oneByOne = () => say`Decisions have to be made one by one.`;

/** Applies one action to many messages and their deliveries, where possible; recorded as one entry in the audit list. */
export async function bulk(brokers: Broker[], request: BulkRequest, by: Person, nameOf: NameOf): Promise<BulkResult> {
  const found = request.ids ? request.ids.slice(0, MAX_MESSAGES) : await matching(brokers, request.selection, nameOf);
  const result: BulkResult = {
    done: 0,
    looked: 0,
    messages: [],
    refused: [],
    more: (request.ids ?? found).length > MAX_MESSAGES,
  };
  for (let at = 0; at < Math.min(found.length, MAX_MESSAGES); at += PARALLEL) {
    const batch = found.slice(at, Math.min(at + PARALLEL, MAX_MESSAGES));
    await Promise.all(batch.map((id) => applyTo(brokers, id, request, by, result)));
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

/** Ids of the matching messages, up to one page more than the maximum. */
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
    const decisions = [message, ...deliveries].filter((record) => isAnswer(record, action));
    if (decisions.length > 0 && !result.refused.includes(oneByOne())) result.refused.push(oneByOne());
    const work: { step: () => Promise<void>; looks?: boolean }[] = [
      ...(messageActions(message).includes(action) && isIncluded(message, request) && !decisions.includes(message)
        ? [{ step: steps.message }]
        : []),
      ...deliveries
        .filter((d) => deliveryActions(d).includes(action) && isIncluded(d, request) && !decisions.includes(d))
        .map((d) => ({ step: () => steps.delivery(d.id), looks: action === 'replay' && isOnlyLookedFor(d) })),
    ];
    if (work.length > 0) result.messages.push(id);
    for (const { step, looks } of work) {
      try {
        if (!preview) await step();
        result.done++;
        if (looks) result.looked++;
      } catch (error) {
        if (result.refused.length < MAX_REASONS) result.refused.push(error instanceof Error ? error.message : String(error));
      }
    }
    return;
  }
}

/** An undo reverts only the bulk action, not an earlier action on a single record. */
function isIncluded(record: MessageRecord | DeliveryRecord, { action, undoes }: BulkRequest): boolean {
  return action !== 'undo' || undoes === undefined || undoable(record) === undoes;
}

/**
 * Would the action decide a question that nobody has read? Looking up or trying again is harmless, unless it cancels the legs of
 * an order.
 */
function isAnswer({ state, decision }: MessageRecord | DeliveryRecord, action: BulkRequest['action']): boolean {
  return state === 'needsDecision' && (action === 'skip' || decision === 'legFailed');
}

/** If the question is whether the record exists, a replay only looks it up. */
function isOnlyLookedFor({ decision }: DeliveryRecord): boolean {
  return decision === 'unresolved' || decision === 'addressChanged';
}

/** The selection as text for the audit list. */
function selectionText(selection: Selection | undefined): string {
  return Object.entries(selection ?? {})
    .filter(([name, value]) => value && !(name === 'direction' && value === 'either'))
    .map(([name, value]) => `${name} ${value}`)
    .join(', ');
}
