import { isDeepStrictEqual } from 'node:util';
import type { Change, ConversationRecord, DeliveryRecord, Link } from '../store/store.js';
import { linkAt, linkOf, without } from './correlate.js';
import {
  conversationChange,
  effect,
  type Inverse,
  isAbout,
  isTo,
  type Matter,
  type Move,
  moved,
  nameOf,
  type Operator,
  quiet,
  refusal,
  type Surgery,
} from './link-edit.js';
import { type EntityKey, unlinkedKey } from './unlinked-entity.js';

/** What an undo needs to know: the conversations the operation was about that are there now, and who has the entities. */
export interface Now {
  matters: Matter[];
  /** Id of the conversation an entity is linked to now. */
  ownerOf(entity: EntityKey): string | undefined;
}

/**
 * Takes an operation back, if nothing has happened to its links since; otherwise throws SWB_PAYLOAD, saying what has. Pure.
 */
export function undo(inverse: Inverse, now: Now, { at }: Operator): Pick<Surgery, 'changes' | 'effects'> {
  for (const move of inverse.moves) untouched(move, inverse, now);
  const changes = inverse.removed ? parted(inverse, inverse.removed, now, at) : returned(inverse, now, at);
  const numbers = inverse.moves.map(({ before, after }) => nameOf((before ?? after)?.link as Link));
  return { changes, effects: [effect('undone', { numbers: numbers.join(', ') })] };
}

/** Unlinked, linked and split-off entities go back to where they were. */
function returned({ moves, deliveries, made, spent, unlinked }: Inverse, now: Now, at: string): Change[] {
  const changes: Change[] = [];
  for (const { before, after } of moves) {
    const entity = (before ?? after)?.link as Link;
    const from = after && matterOf(now, after.conversation);
    if (from && made) changes.push({ kind: 'conversation', record: from.conversation, gone: true });
    else if (from) changes.push(conversationChange(less(from.conversation, entity), at));
    if (!before) {
      if (unlinked) changes.push({ kind: 'setting', key: unlinkedKey(entity), value: unlinked });
      continue;
    }
    const { conversation } = matterOf(now, before.conversation);
    if (linkAt(conversation, entity.endpoint, entity.entityType, before.link.leg))
      throw refusal(`Another ticket has taken the place of ${nameOf(entity)} since.`, 'Unlink that one first.');
    const given = spent ? without(conversation.spent ?? [], [spent]) : conversation.spent;
    const record: ConversationRecord = {
      ...conversation,
      links: [...conversation.links, before.link],
      spent: given?.length ? given : undefined,
    };
    changes.push(conversationChange(record, at), { kind: 'setting', key: unlinkedKey(entity), value: undefined });
    if (from && made)
      changes.push(...moved(from.messages, before.conversation), ...restored(from.deliveries, deliveries, before.conversation));
  }
  return changes;
}

/** The conversation that was merged into another stands by itself again. */
function parted({ moves, messages, deliveries }: Inverse, removed: ConversationRecord, now: Now, at: string): Change[] {
  const into = matterOf(now, (moves[0]?.after?.conversation ?? now.matters[0]?.conversation.id) as string);
  const { conversation } = into;
  if (!conversation.aliases?.includes(removed.reference))
    throw refusal(
      `${removed.reference} does not belong to ${conversation.reference} any more.`,
      'It was taken apart in another way since.',
    );
  const links = moves.flatMap((move) => (move.after ? [move.after.link] : []));
  const theirs = [removed.reference, ...(removed.aliases ?? [])];
  const aliases = conversation.aliases.filter((alias) => !theirs.includes(alias));
  const spent = without(conversation.spent ?? [], removed.spent ?? []);
  const left: ConversationRecord = {
    ...conversation,
    links: conversation.links.filter((l) => !links.some((gone) => same(l, gone))),
    aliases: aliases.length ? aliases : undefined,
    spent: spent.length ? spent : undefined,
    written: without(conversation.written, removed.written),
  };
  const back = into.messages.filter((m) => messages.includes(m.id) || links.some((link) => isAbout(m, link)));
  const known = new Set(deliveries.map((d) => d.id));
  const born = conversation.links.find(
    (l) => !links.some((one) => same(one, l)) && into.deliveries.some((d) => known.has(d.id) && isTo(d, l)),
  );
  if (born) throw refusal(`${nameOf(born)} has been created since.`, 'Split it off or unlink it instead.');
  return [
    conversationChange(left, at),
    { kind: 'conversation', record: { ...removed, version: 0, updatedAt: at } },
    ...moved(back, removed.id),
    ...restored(
      into.deliveries.filter((d) => known.has(d.id)),
      deliveries,
      removed.id,
    ),
  ];
}

/** The link is where the operation left it, as it left it, and nothing new is on its way to it. */
function untouched({ before, after }: Move, { deliveries }: Inverse, now: Now): void {
  const entity = (before ?? after)?.link as Link;
  const name = nameOf(entity);
  const owner = now.ownerOf(entity);
  if (owner !== after?.conversation)
    throw refusal(owner ? `${name} has been linked to ${owner} since.` : `${name} has been unlinked since.`, 'Undo that first.');
  if (!after) return;
  const { conversation, deliveries: all } = matterOf(now, after.conversation);
  const link = linkOf(conversation, entity.endpoint, entity.entityType, entity.id);
  if (!isDeepStrictEqual(plain(link), plain(after.link)))
    throw refusal(`${name} has changed since.`, 'Its messages belong where it is now; split it off or unlink it instead.');
  const its = all.filter((d) => isTo(d, after.link));
  quiet(its);
  const added = its.filter(
    (d) => !deliveries.some((old) => old.id === d.id) && ['pending', 'inDoubt', 'failed', 'needsDecision'].includes(d.state),
  );
  if (added.length > 0)
    throw refusal(
      `Something has been sent to ${name} since, and is under way or has failed.`,
      'Wait for it or skip it, then try again.',
    );
}

function restored(records: DeliveryRecord[], before: Inverse['deliveries'], conversation: string): Change[] {
  quiet(records);
  return records.map((record) => {
    const was = before.find((d) => d.id === record.id);
    return { kind: 'delivery', record: { ...record, conversation, ...(was && { leg: was.leg, reference: was.reference }) } };
  });
}

function matterOf(now: Now, id: string): Matter {
  const found = now.matters.find(({ conversation }) => conversation.id === id);
  if (found) return found;
  throw refusal(`The conversation ${id} is not there any more.`, 'It was merged, or removed by age.');
}

function less(conversation: ConversationRecord, entity: EntityKey): ConversationRecord {
  return { ...conversation, links: conversation.links.filter((l) => !same(l, entity)) };
}

const same = (a: EntityKey, b: EntityKey) => a.endpoint === b.endpoint && a.entityType === b.entityType && a.id === b.id;
/** As the store keeps it: without what is undefined. */
const plain = (value: unknown): unknown => (value === undefined ? undefined : JSON.parse(JSON.stringify(value)));
