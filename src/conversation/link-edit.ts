import { SwitchboardError } from '../errors.js';
import type { Json } from '../model/message.js';
import type { Change, ConversationRecord, DeliveryRecord, Link, MessageRecord } from '../store/store.js';
import { say } from '../text/say.js';
import { conversationState, linkAt, linkOf, newLink } from './correlate.js';
import { fingerprint } from './fingerprint.js';
import { createReference, expectedReference } from './reference.js';
import { type EntityKey, type UnlinkedEntity, unlinkedKey } from './unlinked-entity.js';

/** An entity looked up at its endpoint. */
export interface LookedUpEntity extends EntityKey {
  number?: string;
  url?: string;
  version?: string;
  /** The partner's fields, top level. */
  record: Record<string, Json>;
  /** The generic fields, as far as they could be mapped. */
  fields: Record<string, Json>;
  /** Ids of its comments and attachments. */
  parts: string[];
}

/** An edit of the links of a conversation. */
export type LinkEdit =
  | { kind: 'link'; conversation: string; entity: LookedUpEntity }
  | { kind: 'unlink'; conversation: string; entity: EntityKey }
  /** `reference`: the reference of the new conversation. */
  | { kind: 'split'; conversation: string; entity: EntityKey; reference: string }
  /** `other` becomes part of `conversation`. */
  | { kind: 'merge'; conversation: string; other: string };

/** A conversation with its messages and deliveries. */
export interface ConversationContents {
  conversation: ConversationRecord;
  messages: MessageRecord[];
  deliveries: DeliveryRecord[];
}

/** One change that an edit makes, as data; the view has the labels. Codes are stored with the edit. */
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

/** The place of a link before and after an edit; absent = not linked. */
export interface LinkMove {
  before?: { conversation: string; link: Link };
  after?: { conversation: string; link: Link };
}

/** The data to undo an edit; stored with it. */
export interface InverseLinkEdit {
  moves: LinkMove[];
  /** Ids of moved messages, and moved deliveries as they were before. */
  messages: string[];
  deliveries: Pick<DeliveryRecord, 'id' | 'conversation' | 'leg' | 'reference'>[];
  /** The conversation that a merge removed. */
  removed?: ConversationRecord;
  /** The conversation that a split created. */
  made?: string;
  /** The reference that must not be used again after the edit. */
  spent?: string;
  /** The record of an unlinked entity that the edit removed. */
  unlinked?: UnlinkedEntity;
}

export interface PlannedLinkEdit {
  changes: Change[];
  effects: LinkEditEffect[];
  inverse: InverseLinkEdit;
}

export interface LinkEditAuthor {
  /** '' if sign-in is not required. */
  by: string;
  /** ISO time. */
  at: string;
}

const OPEN: DeliveryRecord['state'][] = ['pending', 'sending', 'inDoubt'];

/**
 * Plans the changes of an edit, for the preview and for applying it. Throws SWB_PAYLOAD with the reason if the edit is refused.
 * Pure.
 * @param other the second conversation of a merge
 */
export function planLinkEdit(
  edit: LinkEdit,
  contents: ConversationContents,
  other: ConversationContents | undefined,
  author: LinkEditAuthor,
): PlannedLinkEdit {
  const { conversation } = contents;
  if (conversation.plan || other?.conversation.plan)
    throw refusal(
      say`${(conversation.plan ? conversation : other?.conversation)?.reference} is fanned out to several parties, so its links cannot be edited.`,
      say`Cancel or complete its legs at the partners instead.`,
    );
  switch (edit.kind) {
    case 'link':
      return link(contents, edit.entity, author);
    case 'unlink':
      return unlink(contents, requireLink(conversation, edit.entity), author);
    case 'split':
      return split(contents, requireLink(conversation, edit.entity), edit.reference, author);
    case 'merge':
      if (!other || other.conversation.id === conversation.id)
        throw refusal(say`A conversation cannot be merged with itself.`, say`Choose another conversation.`);
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
      say`This conversation already has ${nameOf(existing)} at that endpoint.`,
      say`Unlink it first, or merge the other ticket’s conversation into this one.`,
    );
  const toEntity = deliveries.filter((d) => d.endpoint === entity.endpoint && d.entityType === entity.entityType && d.leg === '');
  if (toEntity.some((d) => d.part === 'entity' && (d.state === 'sending' || d.state === 'inDoubt')))
    throw refusal(
      say`A ticket is being created at that endpoint, or may already exist.`,
      say`Wait until the result is known, or skip the delivery.`,
    );
  const made: Link = {
    ...newLink({ ...entity }, '', 'theirs', at),
    raw: fingerprints(entity.record),
    lastKnown: fingerprints(entity.fields),
    seen: entity.parts,
    ...(entity.version && { entityVersion: entity.version }),
  };
  const waiting = toEntity.filter((d) => d.state === 'pending');
  // Deliveries that waited for a ticket that could not be created have one now.
  const freed = toEntity.filter((d) => d.blocking || d.waitsFor === 'link');
  return {
    changes: [
      conversationChange({ ...conversation, links: [...conversation.links, made] }, at),
      ...freed.map(
        (d): Change => ({
          kind: 'delivery',
          record: { ...d, ...withoutDecision(d), blocking: undefined, waitsFor: undefined, updatedAt: at },
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

/** Whether the ticket was created needs no decision any more once a user has linked it. */
function withoutDecision({ state }: DeliveryRecord): Partial<DeliveryRecord> {
  return state === 'needsDecision' ? { state: 'inDoubt', decision: undefined, doubtAt: undefined } : {};
}

function unlink({ conversation, deliveries }: ConversationContents, gone: Link, { by, at }: LinkEditAuthor): PlannedLinkEdit {
  const waiting = deliveries.filter((d) => isForLink(d, gone) && (OPEN.includes(d.state) || d.state === 'needsDecision')).length;
  if (waiting > 0)
    throw refusal(
      waiting === 1
        ? say`1 delivery to ${nameOf(gone)} is in progress.`
        : say`${waiting} deliveries to ${nameOf(gone)} are in progress.`,
      say`Wait until the deliveries complete, or skip them, then unlink the ticket.`,
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
    throw refusal(say`${nameOf(gone)} is the only ticket in this conversation.`, say`There is nothing to split it off from.`);
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
    formerParties: [...new Set([...(record.formerParties ?? []), ...record.links.map(({ endpoint }) => endpoint)])],
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
  // The other conversation's entity gets a separate leg if both have one or are creating one, or if its failed or undecided
  // create may have reached the partner: deliveries meant for it must not go to ours.
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
  // Our failed create no longer blocks if the other conversation brings the ticket; replayed, it updates that ticket.
  const unblocked = into.deliveries.filter((d) => d.blocking && links.some((link) => isForLink(d, link)));
  const otherMessages = other.messages;
  const openCount = other.deliveries.filter((d) => OPEN.includes(d.state)).length;
  const receiveOnly = links.filter((link, index) => link.leg !== b.links[index]?.leg);
  return {
    changes: [
      { kind: 'conversation', record: b, gone: true },
      conversationChange(merged, at),
      ...moveMessages(otherMessages, a.id),
      ...unblocked.map((d): Change => ({ kind: 'delivery', record: { ...d, blocking: undefined, updatedAt: at } })),
      ...other.deliveries.map((d): Change => {
        // A create keeps the reference of its earlier attempts, so that their result is found.
        const reference =
          d.part === 'entity' && !linkAt(b, d.endpoint, d.entityType, d.leg) ? createReference(b, d) : d.reference;
        return { kind: 'delivery', record: { ...d, conversation: a.id, leg: legFor(d), ...(reference && { reference }) } };
      }),
    ],
    effects: [
      effect('merges', { reference: b.reference, into: a.reference }),
      ...links.map((link) => effect('joins', { number: nameOf(link) })),
      ...moveEffects(otherMessages, other.deliveries),
      ...(openCount ? [effect('underWay', { count: openCount })] : []),
      ...receiveOnly.flatMap((link) => {
        const instead = linkAt(a, link.endpoint, link.entityType, b.links.find((l) => l.id === link.id)?.leg ?? '');
        return instead ? [effect('heardOnly', { number: nameOf(link), instead: nameOf(instead) })] : [];
      }),
    ],
    inverse: {
      moves: linkMoves,
      messages: otherMessages.map((m) => m.id),
      deliveries: other.deliveries.map(placeOf),
      removed: b,
    },
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
  throw refusal(say`${id} is not linked to ${conversation.reference}.`, say`Refresh the view.`);
}

function removeLink(conversation: ConversationRecord, gone: Link): { record: ConversationRecord; spent?: string } {
  const links = conversation.links.filter((l) => l !== gone);
  const spent = gone.origin === 'ours' ? expectedReference(conversation, gone) : undefined;
  const formerParties = [...(conversation.formerParties ?? []), gone.endpoint];
  const record = { ...conversation, links, formerParties, ...(spent && { spent: [...(conversation.spent ?? []), spent] }) };
  return { record, spent };
}

/** A delivery that is being sent belongs to its conversation until it is answered. */
export function requireNoneSending(deliveries: DeliveryRecord[]): void {
  const busy = deliveries.find((d) => d.state === 'sending');
  if (busy) throw refusal(say`A delivery is being sent right now.`, say`Try again in a few seconds.`);
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

function fingerprints(values: Record<string, Json>): Record<string, Json> {
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [name, fingerprint(value)]));
}

export function refusal(what: string, hint: string): SwitchboardError {
  return new SwitchboardError('SWB_PAYLOAD', what, { hint });
}
