import { SwitchboardError } from '../errors.js';
import type { Json } from '../model/message.js';
import type { Change, ConversationRecord, DeliveryRecord, Link, MessageRecord } from '../store/store.js';
import { conversationState, linkAt, linkOf, newLink } from './correlate.js';
import { fingerprint } from './fingerprint.js';
import { createReference, expectedReference } from './reference.js';
import { type EntityKey, type UnlinkedEntity, unlinkedKey } from './unlinked-entity.js';

/** An entity as it was looked up at its endpoint. */
export interface LookedUpEntity extends EntityKey {
  number?: string;
  url?: string;
  version?: string;
  /** The partner's fields, top level. */
  record: Record<string, Json>;
  /** The same in generic terms, as far as they could be read. */
  fields: Record<string, Json>;
  /** Ids of its comments and attachments. */
  parts: string[];
}

/** What a person may do to the links of conversations. */
export type LinkEdit =
  | { kind: 'link'; conversation: string; entity: LookedUpEntity }
  | { kind: 'unlink'; conversation: string; entity: EntityKey }
  /** `reference`: of the new conversation. */
  | { kind: 'split'; conversation: string; entity: EntityKey; reference: string }
  /** `other` becomes part of `conversation`. */
  | { kind: 'merge'; conversation: string; other: string };

/** A conversation with all that belongs to it. */
export interface ConversationContents {
  conversation: ConversationRecord;
  messages: MessageRecord[];
  deliveries: DeliveryRecord[];
}

/** One thing that will change, as data: the view has the words. */
export interface LinkEditEffect {
  code:
    | 'joins'
    | 'known'
    | 'goOn'
    | 'leaves'
    | 'ignored'
    | 'createsAgain'
    | 'splits'
    | 'merges'
    | 'moves'
    | 'underWay'
    | 'heardOnly'
    | 'undone';
  values: Record<string, string | number>;
}

/** Where a link was before an operation, and where it is after it; absent = linked nowhere. */
export interface LinkMove {
  before?: { conversation: string; link: Link };
  after?: { conversation: string; link: Link };
}

/** What it takes to undo an operation. */
export interface InverseLinkEdit {
  moves: LinkMove[];
  /** Ids of messages, and deliveries as they were, that went from one conversation to another. */
  messages: string[];
  deliveries: Pick<DeliveryRecord, 'id' | 'conversation' | 'leg' | 'reference'>[];
  /** The conversation a merge removed. */
  removed?: ConversationRecord;
  /** The conversation a split made. */
  made?: string;
  /** The reference that may not be carried again since. */
  spent?: string;
  /** The mark of an unlinked entity that was taken away. */
  unlinked?: UnlinkedEntity;
}

export interface PlannedLinkEdit {
  changes: Change[];
  effects: LinkEditEffect[];
  inverse: InverseLinkEdit;
}

export interface LinkEditAuthor {
  /** '' where nobody has to sign in. */
  by: string;
  /** ISO time. */
  at: string;
}

const OPEN: DeliveryRecord['state'][] = ['pending', 'sending', 'inDoubt'];

/**
 * What an operation changes, and what that means. Nothing of it is done here: the preview asks the same. Pure; throws SWB_PAYLOAD, saying what stands
 * in the way. `other` is the second conversation of a merge.
 */
export function planLinkEdit(
  operation: LinkEdit,
  contents: ConversationContents,
  other: ConversationContents | undefined,
  author: LinkEditAuthor,
): PlannedLinkEdit {
  const { conversation } = contents;
  if (conversation.plan || other?.conversation.plan)
    throw refusal(
      `${(conversation.plan ? conversation : other?.conversation)?.reference} is shared out among several parties: its links are its legs.`,
      'Cancel or finish its legs at their parties instead.',
    );
  switch (operation.kind) {
    case 'link':
      return link(contents, operation.entity, author);
    case 'unlink':
      return unlink(contents, requireLink(conversation, operation.entity), author);
    case 'split':
      return split(contents, requireLink(conversation, operation.entity), operation.reference, author);
    case 'merge':
      if (!other || other.conversation.id === conversation.id)
        throw refusal('A conversation cannot be merged with itself.', 'Choose another one.');
      return merge(contents, other, author);
  }
}

function link(
  { conversation, deliveries }: ConversationContents,
  entity: LookedUpEntity,
  { at }: LinkEditAuthor,
): PlannedLinkEdit {
  const existing = linkAt(conversation, entity.endpoint, entity.entityType, '');
  if (existing)
    throw refusal(
      `${nameOf(existing)} stands for this conversation there already.`,
      'Unlink it first, or merge the conversation of the other one into this.',
    );
  const toEntity = deliveries.filter((d) => d.endpoint === entity.endpoint && d.entityType === entity.entityType && d.leg === '');
  if (toEntity.some((d) => d.part === 'entity' && (d.state === 'sending' || d.state === 'inDoubt')))
    throw refusal(
      'A ticket is being created there right now, or may have been.',
      'Wait until that is known, or skip the delivery.',
    );
  const made: Link = {
    ...newLink({ ...entity }, '', 'theirs', at),
    raw: fingerprints(entity.record),
    shadow: fingerprints(entity.fields),
    seen: entity.parts,
    ...(entity.version && { entityVersion: entity.version }),
  };
  const waiting = toEntity.filter((d) => d.state === 'pending');
  // What waited for a ticket, or behind one that could not be created, has one now.
  const freed = toEntity.filter((d) => d.blocking || (d.state === 'pending' && d.waitsFor === 'link'));
  return {
    changes: [
      conversationChange({ ...conversation, links: [...conversation.links, made] }, at),
      ...freed.map(
        (d): Change => ({
          kind: 'delivery',
          record: { ...d, ...withoutQuestion(d), blocking: undefined, waitsFor: undefined, updatedAt: at },
        }),
      ),
      { kind: 'setting', key: unlinkedKey(entity), value: undefined },
    ],
    effects: [
      effect('joins', { number: nameOf(entity) }),
      effect('known', { number: nameOf(entity) }),
      ...(waiting.length ? [effect('goOn', { count: waiting.length, number: nameOf(entity) })] : []),
    ],
    inverse: { moves: [{ after: { conversation: conversation.id, link: made } }], messages: [], deliveries: [] },
  };
}

/** Whether it was created there is no question any more once a person has linked it. */
function withoutQuestion({ state }: DeliveryRecord): Partial<DeliveryRecord> {
  return state === 'needsDecision' ? { state: 'inDoubt', decision: undefined, doubtAt: undefined } : {};
}

function unlink({ conversation, deliveries }: ConversationContents, gone: Link, { by, at }: LinkEditAuthor): PlannedLinkEdit {
  const waiting = deliveries.filter((d) => isForLink(d, gone) && (OPEN.includes(d.state) || d.state === 'needsDecision')).length;
  if (waiting > 0)
    throw refusal(
      `${count(waiting, 'delivery', 'deliveries')} to ${nameOf(gone)} ${waiting === 1 ? 'is' : 'are'} under way.`,
      'Wait until nothing is, or skip what waits, then unlink it.',
    );
  const { record, spent } = removeLink(conversation, gone);
  const mark: UnlinkedEntity = { reference: conversation.reference, by, at };
  return {
    changes: [conversationChange(record, at), { kind: 'setting', key: unlinkedKey(gone), value: mark }],
    effects: [
      effect('leaves', { number: nameOf(gone) }),
      effect('ignored', { number: nameOf(gone) }),
      ...(record.links.length ? [effect('createsAgain', { endpoint: gone.endpoint })] : []),
    ],
    inverse: { moves: [{ before: { conversation: conversation.id, link: gone } }], messages: [], deliveries: [], spent },
  };
}

function split(
  { conversation, messages, deliveries }: ConversationContents,
  gone: Link,
  reference: string,
  { at }: LinkEditAuthor,
): PlannedLinkEdit {
  if (conversation.links.length === 1)
    throw refusal(`${nameOf(gone)} is all there is in this conversation.`, 'There is nothing to split it off from.');
  const { record, spent } = removeLink(conversation, gone);
  const itsDeliveries = deliveries.filter((d) => isForLink(d, gone) && (d.entityId === undefined || d.entityId === gone.id));
  requireNoneSending(itsDeliveries);
  const carried = gone.origin === 'ours' ? expectedReference(conversation, gone) : undefined;
  const kept: Link = { ...gone, ...(carried && { carries: carried }) };
  const itsMessages = messages.filter((m) => isAbout(m, gone));
  const made: ConversationRecord = {
    ...conversation,
    id: reference,
    version: 0,
    reference,
    aliases: undefined,
    spent: undefined,
    links: [kept],
    written: conversation.written.filter((mark) => mark.startsWith(`${gone.endpoint}|`)),
    createdAt: at,
  };
  return {
    changes: [
      conversationChange(record, at),
      conversationChange(made, at),
      ...moveMessages(itsMessages, reference),
      ...itsDeliveries.map((d): Change => ({ kind: 'delivery', record: { ...d, conversation: reference } })),
    ],
    effects: [
      effect('splits', { number: nameOf(gone), reference }),
      ...moveEffects(itsMessages, itsDeliveries),
      effect('createsAgain', { endpoint: gone.endpoint }),
    ],
    inverse: {
      moves: [{ before: { conversation: conversation.id, link: gone }, after: { conversation: reference, link: kept } }],
      messages: itsMessages.map((m) => m.id),
      deliveries: itsDeliveries.map(placeOf),
      made: reference,
      spent,
    },
  };
}

function merge(into: ConversationContents, other: ConversationContents, { at }: LinkEditAuthor): PlannedLinkEdit {
  const [a, b] = [into.conversation, other.conversation];
  requireNoneSending(other.deliveries);
  const takenPlaces = new Set([...a.links.map(placeKey), ...into.deliveries.filter(isOpen).map(placeKey)]);
  // A create that failed or is undecided may have reached the partner all the same; beside it, and where both have an entity or one under way, the other's keeps a leg of
  // its own: nothing that was meant for it goes to ours.
  for (const d of other.deliveries)
    if (
      (d.state === 'failed' || d.state === 'needsDecision') &&
      d.part === 'entity' &&
      !linkAt(b, d.endpoint, d.entityType, d.leg)
    )
      takenPlaces.add(placeKey(d));
  const legFor = (place: LinkPlace) =>
    takenPlaces.has(placeKey(place)) ? [b.reference, place.leg].filter(Boolean).join('/') : place.leg;
  const linkMoves: LinkMove[] = b.links.map((from) => {
    const link: Link = { ...from, leg: legFor(from), ...(from.origin === 'ours' && { carries: expectedReference(b, from) }) };
    return { before: { conversation: b.id, link: from }, after: { conversation: a.id, link } };
  });
  const links = linkMoves.flatMap((move) => (move.after ? [move.after.link] : []));
  const merged: ConversationRecord = {
    ...a,
    links: [...a.links, ...links],
    aliases: [...(a.aliases ?? []), b.reference, ...(b.aliases ?? [])],
    ...((a.spent || b.spent) && { spent: [...(a.spent ?? []), ...(b.spent ?? [])] }),
    written: [...b.written, ...a.written],
  };
  // A create of ours that failed stops nothing any more where the other brings the ticket; replayed, it is an update of that.
  const unblocked = into.deliveries.filter((d) => d.blocking && links.some((link) => isForLink(d, link)));
  const said = other.messages;
  const openCount = other.deliveries.filter((d) => OPEN.includes(d.state)).length;
  const receiveOnly = links.filter((link, index) => link.leg !== b.links[index]?.leg);
  return {
    changes: [
      { kind: 'conversation', record: b, gone: true },
      conversationChange(merged, at),
      ...moveMessages(said, a.id),
      ...unblocked.map((d): Change => ({ kind: 'delivery', record: { ...d, blocking: undefined, updatedAt: at } })),
      ...other.deliveries.map((d): Change => {
        // A create carries what its earlier tries carried, so that they are found.
        const reference =
          d.part === 'entity' && !linkAt(b, d.endpoint, d.entityType, d.leg) ? createReference(b, d) : d.reference;
        return { kind: 'delivery', record: { ...d, conversation: a.id, leg: legFor(d), ...(reference && { reference }) } };
      }),
    ],
    effects: [
      effect('merges', { reference: b.reference, into: a.reference }),
      ...links.map((link) => effect('joins', { number: nameOf(link) })),
      ...moveEffects(said, other.deliveries),
      ...(openCount ? [effect('underWay', { count: openCount })] : []),
      ...receiveOnly.flatMap((link) => {
        const instead = linkAt(a, link.endpoint, link.entityType, b.links.find((l) => l.id === link.id)?.leg ?? '');
        return instead ? [effect('heardOnly', { number: nameOf(link), instead: nameOf(instead) })] : [];
      }),
    ],
    inverse: { moves: linkMoves, messages: said.map((m) => m.id), deliveries: other.deliveries.map(placeOf), removed: b },
  };
}

interface LinkPlace {
  endpoint: string;
  entityType: string;
  leg: string;
}

const placeKey = ({ endpoint, entityType, leg }: LinkPlace) => [endpoint, entityType, leg].join('|');
const placeOf = ({ id, conversation, leg, reference }: DeliveryRecord) => ({ id, conversation, leg, reference });
const isOpen = ({ state }: DeliveryRecord) => OPEN.includes(state);

function requireLink(conversation: ConversationRecord, { endpoint, entityType, id }: EntityKey): Link {
  const found = linkOf(conversation, endpoint, entityType, id);
  if (found) return found;
  throw refusal(`${id} is not linked to ${conversation.reference}.`, 'Refresh the view and look again.');
}

function removeLink(conversation: ConversationRecord, gone: Link): { record: ConversationRecord; spent?: string } {
  const links = conversation.links.filter((l) => l !== gone);
  const spent = gone.origin === 'ours' ? expectedReference(conversation, gone) : undefined;
  return { record: { ...conversation, links, ...(spent && { spent: [...(conversation.spent ?? []), spent] }) }, spent };
}

/** A delivery that is being sent belongs to its conversation until its answer is there. */
export function requireNoneSending(deliveries: DeliveryRecord[]): void {
  const busy = deliveries.find((d) => d.state === 'sending');
  if (busy) throw refusal('Something is being sent in this moment.', 'Try again in a few seconds.');
}

export function isForLink(delivery: DeliveryRecord, link: Link): boolean {
  return placeKey(delivery) === placeKey(link);
}

export function isAbout({ endpoint, entityType, entityId }: MessageRecord, link: EntityKey): boolean {
  return endpoint === link.endpoint && entityType === link.entityType && entityId === link.id;
}

export function moveMessages(messages: MessageRecord[], conversation: string): Change[] {
  return messages.map((record) => ({ kind: 'message', record: { ...record, conversation } }));
}

export function conversationChange(record: ConversationRecord, at: string): Change {
  return { kind: 'conversation', record: { ...record, state: conversationState(record), updatedAt: at } };
}

function moveEffects(messages: MessageRecord[], deliveries: DeliveryRecord[]): LinkEditEffect[] {
  return messages.length + deliveries.length > 0
    ? [effect('moves', { messages: messages.length, deliveries: deliveries.length })]
    : [];
}

export function effect(code: LinkEditEffect['code'], values: LinkEditEffect['values']): LinkEditEffect {
  return { code, values };
}

export function nameOf({ number, id }: { number?: string; id: string }): string {
  return number ?? id;
}

function count(n: number, one: string, many: string): string {
  return `${n} ${n === 1 ? one : many}`;
}

function fingerprints(values: Record<string, Json>): Record<string, Json> {
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [name, fingerprint(value)]));
}

export function refusal(what: string, hint: string): SwitchboardError {
  return new SwitchboardError('SWB_PAYLOAD', what, { hint });
}
