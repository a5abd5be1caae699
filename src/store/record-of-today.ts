import type { ConversationRecord, DeliveryRecord, Link, PlannedLeg, RecordKind, RecordOf, WrittenItem } from './store.js';

/** Names of fields and values in format 1 that have others today. */
type OldDelivery = Omit<DeliveryRecord, 'waitsFor'> & { needsLink?: boolean };
type OldLink = Omit<Link, 'lastKnown' | 'unsent' | 'made' | 'writtenItems'> & {
  shadow: Link['lastKnown'];
  untold?: Link['unsent'];
  made?: 'answered' | 'told';
  writtenItems?: Record<string, Record<string, Omit<WrittenItem, 'state'> & { standing?: string }>>;
};
type OldLeg = Omit<PlannedLeg, 'lastSent'> & { told: PlannedLeg['lastSent'] };
type OldConversation = Omit<ConversationRecord, 'links' | 'plan'> & {
  links: OldLink[];
  plan?: Omit<NonNullable<ConversationRecord['plan']>, 'legs'> & { legs: OldLeg[] };
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
    ...(plan && { plan: { ...plan, legs: plan.legs.map(({ told, ...leg }) => ({ ...leg, lastSent: told })) } }),
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
