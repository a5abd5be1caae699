import type { GenericComment, Json } from '../../model/message.js';
import type { ParsedEntity, RawEntity } from '../endpoint.js';
import { type Attributes, addressOf, entries, isoTime, textOf } from '../tmf/attributes.js';
import { commentsOf } from '../tmf/note.js';
import { relationOf } from '../tmf/relation.js';
import { decisionOf } from './cancel-decision.js';
import { isCancelNote } from './cancel-note.js';
import { type Dialect, referenceOf } from './dialect.js';
import { type ProductOrderEvent, readEvent } from './events.js';
import { allItems, ITEMS } from './items.js';
import { questionOf, reportsOf } from './order-reports.js';

/** What an in node emits for a product order. */
export interface ProductOrderEntity extends RawEntity {
  order: Attributes;
  /** The event that reported it. */
  event?: Json;
  /** The cancelProductOrder task it is about. */
  cancel?: Attributes;
}

export interface ParseContext {
  endpoint: string;
  entityType: string;
  baseUrl: string;
  dialect: Dialect;
}

/**
 * Times of change. The standard has none; these are found in practice. The time of a creation or of an event says nothing about a
 * change.
 */
const CHANGED_AT = ['lastUpdate', 'lastUpdateDate', 'lastUpdated', 'lastModifiedDate', 'modificationDate'];

/** Splits an order into its parts. Pure. */
export function parse(raw: RawEntity, context: ParseContext): ParsedEntity {
  const { order = {}, event, cancel } = raw as Partial<ProductOrderEntity>;
  const report = event === undefined ? undefined : eventOf(event);
  const id = textOf(order.id) ?? '';
  const url = addressOf(order.href, context.baseUrl);
  const version = CHANGED_AT.map((name) => isoTime(order[name])).find(Boolean);
  const reference = referenceOf(order);
  const items = allItems(order[ITEMS]);
  const decided = decisionOf(order, cancel);
  const cancellation = decided[0]?.outcome;
  return {
    source: {
      endpoint: context.endpoint,
      entityType: context.entityType,
      id,
      number: id,
      ...(url && { url }),
      ...(version && { version, changedAt: version }),
      ...(reference && { reference }),
    },
    record: { ...order, ...(Array.isArray(order[ITEMS]) && { [ITEMS]: items }) },
    comments: [
      ...commentsOf(entries(order.note), context.dialect).filter(({ text }) => !isCancelNote(text)),
      ...items.flatMap((item) => itemComments(item, context.dialect)),
      ...reportsOf(order, report),
      ...questionOf(report),
      ...decided.map(({ comment }) => comment),
    ],
    attachments: [],
    relations: entries(order.orderRelationship).flatMap(relationOf),
    ...(report?.deleted && { deleted: true }),
    ...(cancellation && { cancellation }),
  };
}

/** Notes of an item (v5; ServiceNow, which reports there what it did not accept). */
function itemComments(item: Attributes, dialect: Dialect): GenericComment[] {
  const id = textOf(item.id) ?? '';
  return commentsOf(entries(item.note), dialect).map((comment) => {
    return { ...comment, id: `item|${id}|${comment.id}`, text: `Item ${id}: ${comment.text}`, items: [id] };
  });
}

/** The lists of notes in an entity that was read or received in an event. Pure. */
export function notesIn(raw: RawEntity): Attributes[][] {
  const { order = {}, event } = raw as Partial<ProductOrderEntity>;
  const report = event === undefined ? undefined : eventOf(event);
  return [order, report?.order ?? {}].map(({ note }) => entries(note).filter(({ text }) => typeof text === 'string'));
}

/** The stored event; one that cannot be read adds nothing to the order. */
function eventOf(event: Json): ProductOrderEvent | undefined {
  try {
    return readEvent(event);
  } catch {
    return undefined;
  }
}
