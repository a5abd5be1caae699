import type { ItemProgress, Json } from '../model/message.js';
import type {
  ConversationRecord,
  DeliveryRecord,
  Link,
  Plan,
  PlannedItem,
  PlannedLeg,
  RecordKind,
  RecordOf,
  WrittenItem,
} from './store.js';

/** Names of fields and values in format 1 that have others today. */
type OldDelivery = Omit<DeliveryRecord, 'waitsFor'> & { needsLink?: boolean };
type OldLink = Omit<Link, 'lastKnown' | 'unsent' | 'made' | 'writtenItems'> & {
  shadow: Link['lastKnown'];
  untold?: Link['unsent'];
  made?: 'answered' | 'told';
  writtenItems?: Record<string, Record<string, Omit<WrittenItem, 'state'> & { standing?: string }>>;
};
type OldLeg = PlannedLeg & { items: string[]; told: Record<string, Json>; progress: ItemProgress[] };
type OldConversation = Omit<ConversationRecord, 'links' | 'plan'> & {
  links: OldLink[];
  plan?: Omit<Plan, 'legs' | 'items' | 'asked'> & { legs: OldLeg[]; asked?: string };
};

/** The record of today for one of format 1: the place for every change of a field's name or meaning since. */
export function recordOfToday(kind: RecordKind, record: RecordOf[RecordKind]): RecordOf[RecordKind] {
  if (kind === 'conversation') return conversationOfToday(record as unknown as OldConversation);
  if (kind === 'delivery') return deliveryOfToday(record as unknown as OldDelivery);
  return record;
}

function deliveryOfToday({ needsLink, ...rest }: OldDelivery): DeliveryRecord {
  return needsLink ? { ...rest, waitsFor: 'link' } : rest;
}

function conversationOfToday({ links, plan, ...rest }: OldConversation): ConversationRecord {
  return {
    ...rest,
    links: links.map(linkOfToday),
    ...(plan && { plan: planOfToday(plan) }),
  };
}

/** The items of an order were kept with their legs. */
function planOfToday({ legs, asked, ...rest }: NonNullable<OldConversation['plan']>): Plan {
  return {
    ...rest,
    ...(asked && { asked: [asked] }),
    legs: legs.map(({ items: _items, told: _told, progress: _progress, ...leg }) => leg),
    items: legs.flatMap(({ leg, items, told, progress, state, cancelled }) =>
      items.map((id): PlannedItem => {
        const reported = progress.find((item) => item.id === id);
        const isOrdered = state !== undefined || reported !== undefined;
        return {
          id,
          leg,
          ...(told[id] !== undefined && { sent: told[id] }),
          ...(isOrdered && { ordered: true }),
          ...(cancelled && { cancellation: { state: 'requested', of: 'order', since: '' } }),
          ...(reported && { reported }),
        };
      }),
    ),
  };
}

function linkOfToday({ shadow, untold, made, writtenItems, ...rest }: OldLink): Link {
  return {
    ...rest,
    lastKnown: shadow,
    ...(untold && { unsent: untold }),
    ...(made && { made: made === 'told' ? 'sent' : made }),
    ...(writtenItems && { writtenItems: mapValues(writtenItems, (items) => mapValues(items, itemOfToday)) }),
  };
}

function itemOfToday({ standing, ...rest }: { entry: WrittenItem['entry']; standing?: string }): WrittenItem {
  return { ...rest, ...(standing !== undefined && { state: standing }) };
}

function mapValues<V, W>(values: Record<string, V>, change: (value: V) => W): Record<string, W> {
  return Object.fromEntries(Object.entries(values).map(([key, value]) => [key, change(value)]));
}
