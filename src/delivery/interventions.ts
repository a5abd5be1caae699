import type { Conversations } from '../conversation/conversations.js';
import { linkAt } from '../conversation/correlate.js';
import type { EntityRequest } from '../conversation/entity-request.js';
import type { EndpointClient, RawEntity } from '../endpoints/endpoint.js';
import { SwitchboardError } from '../errors.js';
import type { GenericComment, Json } from '../model/message.js';
import type { Bodies, Change, DeliveryRecord, MessageRecord, Store } from '../store/store.js';
import { markWarningSeen, warningState } from '../store/warning.js';
import type { AuditAction, AuditEntry, AuditLog } from './audit.js';
import { ANSWERS } from './decisions.js';
import { type Edit, editedFields } from './edits.js';
import { type Suspension, suspensionKey } from './suspension.js';

/** Who does something. */
export interface Person {
  /** Name in Node-RED; empty where nobody has to sign in. */
  name: string;
  /** It is one of many done at once, which are noted as one. */
  many?: boolean;
}

export interface InterventionsOptions {
  store: Store;
  conversations: Conversations;
  clock: () => number;
  audit: AuditLog;
  client: (endpoint: string) => EndpointClient | undefined;
}

/** States from which each thing may be done; from `needsDecision` only what answers the question. */
const MESSAGE = {
  replay: ['failed', 'needsDecision', 'settled', 'skipped'],
  skip: ['failed', 'needsDecision', 'received'],
  seen: ['settled'],
  undo: ['skipped', 'settled'],
} satisfies Record<string, MessageRecord['state'][]>;
const DELIVERY = {
  replay: ['failed', 'needsDecision', 'skipped', 'pending', 'inDoubt'],
  sendAgain: ['needsDecision'],
  skip: ['failed', 'needsDecision', 'pending', 'inDoubt'],
  seen: ['delivered'],
  undo: ['skipped', 'inDoubt', 'delivered'],
} satisfies Record<string, DeliveryRecord['state'][]>;

/** What a person may do by hand with messages, deliveries and endpoints. Each is noted in the audit list by the commit that does it. */
export class Interventions {
  constructor(private readonly options: InterventionsOptions) {}

  /** Puts a failed, skipped, undecided or unrouted message through its flow again. */
  async replayMessage(id: string, by: Person): Promise<void> {
    const record = await this.message(id, 'replay');
    await this.commit('replay', record, by, [{ kind: 'message', record: again(record) }]);
  }

  /** Puts a message through its flow again with a payload that a person changed. Throws SWB_PAYLOAD when it cannot stand for the same entity. */
  async editMessage(id: string, payload: Json, by: Person): Promise<void> {
    const record = await this.message(id, 'replay');
    const client = this.options.client(record.endpoint);
    if (!client) throw gone(record.endpoint);
    const about = parsed(client, payload);
    if (record.entityId && about !== record.entityId) {
      throw new SwitchboardError('SWB_PAYLOAD', `The changed payload is about ${about || 'no record'}, not ${record.entityId}.`, {
        where: client.name,
        hint: 'Leave its id as it was.',
      });
    }
    const bodies = await this.options.store.bodies('message', id);
    const before = (bodies.read ?? bodies.received) as Json;
    const edits = this.edited(bodies, before, payload, by);
    // What correlation found in the payload as it was says nothing about this one.
    await this.commit('edit', record, by, [
      { kind: 'message', record: again(record), bodies: { ...edits, read: payload, correlated: null } },
    ]);
  }

  /** Puts a message aside for good; what was is remembered, so that this can be undone. */
  async skipMessage(id: string, reason: string, by: Person): Promise<void> {
    const record = await this.message(id, 'skip');
    const { state, outcome, error, decision, settledAt } = record;
    const undo = { action: 'skip' as const, was: { state, outcome, reason: record.reason, error, decision, settledAt } };
    const skipped: MessageRecord = { ...record, state: 'skipped', reason, decision: undefined, settledAt: this.now(), undo };
    await this.commit('skip', record, by, [{ kind: 'message', record: skipped }], reason);
  }

  /** A person has looked at the warning of a message, which counts no more. */
  async markMessageSeen(id: string, by: Person): Promise<void> {
    const record = await this.message(id, 'seen');
    if (warningState(record) !== 'unseen') throw refusal('message', id, record.state);
    await this.commit('seen', record, by, [
      { kind: 'message', record: markWarningSeen(record, { at: this.now(), by: by.name }) },
    ]);
  }

  /** Takes back a skip, or that the warning was seen. */
  async undoMessage(id: string, by: Person): Promise<void> {
    const record = await this.message(id, 'undo');
    if (warningState(record) === 'seen')
      return this.commit('undo', record, by, [{ kind: 'message', record: markWarningSeen(record, undefined) }]);
    if (!record.undo) throw tooLate('message', id);
    const restored: MessageRecord = { ...record, ...ASIDE, ...record.undo.was, undo: undefined };
    await this.commit('undo', record, by, [{ kind: 'message', record: restored }]);
  }

  /**
   * Sends a failed or skipped delivery again, looking first whether it got through after all. Where the question is whether it did, it is only
   * looked for once more.
   */
  async replayDelivery(id: string, by: Person): Promise<void> {
    const record = await this.delivery(id, 'replay');
    await this.commit('replay', record, by, [{ kind: 'delivery', record: this.anew(record) }]);
  }

  /** A person is sure that the partner does not have it: it is looked for once more, and sent if it is not there. */
  async sendAgain(id: string, by: Person): Promise<void> {
    const record = await this.delivery(id, 'sendAgain');
    const sure: DeliveryRecord = { ...this.anew(record), lookLeft: 0, onlyLook: false };
    await this.commit('sendAgain', record, by, [{ kind: 'delivery', record: sure }]);
  }

  /**
   * Sends a delivery again with a payload that a person changed: the fields of an entity, or a comment. Throws SWB_PAYLOAD, with all that is wrong, when the
   * partner would not take it.
   */
  async editDelivery(id: string, payload: Json, by: Person): Promise<void> {
    const record = await this.delivery(id, 'replay');
    const client = this.options.client(record.endpoint);
    if (!client) throw gone(record.endpoint);
    const bodies = await this.options.store.bodies('delivery', id);
    const { before, request } = editedRequest(client, record, bodies, payload);
    const edits = this.edited(bodies, before, payload, by);
    const change: Change = { kind: 'delivery', record: this.anew(record), bodies: { ...edits, request } };
    await this.commit('edit', record, by, [change]);
  }

  /** Gives a delivery up; what waited behind it goes on. */
  async skipDelivery(id: string, reason: string, by: Person): Promise<void> {
    const record = await this.delivery(id, 'skip');
    const skipped: DeliveryRecord = {
      ...record,
      state: 'skipped',
      decision: undefined,
      onlyLook: onlyLookedFor(record),
      blocking: undefined,
      notBefore: undefined,
      error: { code: 'SWB_SKIPPED', message: reason, at: this.now() },
      updatedAt: this.now(),
      undo: { action: 'skip', was: standing(record) },
    };
    await this.commit('skip', record, by, [{ kind: 'delivery', record: skipped }], reason);
  }

  /** A person has looked at what the partner did not keep of a delivery, which counts no more. */
  async markDeliverySeen(id: string, by: Person): Promise<void> {
    const record = await this.delivery(id, 'seen');
    if (warningState(record) !== 'unseen') throw refusal('delivery', id, record.state);
    await this.commit('seen', record, by, [
      { kind: 'delivery', record: markWarningSeen(record, { at: this.now(), by: by.name }) },
    ]);
  }

  /** Takes back a skip, a replay that has not been sent yet, or that the warning was seen. */
  async undoDelivery(id: string, by: Person): Promise<void> {
    const { store, conversations } = this.options;
    const record = await this.delivery(id, 'undo');
    if (warningState(record) === 'seen')
      return this.commit('undo', record, by, [{ kind: 'delivery', record: markWarningSeen(record, undefined) }]);
    if (!record.undo) throw tooLate('delivery', id);
    const restored: DeliveryRecord = { ...record, ...HELD, ...record.undo.was, undo: undefined, updatedAt: this.now() };
    const conversation = await store.conversation(record.conversation);
    // What had to wait for a create has to wait no more when the entity came to be in another way.
    if (conversation && linkAt(conversation, record.endpoint, record.entityType, record.leg)) restored.blocking = undefined;
    const also = await this.note('undo', record, by);
    if ((restored.state === 'failed' || restored.state === 'needsDecision') && conversation)
      await conversations.update(
        record.conversation,
        (latest) => ({ ...latest, state: 'open' }),
        () => [{ kind: 'delivery', record: restored }, ...also],
      );
    else await store.commit([{ kind: 'delivery', record: restored }, ...also]);
  }

  /** Stops the sending to an endpoint: what is for it waits, also over a restart, until it is resumed. What is under way is finished. */
  async suspend(endpoint: string, reason: string, by: Person): Promise<void> {
    const value: Suspension = { at: this.now(), by: by.name, ...(reason && { reason }) };
    await this.setSuspension('suspend', endpoint, value, by, reason);
  }

  /** Sends what waited, in its order. */
  async resume(endpoint: string, by: Person): Promise<void> {
    await this.setSuspension('resume', endpoint, undefined, by);
  }

  /** Notes that many were done at once. */
  async noteMany(action: AuditAction, target: AuditEntry['target'], by: Person, reason?: string): Promise<void> {
    await this.options.store.commit(await this.options.audit.note({ by: by.name, action, target, ...(reason && { reason }) }));
  }

  private async setSuspension(
    action: 'suspend' | 'resume',
    endpoint: string,
    value: Suspension | undefined,
    by: Person,
    reason?: string,
  ): Promise<void> {
    const client = this.options.client(endpoint);
    if (!client) throw gone(endpoint);
    const target = { kind: 'endpoint' as const, id: endpoint, name: client.name };
    const also = await this.options.audit.note({ by: by.name, action, target, ...(reason && { reason }) });
    await this.options.store.commit([
      { kind: 'setting', key: suspensionKey(endpoint), value: value as unknown as Json | undefined },
      ...also,
    ]);
  }

  private async message(id: string, action: keyof typeof MESSAGE): Promise<MessageRecord> {
    return allowed('message', id, await this.options.store.message(id), MESSAGE[action], action);
  }

  private async delivery(id: string, action: keyof typeof DELIVERY): Promise<DeliveryRecord> {
    return allowed('delivery', id, await this.options.store.delivery(id), DELIVERY[action], action);
  }

  /** The delivery as it is to be sent again; how it stood is remembered until it is. */
  private anew(record: DeliveryRecord): DeliveryRecord {
    return {
      ...record,
      ...HELD,
      state: 'inDoubt',
      tries: 0,
      // A question that was answered begins anew; of anything else one look says whether it got through, unless a lost answer still settles.
      ...(record.state !== 'needsDecision' && { lookLeft: record.lookLeft ?? 0 }),
      doubtAt: this.doubtAt(record),
      onlyLook: onlyLookedFor(record),
      updatedAt: this.now(),
      undo: { action: 'replay', was: standing(record) },
    };
  }

  /** Where an answer was lost stays so, whatever is done; who answers the question about another address allows that one. */
  private doubtAt({ decision, doubtAt, endpoint }: DeliveryRecord): string | undefined {
    return decision === 'addressChanged' ? this.options.client(endpoint)?.address : doubtAt;
  }

  /** The bodies that tell what was edited: how it was at first, and each change since. */
  private edited(bodies: Bodies, before: Json | undefined, after: Json, by: Person): Bodies {
    const fields = editedFields(before, after);
    const edits = (bodies.edits ?? []) as Edit[];
    return {
      original: bodies.original ?? before,
      edits: [...edits, { at: this.now(), by: by.name, fields }] satisfies Edit[],
    };
  }

  private async commit(
    action: AuditAction,
    record: MessageRecord | DeliveryRecord,
    by: Person,
    changes: Change[],
    reason?: string,
  ): Promise<void> {
    await this.options.store.commit([...changes, ...(await this.note(action, record, by, reason))]);
  }

  private async note(
    action: AuditAction,
    record: MessageRecord | DeliveryRecord,
    by: Person,
    reason?: string,
  ): Promise<Change[]> {
    if (by.many) return [];
    const kind = 'lane' in record ? 'delivery' : 'message';
    const name = record.number ?? (record.entityId || record.id);
    const target = { kind, id: record.id, name } as const;
    return this.options.audit.note({ by: by.name, action, target, ...(reason && { reason }) });
  }

  private now(): string {
    return new Date(this.options.clock()).toISOString();
  }
}

function again(record: MessageRecord): MessageRecord {
  const cleared = {
    outcome: undefined,
    reason: undefined,
    error: undefined,
    decision: undefined,
    warning: undefined,
    notBefore: undefined,
    undo: undefined,
  };
  return { ...record, ...cleared, state: 'received' };
}

/** What an undo takes away where it was not there before: the store keeps no fields without a value. */
const ASIDE = { outcome: undefined, reason: undefined, error: undefined, decision: undefined, settledAt: undefined };
const HELD = {
  notBefore: undefined,
  blocking: undefined,
  error: undefined,
  decision: undefined,
  lookLeft: undefined,
  onlyLook: undefined,
  doubtAt: undefined,
};

/** May the partner have it? Then looking does no harm, and writing it again may. */
function onlyLookedFor({ decision, onlyLook }: DeliveryRecord): boolean | undefined {
  return decision === 'unresolved' || decision === 'addressChanged' ? true : onlyLook;
}

/** What an undo has to bring back. */
function standing(record: DeliveryRecord): Partial<DeliveryRecord> {
  const { state, tries, notBefore, blocking, error, decision, lookLeft, onlyLook, doubtAt } = record;
  return { state, tries, notBefore, blocking, error, decision, lookLeft, onlyLook, doubtAt };
}

/** The record, if this may be done with it now. */
function allowed<R extends MessageRecord | DeliveryRecord>(
  kind: string,
  id: string,
  record: R | undefined,
  from: readonly R['state'][],
  action: string,
): R {
  if (!record || !from.includes(record.state)) throw refusal(kind, id, record?.state);
  const answers: readonly string[] = record.decision ? ANSWERS[record.decision] : [];
  if (record.state === 'needsDecision' && !answers.includes(action)) throw refusal(kind, id, record.state);
  return record;
}

/** The id of the entity that a payload is about. */
function parsed(client: EndpointClient, payload: Json): string {
  if (typeof payload !== 'object' || payload === null || Array.isArray(payload)) throw notAnObject(client);
  try {
    return client.parse(payload as RawEntity).source.id;
  } catch (cause) {
    const text = cause instanceof Error ? cause.message : String(cause);
    throw new SwitchboardError('SWB_PAYLOAD', `The changed payload cannot be read: ${text}`, { where: client.name, cause });
  }
}

interface EditedRequest {
  before: Json;
  request: unknown;
}

/** What a changed payload makes of the request that is kept with a delivery. */
function editedRequest(client: EndpointClient, record: DeliveryRecord, bodies: Bodies, payload: Json): EditedRequest {
  if (typeof payload !== 'object' || payload === null || Array.isArray(payload)) throw notAnObject(client);
  if (/^(attachment|alike):/.test(record.part)) {
    throw new SwitchboardError('SWB_PAYLOAD', 'Only fields and comments can be changed: this is sent as it is.', {
      where: client.name,
      hint: 'Replay or skip it.',
    });
  }
  if (record.part.startsWith('comment:')) {
    const { comment: before } = bodies.request as { comment: GenericComment };
    const comment = { ...before, ...(payload as object) } as GenericComment;
    if (typeof comment.text !== 'string' || !comment.text.trim())
      throw new SwitchboardError('SWB_PAYLOAD', 'A comment needs a text.', { where: client.name, field: 'text' });
    return { before: before as unknown as Json, request: { comment } };
  }
  const fields = payload as Record<string, Json>;
  const wrong = client.validate(record.entityType, fields).filter((problem) => problem.level === 'error');
  if (wrong.length > 0) {
    throw new SwitchboardError('SWB_PAYLOAD', wrong.map((problem) => problem.text).join(' '), {
      where: client.name,
      field: wrong[0]?.field,
      hint: 'Nothing was queued.',
    });
  }
  const request = bodies.request as EntityRequest;
  return { before: request.fields as Json, request: withFields(request, fields) };
}

/** What a person wrote is written, whatever rule the field came from and whatever has been sent since. */
function withFields(request: EntityRequest, fields: Record<string, Json>): EntityRequest {
  const touched = Object.keys(fields).filter((name) => JSON.stringify(fields[name]) !== JSON.stringify(request.fields[name]));
  const edited = [...new Set([...(request.edited ?? []), ...touched])].filter((name) => name in fields);
  return {
    ...request,
    fields,
    edited,
    changed: [...new Set([...request.changed, ...edited])].filter((name) => name in fields),
    defaults: request.defaults.filter((name) => name in fields && !edited.includes(name)),
    sources: Object.fromEntries(Object.entries(request.sources).filter(([name]) => name in fields && !edited.includes(name))),
  };
}

function notAnObject(client: EndpointClient): SwitchboardError {
  return new SwitchboardError('SWB_PAYLOAD', 'The changed payload is no JSON object.', { where: client.name });
}

function gone(endpoint: string): SwitchboardError {
  return new SwitchboardError('SWB_CONFIG', `The endpoint ${endpoint} is not in the flows any more.`, {
    hint: 'Deploy it again first.',
  });
}

function tooLate(kind: string, id: string): SwitchboardError {
  return new SwitchboardError('SWB_PAYLOAD', `The ${kind} ${id} went on meanwhile: there is nothing left to undo.`, {
    hint: 'Refresh the view and look again.',
  });
}

function refusal(kind: string, id: string, state: string | undefined): SwitchboardError {
  const what = state ? `The ${kind} ${id} is ${state}: this cannot be done with it now.` : `There is no ${kind} ${id}.`;
  return new SwitchboardError('SWB_PAYLOAD', what, { hint: 'Refresh the view and look again.' });
}
