import type { Conversations } from '../conversation/conversations.js';
import { linkAt } from '../conversation/correlate.js';
import type { EntityRequest } from '../conversation/entity-request.js';
import { planAfterSkip } from '../conversation/leg-results.js';
import { continueWithout, withPlan } from '../conversation/plan.js';
import { legOf, rowOf } from '../conversation/plan-legs.js';
import type { EndpointClient, RawEntity } from '../endpoints/endpoint.js';
import { SwitchboardError } from '../errors.js';
import type { GenericComment, Json } from '../model/message.js';
import type { Bodies, Change, ConversationRecord, DeliveryRecord, MessageRecord, Store } from '../store/store.js';
import { markWarningSeen, warningState } from '../store/warning.js';
import { say } from '../text/say.js';
import type { AuditAction, AuditLog, Note } from './audit.js';
import { ANSWERS } from './decisions.js';
import { type Edit, editedFields } from './edits.js';
import { keptByOthers, newParts, withKeptParts } from './kept-parts.js';
import type { Compensation } from './legs.js';
import type { OrderResult, OrderResults } from './order-results.js';
import type { Person } from './person.js';
import { isHint } from './received-item.js';
import { lastReading, ownsFailedCreate } from './repeat.js';
import { CLEARED_DELIVERY, lookupOnly, retried, undoState } from './retried.js';
import { type Suspension, suspensionKey } from './suspension.js';

export interface InterventionsOptions {
  store: Store;
  conversations: Conversations;
  clock: () => number;
  audit: AuditLog;
  client: (endpoint: string) => EndpointClient | undefined;
  /** What a skipped delivery means for a fanned-out order. */
  orders: () => Pick<OrderResults, 'afterSkip'>;
}

/** States in which each action is allowed; in `needsDecision` only the answers of that decision (decisions.ts). */
const MESSAGE = {
  replay: ['failed', 'needsDecision', 'settled', 'skipped'],
  skip: ['failed', 'needsDecision', 'received', 'settled'],
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

/** Manual actions on messages, deliveries and endpoints. The commit of each action also writes its audit entry. */
export class Interventions {
  constructor(private readonly options: InterventionsOptions) {}

  /**
   * Emits a failed, skipped, undecided or settled message into its flow again. Where a partner refused the create that it led to, or
   * it kept back comments and files, it enters the flow with what its entity says by now: its own version may be an older one.
   */
  async replayMessage(id: string, by: Person): Promise<void> {
    const record = await this.message(id, 'replay');
    const { store } = this.options;
    const isAsReceived = record.undo?.kept === undefined && !(await ownsFailedCreate(id, store));
    const bodies = isAsReceived ? undefined : await lastReading(record, store);
    await this.commitMessage('replay', record, resubmitted(record), by, { bodies });
  }

  /** Emits a message again, with a payload edited by a user. Throws SWB_PAYLOAD where it is about another entity. */
  async editMessage(id: string, payload: Json, by: Person): Promise<void> {
    const record = await this.message(id, 'replay');
    const client = this.options.client(record.endpoint);
    if (!client) throw noEndpoint(record.endpoint);
    const bodies = await this.options.store.bodies('message', id);
    // An event in which no entity was found is read again as it is now.
    const isEvent = isHint(record) && record.entityId === '' && bodies.read === undefined;
    const about = isEvent ? '' : entityIdOf(client, payload);
    if (record.entityId && about !== record.entityId) {
      throw new SwitchboardError(
        'SWB_PAYLOAD',
        about
          ? say`The edited payload is about ${about}, not about ${record.entityId}.`
          : say`The edited payload is about no record, not about ${record.entityId}.`,
        {
          where: client.name,
          hint: say`Restore the original id in the payload.`,
        },
      );
    }
    const before = (bodies.read ?? bodies.received) as Json;
    const edits = this.edited(bodies, before, payload, by);
    const read = isEvent ? { received: payload } : { read: payload };
    // The stored correlation result belongs to the original payload; but everything is part of a create.
    const correlated = (await ownsFailedCreate(id, this.options.store)) ? {} : { correlated: null };
    await this.commitMessage('edit', record, resubmitted(record), by, { bodies: { ...edits, ...read, ...correlated } });
  }

  /**
   * Skips a message that is not done, or that reached nobody. Its former state is kept, so that this can be undone. The comments and
   * files of one that reached nobody are kept back from later messages, too: the user decided that they are not to go out.
   */
  async skipMessage(id: string, reason: string, by: Person): Promise<void> {
    const record = await this.message(id, 'skip');
    const { state, outcome, error, decision, settledAt } = record;
    if (state === 'settled' && outcome !== 'unrouted') throw refusal('message', id, state);
    const kept = state === 'settled' ? await newParts(record, this.options.store, this.options.client(record.endpoint)) : [];
    const skipped: MessageRecord = {
      ...record,
      state: 'skipped',
      outcome: undefined,
      reason,
      decision: undefined,
      settledAt: this.now(),
      undo: {
        action: 'skip',
        was: { state, outcome, reason: record.reason, error, decision, settledAt },
        ...(kept.length > 0 && { kept }),
      },
    };
    await this.commitMessage('skip', record, skipped, by, { reason });
  }

  /** Marks the warning of a message as seen, so that it no longer counts. */
  async markMessageSeen(id: string, by: Person): Promise<void> {
    const record = await this.message(id, 'seen');
    if (warningState(record) !== 'unseen') throw refusal('message', id, record.state);
    await this.commit('seen', record, by, [
      { kind: 'message', record: markWarningSeen(record, { at: this.now(), by: by.name }) },
    ]);
  }

  /** Undoes a skip, or that the warning was marked as seen. */
  async undoMessage(id: string, by: Person): Promise<void> {
    const record = await this.message(id, 'undo');
    if (warningState(record) === 'seen')
      return this.commit('undo', record, by, [{ kind: 'message', record: markWarningSeen(record, undefined) }]);
    if (!record.undo) throw nothingToUndo('message', id);
    const restored: MessageRecord = { ...record, ...CLEARED_MESSAGE, ...record.undo.was, undo: undefined };
    await this.commitMessage('undo', record, restored, by);
  }

  /**
   * Sends a failed or skipped delivery again, after a lookup whether it was written after all. If the open decision is whether it
   * was written, it is only looked up again.
   */
  async replayDelivery(id: string, by: Person): Promise<void> {
    const record = await this.delivery(id, 'replay');
    const retried: DeliveryRecord = { ...this.retried(record), waitsFor: await this.waitAfterReplay(record) };
    await this.commit('replay', record, by, [{ kind: 'delivery', record: retried }]);
  }

  /** The user is sure that the partner does not have it: it is looked up once more, and sent if it is not found. */
  async sendAgain(id: string, by: Person): Promise<void> {
    const record = await this.delivery(id, 'sendAgain');
    const resent: DeliveryRecord = { ...this.retried(record), lookLeft: 0, onlyLook: false };
    await this.commit('sendAgain', record, by, [{ kind: 'delivery', record: resent }]);
  }

  /**
   * Sends a delivery again with a payload edited by a user: the fields of an entity, or a comment. Throws SWB_PAYLOAD, with all
   * errors, where the partner would reject it.
   */
  async editDelivery(id: string, payload: Json, by: Person): Promise<void> {
    const record = await this.delivery(id, 'replay');
    const client = this.options.client(record.endpoint);
    if (!client) throw noEndpoint(record.endpoint);
    const bodies = await this.options.store.bodies('delivery', id);
    const { before, request } = editedRequest(client, record, bodies, payload);
    const edits = this.edited(bodies, before, payload, by);
    const change: Change = { kind: 'delivery', record: this.retried(record), bodies: { ...edits, request } };
    await this.commit('edit', record, by, [change]);
  }

  /** Skips a delivery, and so unblocks the deliveries behind it. */
  async skipDelivery(id: string, reason: string, by: Person): Promise<void> {
    const record = await this.delivery(id, 'skip');
    const skipped: DeliveryRecord = {
      ...record,
      state: 'skipped',
      decision: undefined,
      onlyLook: lookupOnly(record),
      blocking: undefined,
      notBefore: undefined,
      error: { code: 'SWB_SKIPPED', message: reason, at: this.now() },
      updatedAt: this.now(),
      undo: { action: 'skip', was: undoState(record) },
    };
    const { store, conversations } = this.options;
    const change: Change = { kind: 'delivery', record: skipped };
    const conversation = await store.conversation(record.conversation);
    if (!conversation?.plan) return this.commit('skip', record, by, [change], reason);
    const note = await this.note('skip', record, by, reason);
    const { request = {} } = await store.bodies('delivery', id);
    let result: OrderResult | undefined;
    await conversations.update(
      record.conversation,
      (latest) => {
        result = this.options.orders().afterSkip(latest, record, { request: request as Bodies, reason });
        return result?.conversation ?? latest;
      },
      () => [change, note, ...(result?.also ?? [])],
    );
  }

  /** Marks the warning of a delivery as seen, so that it no longer counts. */
  async markDeliverySeen(id: string, by: Person): Promise<void> {
    const record = await this.delivery(id, 'seen');
    if (warningState(record) !== 'unseen') throw refusal('delivery', id, record.state);
    await this.commit('seen', record, by, [
      { kind: 'delivery', record: markWarningSeen(record, { at: this.now(), by: by.name }) },
    ]);
  }

  /** Undoes a skip, a replay that has not been sent yet, or that the warning was marked as seen. */
  async undoDelivery(id: string, by: Person): Promise<void> {
    const { store, conversations } = this.options;
    const record = await this.delivery(id, 'undo');
    if (warningState(record) === 'seen')
      return this.commit('undo', record, by, [{ kind: 'delivery', record: markWarningSeen(record, undefined) }]);
    if (!record.undo) throw nothingToUndo('delivery', id);
    const restored: DeliveryRecord = {
      ...record,
      ...CLEARED_DELIVERY,
      ...record.undo.was,
      undo: undefined,
      updatedAt: this.now(),
    };
    const conversation = await store.conversation(record.conversation);
    // The restored delivery must not block its lane if the entity has been linked in another way meanwhile.
    if (conversation && linkAt(conversation, record.endpoint, record.entityType, record.leg)) restored.blocking = undefined;
    const also = [await this.note('undo', record, by)];
    // Only a skipped order took its leg out of the plan.
    const isOfOrder = conversation?.plan !== undefined && record.undo.action === 'skip' && record.part === 'entity';
    if ((isOfOrder || restored.state === 'failed' || restored.state === 'needsDecision') && conversation)
      await conversations.update(
        record.conversation,
        (latest) => withPlan({ ...latest, state: 'open' }, (plan) => (isOfOrder ? planAfterSkip(plan, record.leg) : plan)),
        () => [{ kind: 'delivery', record: restored }, ...also],
      );
    else await store.commit([{ kind: 'delivery', record: restored }, ...also]);
  }

  /**
   * Stops sending to an endpoint: its deliveries wait until it is resumed, also after a restart. Tries under way are finished.
   */
  async suspend(endpoint: string, reason: string, by: Person): Promise<void> {
    const value: Suspension = { at: this.now(), by: by.name, ...(reason && { reason }) };
    await this.setSuspension('suspend', endpoint, value, by, reason);
  }

  /** Resumes sending, in the original order. */
  async resume(endpoint: string, by: Person): Promise<void> {
    await this.setSuspension('resume', endpoint, undefined, by);
  }

  /** Writes the audit entry of a bulk action. */
  async noteMany(action: AuditAction, target: Note['target'], by: Person, reason?: string): Promise<void> {
    await this.options.audit.add({ by, action, target, reason });
  }

  private async setSuspension(
    action: 'suspend' | 'resume',
    endpoint: string,
    value: Suspension | undefined,
    by: Person,
    reason?: string,
  ): Promise<void> {
    const client = this.options.client(endpoint);
    if (!client) throw noEndpoint(endpoint);
    const target = { kind: 'endpoint' as const, id: endpoint, name: client.name };
    await this.options.store.commit([
      { kind: 'setting', key: suspensionKey(endpoint), value: value as unknown as Json | undefined },
      this.options.audit.note({ by, action, target, reason }),
    ]);
  }

  private async message(id: string, action: keyof typeof MESSAGE): Promise<MessageRecord> {
    return allowed('message', id, await this.options.store.message(id), MESSAGE[action], action);
  }

  private async delivery(id: string, action: keyof typeof DELIVERY): Promise<DeliveryRecord> {
    return allowed('delivery', id, await this.options.store.delivery(id), DELIVERY[action], action);
  }

  private retried(record: DeliveryRecord): DeliveryRecord {
    return retried(record, this.doubtAt(record), this.now());
  }

  /** What a replayed delivery still waits for: for its ticket only while that is being created. */
  private async waitAfterReplay(record: DeliveryRecord): Promise<DeliveryRecord['waitsFor']> {
    const { waitsFor, conversation, endpoint, entityType, leg } = record;
    if (waitsFor !== 'link') return waitsFor;
    const { store } = this.options;
    const owner = await store.conversation(conversation);
    if (owner && linkAt(owner, endpoint, entityType, leg)) return undefined;
    const open = await store.openDeliveries(conversation);
    const isCreate = (one: DeliveryRecord) =>
      one.part === 'entity' && one.endpoint === endpoint && one.entityType === entityType && one.leg === leg;
    return open.some(isCreate) ? waitsFor : undefined;
  }

  /** The address at which an answer was lost does not change, unless the user decides that the new address is the same system. */
  private doubtAt({ decision, doubtAt, endpoint }: DeliveryRecord): string | undefined {
    return decision === 'addressChanged' ? this.options.client(endpoint)?.address : doubtAt;
  }

  /** The bodies with the original payload and the edits made since. */
  private edited(bodies: Bodies, before: Json | undefined, after: Json, by: Person): Bodies {
    const fields = editedFields(before, after);
    const edits = (bodies.edits ?? []) as Edit[];
    return {
      original: bodies.original ?? before,
      edits: [...edits, { at: this.now(), by: by.name, fields }] satisfies Edit[],
    };
  }

  /** Commits an action on a message, with the comments and files that it keeps back from its conversation, or no longer does. */
  private async commitMessage(
    action: AuditAction,
    before: MessageRecord,
    after: MessageRecord,
    by: Person,
    { bodies, reason }: { bodies?: Bodies; reason?: string } = {},
  ): Promise<void> {
    const { store, conversations } = this.options;
    const changes: Change[] = [{ kind: 'message', record: after, ...(bodies && { bodies }) }];
    const { conversation } = before;
    if (action === 'skip' && before.decision === 'legFailed' && conversation !== undefined) {
      const { received } = await store.bodies('message', before.id);
      const { failed } = received as unknown as Compensation;
      const note = await this.note(action, before, by, reason);
      await conversations.update(conversation, (latest) => continuing(latest, failed), [...changes, note]);
      return;
    }
    const hasParts = before.undo?.kept ?? after.undo?.kept;
    if (!hasParts || conversation === undefined || !(await store.conversation(conversation)))
      return this.commit(action, before, by, changes, reason);
    const also = [...changes, await this.note(action, before, by, reason)];
    const others = await keptByOthers(before, store);
    await conversations.update(conversation, (latest) => withKeptParts(latest, before, after, others), also);
  }

  private async commit(
    action: AuditAction,
    record: MessageRecord | DeliveryRecord,
    by: Person,
    changes: Change[],
    reason?: string,
  ): Promise<void> {
    await this.options.store.commit([...changes, await this.note(action, record, by, reason)]);
  }

  /** A delivery that has no number yet, because it was to create a record, has the one of its message. */
  private async note(action: AuditAction, record: MessageRecord | DeliveryRecord, by: Person, reason?: string): Promise<Change> {
    const { store, audit, client } = this.options;
    const nameOf = (one: MessageRecord | DeliveryRecord | undefined) => one?.number ?? (one?.entityId || undefined);
    const { id } = record;
    if (!('lane' in record))
      return audit.note({ by, action, target: { kind: 'message', id, name: nameOf(record) ?? id }, reason });
    const name = nameOf(record) ?? nameOf(await store.message(record.message)) ?? id;
    const endpoint = client(record.endpoint)?.name;
    return audit.note({ by, action, target: { kind: 'delivery', id, name }, reason, ...(endpoint && { facts: { endpoint } }) });
  }

  private now(): string {
    return new Date(this.options.clock()).toISOString();
  }
}

/** The order whose legs no longer wait for one that has failed: a user lets them continue. */
function continuing(conversation: ConversationRecord, failed: string): ConversationRecord {
  return withPlan(conversation, (plan) => {
    const leg = legOf(plan, failed);
    return leg ? continueWithout(plan, rowOf(leg)) : plan;
  });
}

/** A message as it is emitted into its flow again. */
export function resubmitted(record: MessageRecord): MessageRecord {
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

/** Fields that an undo clears where the former state had none: the store does not keep undefined fields, so `was` lacks them. */
const CLEARED_MESSAGE = { outcome: undefined, reason: undefined, error: undefined, decision: undefined, settledAt: undefined };

/** The record, if the action is allowed in its state. */
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
function entityIdOf(client: EndpointClient, payload: Json): string {
  if (typeof payload !== 'object' || payload === null || Array.isArray(payload)) throw notAnObject(client);
  try {
    return client.parse(payload as RawEntity).source.id;
  } catch (cause) {
    const text = cause instanceof Error ? cause.message : String(cause);
    throw new SwitchboardError('SWB_PAYLOAD', say`The edited payload cannot be read: ${text}`, { where: client.name, cause });
  }
}

interface EditedRequest {
  before: Json;
  request: unknown;
}

/** The stored request of a delivery, with an edited payload. */
function editedRequest(client: EndpointClient, record: DeliveryRecord, bodies: Bodies, payload: Json): EditedRequest {
  if (typeof payload !== 'object' || payload === null || Array.isArray(payload)) throw notAnObject(client);
  if (/^(attachment|alike):/.test(record.part)) {
    throw new SwitchboardError('SWB_PAYLOAD', say`Only deliveries of fields and comments can be edited.`, {
      where: client.name,
      hint: say`Replay or skip this one.`,
    });
  }
  if (record.part.startsWith('comment:')) {
    const { comment: before } = bodies.request as { comment: GenericComment };
    const comment = { ...before, ...(payload as object) } as GenericComment;
    if (typeof comment.text !== 'string' || !comment.text.trim())
      throw new SwitchboardError('SWB_PAYLOAD', say`The comment has no text.`, { where: client.name, field: 'text' });
    return { before: before as unknown as Json, request: { comment } };
  }
  const fields = payload as Record<string, Json>;
  const wrong = client.validate(record.entityType, fields).filter((problem) => problem.level === 'error');
  if (wrong.length > 0) {
    throw new SwitchboardError('SWB_PAYLOAD', wrong.map((problem) => problem.text).join(' '), {
      where: client.name,
      field: wrong[0]?.field,
      hint: say`Correct these fields. Nothing was queued.`,
    });
  }
  const request = bodies.request as EntityRequest;
  return { before: request.fields as Json, request: withFields(request, fields) };
}

/** Fields that a user edited are written, whichever rule they came from and whatever has been sent since. */
function withFields(request: EntityRequest, fields: Record<string, Json>): EntityRequest {
  const changed = Object.keys(fields).filter((name) => JSON.stringify(fields[name]) !== JSON.stringify(request.fields[name]));
  const edited = [...new Set([...(request.edited ?? []), ...changed])].filter((name) => name in fields);
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
  return new SwitchboardError('SWB_PAYLOAD', say`The edited payload is not a JSON object.`, { where: client.name });
}

function noEndpoint(endpoint: string): SwitchboardError {
  return new SwitchboardError('SWB_CONFIG', say`The endpoint ${endpoint} is not available.`, {
    hint: say`Check its settings and deploy.`,
  });
}

function kindText(kind: string): string {
  return kind === 'delivery' ? say`delivery` : say`message`;
}

function nothingToUndo(kind: string, id: string): SwitchboardError {
  return new SwitchboardError(
    'SWB_PAYLOAD',
    say`The ${kindText(kind)} ${id} has been processed since: there is nothing left to undo.`,
    {
      hint: say`Refresh the view and look again.`,
    },
  );
}

function refusal(kind: string, id: string, state: string | undefined): SwitchboardError {
  const what = state
    ? say`The ${kindText(kind)} ${id} is ${state}, which does not allow this action.`
    : say`The ${kindText(kind)} ${id} does not exist.`;
  const hint =
    state === 'merged' ? say`It is written with the update that it was merged into.` : say`Refresh the view and look again.`;
  return new SwitchboardError('SWB_PAYLOAD', what, { hint });
}
