import type { EntityRequest } from '../../src/conversation/entity-request.js';
import { attachmentMark, commentMark } from '../../src/conversation/fingerprint.js';
import { phaseOf, statusOf } from '../../src/conversation/item-life.js';
import { isOver, linkOfLeg } from '../../src/conversation/plan.js';
import { itemsOfLeg } from '../../src/conversation/plan-legs.js';
import { writtenFields } from '../../src/delivery/send-result.js';
import type { GenericAttachment, GenericComment, State } from '../../src/model/message.js';
import type { ConversationRecord, DeliveryRecord, Link, MessageRecord, Plan, PlannedLeg } from '../../src/store/store.js';
import type { NameOf } from './broker-access.js';
import type { Lane, LanePlan, Note, TimelineEntry } from './conversation-views.js';
import { shownDelivery, shownMessage, shownWarning } from './shown-state.js';
import type { WaitView } from './views.js';

/** The content of a message that the timeline shows, if its bodies are still stored. */
export interface MessageContent {
  state?: State;
  comments: GenericComment[];
  attachments: GenericAttachment[];
  deleted?: boolean;
}

export interface InboundEntry {
  record: MessageRecord;
  wait?: WaitView;
  content?: MessageContent;
}

export interface OutboundEntry {
  record: DeliveryRecord;
  wait?: WaitView;
  /** The `request` body of the outbox; absent if retention has deleted it. */
  request?: Partial<EntityRequest> & { comment?: GenericComment; attachment?: GenericAttachment };
}

/** Maximum length of a comment in the timeline; the message view shows all of it. */
const MAX_LENGTH = 400;

/**
 * The timeline of a conversation: a lane for each party's entity, and an entry for every message and delivery, oldest first. Each
 * message contains the whole record, so a comment is shown only with the first message that has it, and not at all if it is an
 * echo of ours. Pure.
 */
export function timeline(
  conversation: ConversationRecord,
  inbound: InboundEntry[],
  outbound: OutboundEntry[],
  nameOf: NameOf,
): { lanes: Lane[]; entries: TimelineEntry[] } {
  const lanes = new LaneList(conversation, nameOf);
  const states = new Map<string, State>();
  const seen = new Set<string>();
  const sentMarks = marksOf(outbound);
  const started = new Set<string>();
  const creates = createsOf(outbound, lanes);
  const changedState = (lane: string, state: State | undefined) => {
    if (!state || states.get(lane) === state) return undefined;
    states.set(lane, state);
    return state;
  };

  const incoming = ({ record, content, wait }: InboundEntry): TimelineEntry => {
    const lane = lanes.ofEntity(record);
    const first = !started.has(lane) && lanes.linkOf(lane)?.origin !== 'ours';
    started.add(lane);
    const legs = outbound.filter((one) => one.record.message === record.id);
    const entity = legs.find((one) => one.record.part === 'entity')?.request;
    const notes = content ? newNotes(lane, record.endpoint, content, seen, sentMarks) : [];
    const fields = first ? [] : fieldsOf(legs);
    const nothing = record.outcome === 'ignored';
    return {
      id: record.id,
      direction: 'incoming',
      message: record.id,
      lane,
      at: record.receivedAt,
      state: shownMessage(record, [], wait),
      event: nothing ? 'nothing' : content?.deleted ? 'deleted' : first ? 'created' : eventOf(fields, notes),
      fields,
      entityState: changedState(lane, (entity?.generic?.state as State | undefined) ?? content?.state),
      notes,
      reason: record.error?.message ?? record.reason,
      warning: shownWarning([record]),
      wait,
    };
  };

  const outgoing = ({ record, request, wait }: OutboundEntry): TimelineEntry => {
    const lane = lanes.ofLeg(record);
    const first = creates.has(record.id);
    if (record.part === 'entity') started.add(lane);
    const changed = first ? [] : writtenFields(record, request?.changed ?? []);
    const setsState = first || changed.some((field) => request?.sources?.[field]?.includes('state'));
    const part = record.part.split(':')[0];
    return {
      id: record.id,
      direction: 'outgoing',
      message: record.message,
      lane,
      at: timeOf(record),
      state: shownDelivery(record),
      event:
        part === 'comment' || part === 'putBack'
          ? 'commented'
          : part === 'attachment'
            ? 'attached'
            : first
              ? 'created'
              : 'changed',
      fields: changed,
      entityState:
        record.state === 'delivered' && setsState ? changedState(lane, request?.generic?.state as State | undefined) : undefined,
      notes: [
        ...(request?.comment ? [commentNote(request.comment)] : []),
        ...(request?.attachment ? [fileNote(request.attachment)] : []),
      ],
      reason: record.state === 'delivered' ? undefined : record.error?.message,
      warning: shownWarning([record]),
      wait,
      ...(outbound.some((one) => one.record.id === record.mergedInto) && { mergedInto: record.mergedInto }),
    };
  };

  const steps = [
    ...inbound.map((one) => ({ at: one.record.receivedAt, order: 0, id: one.record.id, entry: () => incoming(one) })),
    ...outbound.map((one) => ({ at: timeOf(one.record), order: 1, id: one.record.id, entry: () => outgoing(one) })),
  ].sort((a, b) => compare(a.at, b.at) || a.order - b.order || compare(a.id, b.id));
  const entries = steps.map((step) => step.entry());
  return { lanes: lanes.list(states), entries };
}

/** Start of the attempt that delivered it, because its echo may arrive before its answer; before that, the time of creation. */
function timeOf({ state, attempts, createdAt }: DeliveryRecord): string {
  return (state === 'delivered' && attempts.at(-1)?.at) || createdAt;
}

class LaneList {
  private readonly lanes = new Map<string, Lane & { of?: Link }>();

  constructor(
    private readonly conversation: ConversationRecord,
    private readonly nameOf: NameOf,
  ) {
    const byAge = [...conversation.links].sort((a, b) => partnerFirst(a) - partnerFirst(b) || compare(a.since, b.since));
    for (const link of byAge) this.add(link.endpoint, link.entityType, link.leg, link);
    for (const planned of conversation.plan?.legs ?? []) {
      const link = linkOfLeg(conversation, planned.leg);
      const lane = link ? this.lanes.get(keyOf(link.endpoint, link.entityType, link.leg)) : undefined;
      if (lane) lane.plan = planOf(planned, conversation.plan!);
    }
  }

  /** The lane of a message's entity; an unlinked entity has a lane, too. */
  ofEntity({ endpoint, entityType, entityId, number }: MessageRecord): string {
    const link = this.conversation.links.find((l) => l.endpoint === endpoint && l.entityType === entityType && l.id === entityId);
    if (link) return keyOf(endpoint, entityType, link.leg);
    return this.unlinkedLane(endpoint, entityType, entityId, number);
  }

  /** The lane of a delivery, even before its entity exists. */
  ofLeg({ endpoint, entityType, leg, entityId, number }: DeliveryRecord): string {
    const key = keyOf(endpoint, entityType, leg);
    const known = this.lanes.get(key);
    // The entity of the delivery has been unlinked since.
    if (entityId && known?.of?.id !== entityId) return this.unlinkedLane(endpoint, entityType, entityId, number);
    if (!known) {
      const planned = this.conversation.plan?.legs.find((l) => l.leg === leg);
      this.add(endpoint, entityType, leg, undefined, planned && planOf(planned, this.conversation.plan!));
    }
    return key;
  }

  linkOf(lane: string): Link | undefined {
    return this.lanes.get(lane)?.of;
  }

  /** All lanes; planned legs without entity or delivery come last. */
  list(states: Map<string, State>): Lane[] {
    const shown = new Set([...this.lanes.values()].map((lane) => lane.leg));
    for (const planned of this.conversation.plan?.legs ?? []) {
      if (planned.leg === '' || shown.has(planned.leg)) continue;
      const key = keyOf('', '', planned.leg);
      this.lanes.set(key, {
        key,
        endpoint: planned.leg,
        entityType: '',
        leg: planned.leg,
        plan: planOf(planned, this.conversation.plan!),
      });
    }
    return [...this.lanes.values()].map(({ of, ...lane }) => {
      const state = (of?.lastKnown.state as State | undefined) ?? states.get(lane.key);
      return { ...lane, ...(of?.gone ? { deleted: true } : state && { state }) };
    });
  }

  /** The lane of an entity that is no longer linked. */
  private unlinkedLane(endpoint: string, entityType: string, id: string, number: string | undefined): string {
    const key = keyOf(endpoint, entityType, `unlinked ${id}`);
    if (!this.lanes.has(key))
      this.lanes.set(key, { key, endpoint: this.nameOf(endpoint), entityType, leg: '', was: number ?? id });
    return key;
  }

  private add(endpoint: string, entityType: string, leg: string, link?: Link, plan?: LanePlan): void {
    const key = keyOf(endpoint, entityType, leg);
    this.lanes.set(key, {
      key,
      endpoint: this.nameOf(endpoint),
      entityType,
      leg,
      ...(plan && { plan }),
      ...(link && {
        of: link,
        link: {
          endpoint,
          entityType,
          id: link.id,
          number: link.number ?? link.id,
          ...(link.url && { url: link.url }),
          origin: link.origin,
        },
      }),
    });
  }
}

const keyOf = (endpoint: string, entityType: string, leg: string) => [endpoint, entityType, leg].join('|');
/** The side that started the conversation comes first. */
const partnerFirst = (link: Link) => (link.origin === 'theirs' ? 0 : 1);
const compare = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0);

function planOf(leg: PlannedLeg, plan: Plan): LanePlan {
  const items = itemsOfLeg(plan, leg.leg).map((item) => {
    const { id, state, stateReason } = statusOf(item, leg);
    const isKnown = phaseOf(item, leg) !== 'planned';
    return { id, ...(isKnown && { state }), ...(stateReason && { reason: stateReason }) };
  });
  return {
    items,
    after: isOver(leg) || leg.state ? [] : (leg.after ?? []),
    ...(leg.state && { state: leg.state }),
    ...((leg.refused ?? leg.stateReason) && { reason: leg.refused ?? leg.stateReason }),
    ...(leg.dropped && { dropped: leg.dropped }),
  };
}

/**
 * The deliveries that created an entity: the first one of each lane, unless the partner created the entity. Its event may arrive
 * before the answer.
 */
function createsOf(outbound: OutboundEntry[], lanes: LaneList): Set<string> {
  const first = new Map<string, DeliveryRecord>();
  for (const { record } of outbound) {
    if (record.part !== 'entity') continue;
    const lane = lanes.ofLeg(record);
    const before = first.get(lane);
    if (lanes.linkOf(lane)?.origin !== 'theirs' && (!before || record.id < before.id)) first.set(lane, record);
  }
  return new Set([...first.values()].map((record) => record.id));
}

/** Names that mappings may use in addition to generic fields. */
const NO_FIELDS = ['source', 'entity'];

/** Generic names of the fields that a message changed, from its deliveries. */
function fieldsOf(legs: OutboundEntry[]): string[] {
  const names = legs.flatMap(({ request }) => (request?.changed ?? []).flatMap((field) => request?.sources?.[field] ?? []));
  return [...new Set(names)].filter((name) => !NO_FIELDS.includes(name));
}

function eventOf(fields: string[], notes: Note[]): TimelineEntry['event'] {
  if (fields.length > 0 || notes.length === 0) return 'changed';
  return notes.some((note) => note.kind === 'comment') ? 'commented' : 'attached';
}

/** Marks of comments and files that we sent, to recognise their echoes. */
function marksOf(outbound: OutboundEntry[]): Set<string> {
  const marks = outbound.flatMap(({ record, request }) => [
    ...(request?.comment ? [commentMark(record.endpoint, request.comment)] : []),
    ...(request?.attachment ? [attachmentMark(record.endpoint, request.attachment)] : []),
  ]);
  return new Set(marks);
}

function newNotes(lane: string, endpoint: string, content: MessageContent, seen: Set<string>, sent: Set<string>): Note[] {
  const isNew = (kind: string, id: string, mark: string) => {
    const key = `${lane}|${kind}|${id}`;
    if (seen.has(key)) return false;
    seen.add(key);
    return !sent.has(mark);
  };
  return [
    ...content.comments.filter((c) => isNew('comment', c.id, commentMark(endpoint, c))).map(commentNote),
    ...content.attachments.filter((a) => isNew('attachment', a.id, attachmentMark(endpoint, a))).map(fileNote),
  ];
}

function commentNote({ text, author, visibility }: GenericComment): Note {
  const shown = text.length > MAX_LENGTH ? `${text.slice(0, MAX_LENGTH)}…` : text;
  return { kind: 'comment', text: shown, ...(author && { author }), internal: visibility === 'internal' };
}

function fileNote({ name, author }: GenericAttachment): Note {
  return { kind: 'attachment', text: name, ...(author && { author }), internal: false };
}
