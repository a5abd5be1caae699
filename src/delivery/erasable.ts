import { erasedContent } from '../conversation/erased-entity.js';
import type { About, ConversationRecord, DeliveryRecord, MessageRecord } from '../store/store.js';
import { say } from '../text/say.js';
import type { ErasureResult, FoundTicket } from './erasure-view.js';

/** What can be erased: a conversation, or a message that has none. */
export type Erasable = ConversationRecord | MessageRecord;

/** Its messages and deliveries. */
export interface Members {
  messages: MessageRecord[];
  deliveries: DeliveryRecord[];
}

/** What was found, with everything by which it is named. */
export interface Found {
  record: Erasable;
  ticket: FoundTicket;
  /** Our ids of the records. */
  ids: string[];
  /** Ids and numbers at the parties. */
  numbers: string[];
}

/** The entities of a conversation, by all names that a message may have for them: also ids from before an entity moved. */
export function entitiesOf({ links, formerParties = [] }: ConversationRecord, { messages, deliveries }: Members): About[] {
  const names = new Map<string, Set<string>>(formerParties.map((endpoint) => [endpoint, new Set()]));
  const named = [...links.map((link) => ({ ...link, entityId: link.id })), ...messages, ...deliveries];
  for (const { endpoint, entityId, number } of named) {
    const known = names.get(endpoint) ?? new Set();
    names.set(endpoint, known);
    for (const name of [entityId, number]) if (name) known.add(name);
  }
  return [...names].map(([endpoint, known]) => ({ endpoint, names: [...known] }));
}

/**
 * Whether a message that was found by the names of a conversation's entities belongs to it. What is still to be processed may,
 * whatever it says: only reading it tells.
 */
export function isAbout({ links }: ConversationRecord, { state, endpoint, entityType }: MessageRecord): boolean {
  return state === 'received' || links.some((link) => link.endpoint === endpoint && link.entityType === entityType);
}

export const targetOf = (record: Erasable) =>
  ({ kind: 'receivedAt' in record ? 'message' : 'conversation', id: record.id }) as const;

export const sizeOf = ({ messages, deliveries }: Members): number => messages.length + deliveries.length;

/** The number of tickets that are, or would be, erased: what has to be confirmed. */
export const erasableIn = ({ tickets }: Pick<ErasureResult, 'tickets'>): number =>
  tickets.filter(({ refused }) => !refused).length;

/** Why nothing is erased: another number was confirmed. */
export const notConfirmed = (confirmed: number, count: number): string =>
  say`${confirmed} was confirmed, but ${count} would be erased.`;

/** What is shown of a ticket, and by what it is found. */
export function described(record: Erasable, members: Members): Found {
  const refused = whyNot(record, members);
  const links = 'links' in record ? record.links : [];
  const { messages, deliveries } = members;
  const all = [...messages, ...deliveries];
  const shown = 'links' in record ? links.map(({ number, id }) => number ?? id) : [record.number ?? record.entityId];
  const title = 'links' in record ? record.title : undefined;
  const texts = [
    ...links.flatMap(({ id, number }) => [id, number]),
    ...all.flatMap(({ entityId, number }) => [entityId, number]),
  ];
  return {
    record,
    ticket: {
      id: record.id,
      numbers: [...new Set(shown)],
      ...(title && { title }),
      messages: messages.length,
      deliveries: deliveries.length,
      ...(refused && { refused }),
    },
    ids: [record.id, ...all.map(({ id }) => id)],
    numbers: [...new Set(texts.filter((text): text is string => !!text))],
  };
}

/**
 * What is left of an erased conversation: by whom its entities are named, so that none is taken for a new one, and what tells changed
 * ones from others.
 */
export function tombstoneOf(record: ConversationRecord, at: string): ConversationRecord {
  const { id, version, reference, aliases, spent, entity, formerParties, began, createdAt, updatedAt } = record;
  const links = record.links.map((link) => {
    const { endpoint, entityType, leg, id: entityId, origin, carries, since } = link;
    return {
      endpoint,
      entityType,
      leg,
      id: entityId,
      origin,
      ...(carries && { carries }),
      lastKnown: {},
      raw: {},
      writtenBy: {},
      seen: [],
      since,
      erased: link.erased ?? erasedContent(link),
    };
  });
  const kept = { aliases, spent, formerParties, began };
  return {
    id,
    version,
    reference,
    ...kept,
    entity,
    state: 'closed',
    links,
    written: [],
    createdAt,
    updatedAt: at > updatedAt ? at : updatedAt,
    erasedAt: at,
  };
}

/** Why a ticket cannot be erased yet, in words. */
export function whyNot(one: Erasable, { messages, deliveries }: Members): string | undefined {
  const waiting = [
    ...messages.filter(({ state }) => state === 'received'),
    ...deliveries.filter(({ state }) => ['pending', 'sending', 'inDoubt'].includes(state)),
  ].length;
  const failed = [...messages, ...deliveries].filter(({ state }) => state === 'failed' || state === 'needsDecision').length;
  if (waiting > 0) return say`${waiting} of its messages or deliveries are still to be processed. Wait until they are.`;
  if (failed > 0) return say`${failed} of its messages or deliveries failed or need a decision. Replay or skip them first.`;
  if ('links' in one && one.state === 'open') return say`The ticket has not ended. Close it at its parties first.`;
  return undefined;
}
