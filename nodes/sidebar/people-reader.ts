import { viewMask } from '../../src/delivery/shown-text.js';
import { matchesAllWords, searchedOf, searchValue, searchWords } from '../../src/store/record-keys.js';
import type { ConversationRecord, DeliveryRecord, MessageRecord } from '../../src/store/store.js';
import type { BrokerAccess } from './broker-access.js';

/** Newest messages of a conversation from which names are taken. */
const MESSAGES = 10;

/**
 * Takes the names of people from a conversation, or a message without one, if the store masks names: a view shows texts of it in
 * which they may occur, but not the fields that say whose they are.
 */
export async function learnPeople(
  { store, people }: BrokerAccess,
  record: MessageRecord | ConversationRecord | undefined,
): Promise<void> {
  if (!people || !record || !people.isNew(record)) return;
  if ('links' in record) for (const { lastKnown, raw } of record.links) people.learn([lastKnown, raw]);
  const messages = 'links' in record ? await store.listMessages({ conversation: record.id, limit: MESSAGES }) : [record];
  for (const { id } of messages) people.learn(await store.bodies('message', id));
}

/**
 * Whether a search finds a conversation by what the user sees of it: by a number, id or reference, or by words of its title that
 * are not masked. Otherwise a search would tell whose ticket it is.
 */
export function isFoundByShown(
  search: string,
  conversation: ConversationRecord | undefined,
  members: (MessageRecord | DeliveryRecord)[] = [],
): boolean {
  const mask = viewMask();
  if (!mask || !search || !conversation?.title) return true;
  const asked = searchWords(searchValue(search));
  if (matchesAllWords(searchWords(mask.text(conversation.title)), asked)) return true;
  const values = [
    ...searchedOf('conversation', conversation).values,
    ...members.flatMap(({ id, entityId, number }) => [id, entityId ?? '', number ?? '']),
  ];
  const value = searchValue(search).replace(/^(swb-\w+)\/.*$/, '$1');
  return values.some((one) => searchValue(one).startsWith(value));
}
