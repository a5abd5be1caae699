import { isCancelling as isUnderWay } from '../conversation/item-life.js';
import { firstLink } from '../conversation/parties.js';
import { legOf } from '../conversation/plan-legs.js';
import type { EndpointClient, ParsedEntity } from '../endpoints/endpoint.js';
import { SwitchboardError } from '../errors.js';
import { isCancellingState, type Json, type State } from '../model/message.js';
import { timeOf } from '../store/id.js';
import type { ConversationRecord, DeliveryRecord, Link, PlannedItem } from '../store/store.js';
import { say } from '../text/say.js';
import type { SendContext } from './send-context.js';

/** How old the last reading of a customer's order may be when a part of it is ordered from a vendor, milliseconds. */
const FRESH = 15_000;
/** How old it may be while a newer message about the order is still to be read, milliseconds. */
const UNSETTLED = 2_000;

/** The customer may have cancelled something that is about to be written: its order is read first, and the write waits for that. */
export class OrderUnreadError extends SwitchboardError {
  constructor(what: string, where: string | undefined) {
    super('SWB_CONFLICT', what, { where, hint: say`It is read now, and then this is sent as far as it is still wanted.` });
    this.name = 'OrderUnreadError';
  }
}

/**
 * Throws OrderUnreadError where a leg is to be ordered and the customer's order was not read lately: the leg waited for another one,
 * its vendor could not be reached, Switchboard was not running, or a newer message about the order waits.
 * @param started an id made when this process began
 */
export function requireRecentReading(
  conversation: ConversationRecord,
  { id, leg }: DeliveryRecord,
  { now, started, hasNewer }: Pick<SendContext, 'started' | 'hasNewer'> & { now: number },
): void {
  const order = firstLink(conversation);
  if (!legOf(conversation.plan, leg) || order?.readAt === undefined) return;
  const age = now - timeOf(order.readAt);
  const isRecent = age < FRESH && !(age > UNSETTLED && hasNewer(order, order.readAt));
  const isOfThisProcess = id > started || order.readAt > started;
  if (isRecent && isOfThisProcess) return;
  const number = order.number ?? order.id;
  throw new OrderUnreadError(say`${number} may have been changed since it was last read.`, undefined);
}

/** Whether a link is the customer's order of a fan-out, on which the states of its legs are reported. */
export function isCustomersOrder(conversation: ConversationRecord, link: Link): boolean {
  return conversation.plan !== undefined && conversation.plan.items.length > 0 && link === firstLink(conversation);
}

/**
 * The error for a customer's order that shows a cancellation which is not known yet: nothing may be written over it. What it showed
 * when it was last read is known: if that is not the customer's cancellation, it is a state that we wrote earlier.
 */
export function unknownCancellation(
  { plan }: ConversationRecord,
  link: Link,
  { record, source }: Pick<ParsedEntity, 'record' | 'source'>,
  client: EndpointClient,
): OrderUnreadError | undefined {
  const shown = client.cancellationsIn?.(link.entityType, record);
  const isAsRead = link.entityVersion !== undefined && source.version === link.entityVersion;
  if (!plan || !shown || isAsRead) return undefined;
  const isOpen = (item: PlannedItem) =>
    isUnderWay(item) || isCancelling(item.notified) || statesWritten(link, item.id).some(isCancelling);
  // One that was refused or had no effect is shown until our next write. If it shows after that, the customer has repeated it.
  const isKnown = (item: PlannedItem) => isOpen(item) || (item.cancellation !== undefined && !isOverwritten(link, item.id));
  const unknown = plan.items.filter((item) => shown.items.includes(item.id) && !isKnown(item)).map(({ id }) => id);
  const isOrderKnown = [plan.notified, link.lastKnown.state as State | undefined].some(isCancelling) || plan.items.every(isOpen);
  if (unknown.length === 0 && !(shown.all && !isOrderKnown)) return undefined;
  const number = source.number ?? source.id;
  return new OrderUnreadError(
    unknown.length > 0
      ? say`${number} shows item ${unknown.join(', ')} as cancelled, which is not known yet.`
      : say`${number} is cancelled, which is not known yet.`,
    client.name,
  );
}

/**
 * Puts back the customer's cancellation that a write of ours has replaced, because it was saved between the read before that write
 * and the write; then throws OrderUnreadError, so that it is read.
 */
export async function putBackCancellation(
  conversation: ConversationRecord,
  link: Link,
  { record, source }: ParsedEntity,
  overwritten: Record<string, Json>,
  client: EndpointClient,
): Promise<void> {
  const error = unknownCancellation(conversation, link, { record: { ...record, ...overwritten }, source }, client);
  if (!error) return;
  await client.update(link.entityType, link.id, overwritten);
  throw error;
}

/** Whether the last state of an item there is one that we wrote, and that does not cancel it. */
function isOverwritten(link: Link, id: string): boolean {
  return statesWritten(link, id).some((state) => !isCancelling(state));
}

/** The states of an item that we have written there last, by the fields that have items. */
function statesWritten({ writtenItems = {} }: Link, id: string): (State | undefined)[] {
  return Object.values(writtenItems).flatMap((items) => {
    const { entry, state = '' } = items[id] ?? {};
    return entry && state !== '' ? [state.split('|')[1] as State | undefined] : [];
  });
}

function isCancelling(state: State | undefined): boolean {
  return isCancellingState(state);
}
