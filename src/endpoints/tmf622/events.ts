import { SwitchboardError } from '../../errors.js';
import type { Expected } from '../../model/message.js';
import { say } from '../../text/say.js';
import type { Hint } from '../endpoint.js';
import { type Attributes, isAttributes, textOf } from '../tmf/attributes.js';
import { idOfResource, namesOfResources } from '../tmf/event-resource.js';
import { COMMON_KINDS, type EventTable, readTmfEvent } from '../tmf/events.js';
import { isEnded } from './task-states.js';

export interface ProductOrderEvent {
  /** As the standard names it, e.g. ProductOrderStateChangeEvent. */
  eventType: string;
  /** The order; undefined where the event of a cancellation does not name it. */
  orderId?: string;
  eventId?: string;
  deleted: boolean;
  /** The order in the event; empty for the event of a cancellation. */
  order: Attributes;
  /** The cancellation that the event is about: whole, partial or only a reference. */
  cancel?: Attributes & { id: string };
  /** The required information, as paths into the order (v5, JsonPatch; some providers send a list). */
  required: string[];
  key: string;
  /** What a read of the order must show. */
  expects?: Expected;
  payload: Attributes;
}

const STATE_KINDS = { ...COMMON_KINDS, statechange: 'StateChange', statuschange: 'StateChange' };

const ORDERS: EventTable = {
  type: 'ProductOrder',
  keys: ['productOrder'],
  ids: ['productOrderId', 'orderId', 'resourceId', 'entityId'],
  parts: ['productOrderItem', 'orderItem', 'item'],
  marks: ['state', 'productOrderItem', 'orderDate'],
  kinds: { ...STATE_KINDS, milestone: 'Milestone', jeopardyalert: 'JeopardyAlert', errormessage: 'ErrorMessage' },
};

/** The events of TMF622 v4 and v5. */
const EVENTS: EventTable[] = [
  ORDERS,
  // TMF622 v5, CancelProductOrderStateChangeEventPayload: with two c.
  {
    type: 'CancelProductOrder',
    keys: ['cancelProductOrder', 'canccelProductOrder'],
    ids: ['cancelProductOrderId'],
    parts: [],
    marks: ['effectiveCancellationDate', 'requestedCancellationDate'],
    kinds: STATE_KINDS,
  },
];

/** The attributes of an event that hold what it is about. */
export const EVENT_RESOURCES = namesOfResources(EVENTS);

/**
 * Reads a hub event, whole, partial or only a reference: a hint that something happened to an order or its cancellation. Throws
 * SWB_PAYLOAD for another event, or one that names neither.
 */
export function readEvent(body: unknown, path = ''): ProductOrderEvent {
  const example = say`Post a TMF622 event: {eventId, eventType: ProductOrderStateChangeEvent, event: {productOrder}}.`;
  const { type, eventType, id, eventId, deleted, key, expects, resource, layers, withResource } = readTmfEvent(
    body,
    path,
    EVENTS,
    example,
  );
  const cancels = type === 'CancelProductOrder';
  const orderId = cancels ? orderOf(resource) : id;
  if (id === undefined && orderId === undefined) {
    throw new SwitchboardError('SWB_PAYLOAD', say`The event does not say which order it is about.`, {
      field: 'event.productOrder.id',
      hint: say`Send the id of the order in the event.`,
    });
  }
  return {
    eventType,
    ...(orderId !== undefined && { orderId }),
    ...(eventId && { eventId }),
    deleted: deleted && !cancels,
    order: cancels ? {} : resource,
    ...(cancels && id !== undefined && { cancel: { ...resource, id } }),
    required: requiredBy(layers),
    key,
    ...(cancels ? shownByOrder(resource) : expects && { expects }),
    payload: withResource(resource),
  };
}

export function hintOf(event: ProductOrderEvent, orderId: string): Hint {
  return {
    entityType: 'productOrder',
    id: orderId,
    ...(orderId !== '' && { number: orderId }),
    ...(event.expects && { expects: event.expects }),
    key: event.key,
    payload: event.payload,
  };
}

/** The order of a cancellation. */
export function orderOf(cancel: Attributes): string | undefined {
  return idOfResource(cancel.productOrder, ORDERS);
}

/** A cancellation that is done shows in the order, though perhaps not at once. */
function shownByOrder(cancel: Attributes): Pick<ProductOrderEvent, 'expects'> {
  return isEnded(cancel) ? { expects: { state: { field: 'state', value: 'cancelled' } } } : {};
}

function requiredBy(layers: Attributes[]): string[] {
  return layers
    .flatMap(({ informationRequired }) => informationRequired ?? [])
    .map((patch) => (isAttributes(patch) ? textOf(patch.path) : textOf(patch)))
    .filter((path): path is string => path !== undefined);
}
