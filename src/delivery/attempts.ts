import { conversationState } from '../conversation/correlate.js';
import type { EntityRequest } from '../conversation/entity-request.js';
import { isFromOlderCopy } from '../conversation/store-memory.js';
import { partnerTime } from '../endpoints/partner-time.js';
import { DecisionError, isConcurrentChange, PartnerError, SwitchboardError } from '../errors.js';
import type { Exchange } from '../http/exchange.js';
import { ExchangeLog, exchangeOf } from '../http/exchange-log.js';
import type { Json } from '../model/message.js';
import type { Attempt, Bodies, Change, DeliveryRecord, ErrorRecord, MessageRecord } from '../store/store.js';
import { say } from '../text/say.js';
import type { EndpointAccess } from './access.js';
import type { Circuit } from './circuit.js';
import type { Culprit } from './culprit.js';
import { errorRecord } from './error-record.js';
import { WrongEntityError } from './identity-guard.js';
import { describeWrite } from './in-doubt.js';
import type { IntakeTroubles } from './intake-troubles.js';
import { resubmitted } from './interventions.js';
import type { Failure, OrderResult } from './order-results.js';
import { OrderUnreadError } from './order-unread.js';
import type { OutageLog } from './outage.js';
import { isLimited, isPassingConflict, LookupPendingError, type RetryPolicy, verdict } from './retry.js';
import { send } from './send.js';
import type { SendContext } from './send-context.js';
import { FAILED, type SendResult } from './send-result.js';
import type { SettlingTimes } from './settling-times.js';

/** Attempts kept per delivery. */
const MAX_ATTEMPTS = 20;
/** Attempts per delivery whose HTTP exchanges are kept. */
const MAX_EXCHANGES = 3;
/** Messages without a conversation that are read for an entity found. */
const MAX_ORPHANS = 1_000;
/** A customer's order that is not read all the same is read again after this time, milliseconds. */
const REREAD_INTERVAL = 60_000;
/** Key prefix of a message that is a partner's answer; the delivery's id follows. */
const ANSWER = 'answer|';

/** What of the context of a send belongs to one try. */
type PerTry = 'beforeResend' | 'replaceRequest' | 'lookedUp' | 'lookLeft';

export interface AttemptOptions extends Omit<SendContext, PerTry> {
  /** Steady clock for due times and durations (src/steady-clock.ts); `clock` is for times that are shown. */
  steady: () => number;
  policy: RetryPolicy;
  circuit: Circuit;
  /** The last error of the partner. It is known before the circuit opens, so that the log can name it. */
  outages: Pick<OutageLog, 'failed' | 'succeeded'>;
  access: EndpointAccess;
  /** Access to another endpoint, from which files are fetched. */
  accessOf: (endpoint: string) => EndpointAccess | undefined;
  /** Shows at their source that files cannot be fetched. */
  intakeTroubles: IntakeTroubles;
  settlingTimes: SettlingTimes;
  /** Stores the HTTP exchanges of every attempt, not only of failed requests. */
  recordTraffic?: boolean;
  random: () => number;
  log: (level: 'info' | 'warn' | 'error', text: string) => void;
}

export interface DeliveryListener {
  delivered?(delivery: DeliveryRecord, warning?: string): void;
  retrying?(delivery: DeliveryRecord, error: ErrorRecord, cause: unknown): void;
  failed?(delivery: DeliveryRecord, error: ErrorRecord, cause: unknown): void;
}

/** Start of a try: as shown, and by the steady clock. */
interface AttemptStart {
  at: string;
  steady: number;
}

/** Attempts to send deliveries to one endpoint, and records the outcomes. */
export class Attempts {
  private readonly listeners = new Set<DeliveryListener>();
  /** Deliveries whose last try could not be stored, so that the partner may have them. */
  private readonly unrecorded = new Set<string>();

  constructor(private readonly options: AttemptOptions) {}

  on(listener: DeliveryListener): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  /** A delivery as being sent. `copied`: it waited in an older copy of the store. */
  asSending(delivery: DeliveryRecord, inDoubt: boolean, copied = false): DeliveryRecord {
    const { clock, client } = this.options;
    return {
      ...delivery,
      state: 'sending',
      tries: delivery.tries + 1,
      notBefore: undefined,
      error: undefined,
      undo: undefined,
      // What the original of a copy sent is visible by now: one look-up is enough.
      lookLeft: copied ? 0 : inDoubt ? this.options.settlingTimes.countDown(delivery) : undefined,
      doubtAt: (inDoubt && delivery.doubtAt) || client.address,
      begun: delivery.tries === 0 && !inDoubt ? partnerTime(client, clock) : delivery.begun,
    };
  }

  /**
   * Sends a claimed delivery. `begun`: it was committed as being sent, and nothing has been sent yet. Rejects if the outcome could
   * not be recorded.
   */
  async run(delivery: DeliveryRecord, begun: boolean): Promise<void> {
    try {
      if (await this.attempt(delivery, begun)) this.unrecorded.delete(delivery.id);
    } catch (error) {
      this.unrecorded.add(delivery.id);
      throw error;
    }
  }

  /** False where nothing was sent, because the delivery has been changed since it was claimed: it is claimed again as it is now. */
  private async attempt(claimed: DeliveryRecord, begun: boolean): Promise<boolean> {
    const { store, clock, steady } = this.options;
    const copied = claimed.state === 'pending' && isFromOlderCopy(claimed, store.memory);
    const inDoubt = !begun && (claimed.state !== 'pending' || copied || this.unrecorded.has(claimed.id));
    const started: AttemptStart = { at: new Date(clock()).toISOString(), steady: steady() };
    let delivery = claimed;
    if (!begun) {
      const sending = this.asSending(claimed, inDoubt, copied);
      // On disk before the partner can act: a delivery that is still pending after a crash was never sent, and needs no lookup.
      try {
        await store.commit([{ kind: 'delivery', record: sending }], { durable: !inDoubt });
      } catch (error) {
        if (isConcurrentChange(error)) return false;
        throw error;
      }
      delivery = { ...sending, version: sending.version + 1 };
    }
    let looking = inDoubt;
    const lookedUp = () => {
      looking = false;
    };
    const update = async (record: DeliveryRecord, bodies?: Bodies) => {
      await store.commit([{ kind: 'delivery', record, ...(bodies && { bodies }) }]);
      delivery = { ...record, version: record.version + 1 };
    };
    // On disk before it is sent again: after a crash the settling time starts over.
    const beforeResend = () => update({ ...delivery, lookLeft: this.options.settlingTimes.restart(delivery.id) });
    // On disk before it is sent: another try has to know what this one ordered.
    const replaceRequest = (request: EntityRequest) => update(delivery, { request });
    const traffic = this.options.recordTraffic ? new ExchangeLog() : undefined;
    let sent: SendResult;
    try {
      const lookLeft = () => this.options.settlingTimes.left(delivery);
      const attempt = () => this.send(delivery, inDoubt, { beforeResend, replaceRequest, lookedUp, lookLeft });
      sent = await (traffic ? traffic.during(attempt) : attempt());
    } catch (error) {
      if (error instanceof OrderUnreadError) await this.postpone({ claimed, begun }, delivery, error);
      else await this.failed(delivery, error, started, { inDoubt, looking }, traffic);
      return true;
    }
    this.options.circuit.succeeded();
    this.options.outages.succeeded();
    this.options.intakeTroubles.end(delivery.id, 'file');
    try {
      await this.delivered(delivery, sent, started, traffic);
      this.options.access.succeeded();
    } catch (error) {
      const conflict = await this.linkedElsewhere(delivery, sent, error);
      if (!conflict) throw error;
      await this.failed(delivery, conflict, started, { inDoubt, looking: false }, traffic);
    }
    return true;
  }

  private async send(delivery: DeliveryRecord, inDoubt: boolean, doubt: Pick<SendContext, PerTry>): Promise<SendResult> {
    const { client } = this.options;
    if (!inDoubt || delivery.doubtAt === client.address) return send(delivery, inDoubt, { ...this.options, ...doubt });
    const what = say`It is unclear whether this was written at ${delivery.doubtAt}. The address of the endpoint is now ${client.address}, and a lookup there proves nothing.`;
    throw new DecisionError('addressChanged', 'SWB_CONFIG', what, {
      where: client.name,
      hint: say`If it is the same system, look it up there. If it is another one, send it there or skip it.`,
    });
  }

  /** The created entity is linked to another conversation, because a message about it came first and had no reference. */
  private async linkedElsewhere(
    delivery: DeliveryRecord,
    { link }: SendResult,
    error: unknown,
  ): Promise<SwitchboardError | undefined> {
    if (!link || !isConcurrentChange(error)) return undefined;
    const owner = await this.options.store.conversationByLink(delivery.endpoint, delivery.entityType, link.id);
    if (!owner || owner.id === delivery.conversation) return undefined;
    const what = say`${link.number ?? link.id} was created, but is already linked to the conversation ${owner.reference}.`;
    return new SwitchboardError('SWB_WRONG_ENTITY', what, {
      where: this.options.client.name,
      hint: say`Merge the two conversations, then replay this delivery: it will find the created record.`,
    });
  }

  private async delivered(
    delivery: DeliveryRecord,
    sent: SendResult,
    started: AttemptStart,
    traffic: ExchangeLog | undefined,
  ): Promise<void> {
    const { conversations, clock } = this.options;
    const now = new Date(clock()).toISOString();
    const [first] = sent.warnings ?? [];
    const warning: ErrorRecord | undefined = first && {
      code: first.code,
      message: (sent.warnings ?? []).map(({ message }) => message).join(' '),
      at: now,
    };
    const http = exchangeBody(delivery, traffic?.exchanges());
    const record: DeliveryRecord = {
      ...delivery,
      state: 'delivered',
      lookLeft: undefined,
      onlyLook: undefined,
      doubtAt: undefined,
      error: warning,
      entityId: sent.link?.id,
      number: sent.link?.number,
      attempts: this.attempts(delivery, {
        ...this.timeOf(started),
        what: sent.what,
        ...http.attempt,
      }),
      updatedAt: now,
    };
    const bodies: Bodies = { response: sent.response, ...http.bodies };
    const change: Change = { kind: 'delivery', record, bodies };
    const also: Change[] = [change];
    if (sent.answer && delivery.answers) also.push(this.answer(delivery, sent, now));
    if (sent.adopted && sent.link) also.push(...(await this.orphans(delivery, sent.link.id)));
    await conversations.update(
      delivery.conversation,
      (latest) => sent.change?.(latest) ?? latest,
      (latest, next) => [...also, ...(sent.follow?.(latest, next) ?? [])],
    );
    for (const listener of this.listeners) listener.delivered?.(record, warning?.message);
  }

  /** Messages about an entity that nothing was known of until now: they continue. */
  private async orphans({ endpoint }: DeliveryRecord, entityId: string): Promise<Change[]> {
    const query = { endpoint, states: ['needsDecision'], search: entityId, limit: MAX_ORPHANS };
    const waiting = await this.options.store.listMessages(query);
    return waiting
      .filter((message) => message.entityId === entityId && message.decision === 'wrongEntity')
      .map((message) => ({ kind: 'message', record: resubmitted(message) }));
  }

  /** The partner's answer as a message that the out node emits. It is stored in the inbox, so that a crash cannot lose it. */
  private answer(delivery: DeliveryRecord, sent: SendResult, now: string): Change {
    const record: MessageRecord = {
      id: this.options.ids(),
      version: 0,
      node: delivery.node,
      origin: 'answer',
      endpoint: delivery.endpoint,
      entityType: delivery.entityType,
      entityId: sent.link?.id ?? '',
      number: sent.link?.number,
      key: `${ANSWER}${delivery.id}`,
      receivedAt: now,
      state: 'received',
      conversation: delivery.conversation,
      emissions: 0,
    };
    return { kind: 'message', record, bodies: { received: sent.answer as Json }, ifAbsent: true };
  }

  private async failed(
    delivery: DeliveryRecord,
    error: unknown,
    started: AttemptStart,
    { inDoubt, looking }: { inDoubt: boolean; looking: boolean },
    traffic: ExchangeLog | undefined,
  ): Promise<void> {
    const { store, conversations, clock, steady, random, log, client } = this.options;
    const now = new Date(clock()).toISOString();
    // What the source of a file answers says nothing about its target.
    if (!(error instanceof PartnerError && error.otherPartner !== undefined))
      this.options.outages.failed(errorRecord(error, now));
    const culprit = await this.culpritOf(error, delivery);
    const next = verdict(error, delivery.tries, this.options.policy, random, { inDoubt, looking, culprit });
    // A failed try does not settle the doubt of an earlier one: the delivery stays in doubt.
    const state = inDoubt && next.state === 'pending' ? 'inDoubt' : next.state;
    if (next.unhealthy) await this.unhealthy(delivery, error as PartnerError, culprit);
    else if (isLimited(error) && !error.otherPartner) this.options.circuit.pause(next.wait);
    else if (error instanceof LookupPendingError) this.options.circuit.succeeded();
    const ended = next.state === 'failed' || next.state === 'needsDecision';
    this.showAtSource(delivery, error, ended);
    const lost = error instanceof PartnerError && error.outcome === 'unknown';
    const record = errorRecord(error, now);
    const conversation = await store.conversation(delivery.conversation);
    // What follows a failure that may pass is a retry: a dead letter has none.
    if (next.state === 'failed' && error instanceof PartnerError && error.retry) record.message = error.messageWithHint('');
    // What to do about a refusal is not what to do about one of a look-up.
    if (looking && !ended && error instanceof PartnerError && !error.retry)
      record.message = error.messageWithHint(say`The record will be looked up before a retry.`);
    if (isUnresolved(error)) record.message = withLastAnswer(record.message, delivery.attempts);
    if (next.decision === 'unresolved' && error instanceof PartnerError && conversation)
      record.message = error.messageWithHint(
        say`After ${delivery.tries} attempts it is unclear whether it was written. Look there for ${describeWrite(delivery, conversation)}.`,
      );
    const linked = conversation?.links.some(
      (l) => l.endpoint === delivery.endpoint && l.entityType === delivery.entityType && l.leg === delivery.leg,
    );
    const failed = exchangeOf(error);
    const http = exchangeBody(delivery, traffic?.exchanges() ?? (failed && [failed]));
    const updated: DeliveryRecord = {
      ...delivery,
      state,
      tries: next.counts ? delivery.tries : delivery.tries - 1,
      decision: next.decision,
      notBefore: ended ? undefined : steady() + next.wait,
      blocking: ended && delivery.part === 'entity' && !linked ? true : undefined,
      lookLeft: this.lookLeftAfter(error, delivery, { lost, inDoubt }),
      onlyLook: lost ? error.notVisible || undefined : delivery.onlyLook,
      doubtAt: lost || inDoubt ? delivery.doubtAt : undefined,
      error: record,
      attempts: this.attempts(delivery, {
        ...this.timeOf(started),
        what: outcomeOf(error),
        status: record.status,
        error: record.message,
        ...http.attempt,
      }),
      updatedAt: now,
    };
    const records = error instanceof WrongEntityError && { ours: error.ours, theirs: error.theirs };
    const bodies: Bodies = { ...records, ...http.bodies };
    const change: Change = { kind: 'delivery', record: updated, bodies };
    // A store that continues without damaged files may lack the conversation.
    if (!conversation) await store.commit([change]);
    else {
      const failure = ended && conversation.plan ? await this.failureOf(delivery, error, state) : undefined;
      let result: OrderResult | undefined;
      await conversations.update(
        delivery.conversation,
        (latest) => {
          result = failure && this.options.orders.afterFailure(latest, delivery, failure);
          const next = result?.conversation ?? latest;
          return ended && conversationState(next) === 'closed' ? { ...next, state: 'open' } : next;
        },
        () => [change, ...(result?.also ?? [])],
      );
    }
    if (ended) {
      const how = next.decision ? 'needs a decision' : 'failed permanently';
      log('error', `Delivery to ${client.name} ${how}: ${record.message}`);
      for (const listener of this.listeners) listener.failed?.(updated, record, error);
    } else {
      for (const listener of this.listeners) listener.retrying?.(updated, record, error);
    }
  }

  /** Puts a delivery off until the customer's order has been read, and has it read. Nothing was written. */
  private async postpone(
    { claimed, begun }: { claimed: DeliveryRecord; begun: boolean },
    { version }: DeliveryRecord,
    error: OrderUnreadError,
  ): Promise<void> {
    const { store, clock, steady, policy, orders } = this.options;
    const conversation = await store.conversation(claimed.conversation);
    const message = await store.message(claimed.message);
    const { state, tries, doubtAt } = claimed;
    const record: DeliveryRecord = {
      ...claimed,
      version,
      state: begun || state === 'pending' ? 'pending' : 'inDoubt',
      tries: begun ? tries - 1 : tries,
      notBefore: steady() + policy.baseDelay,
      doubtAt: begun ? undefined : doubtAt,
      error: errorRecord(error, new Date(clock()).toISOString()),
    };
    const key = `${claimed.id}|${Math.floor(clock() / REREAD_INTERVAL)}`;
    const reread = conversation && orders.reread(conversation, message, key);
    await store.commit([{ kind: 'delivery', record }, ...(reread ? [reread] : [])]);
  }

  private async failureOf(delivery: DeliveryRecord, error: unknown, state: DeliveryRecord['state']): Promise<Failure> {
    const { store, client } = this.options;
    const bodies = await store.bodies('delivery', delivery.id);
    const message = await store.message(delivery.message);
    return { error, state, request: (bodies.request ?? {}) as Bodies, message, itemsOf: client.itemsOf?.bind(client) };
  }

  /** For how long the write is looked up from now on, milliseconds; undefined: it is not in doubt. */
  private lookLeftAfter(
    error: unknown,
    delivery: DeliveryRecord,
    { lost, inDoubt }: { lost: boolean; inDoubt: boolean },
  ): number | undefined {
    const { settlingTimes } = this.options;
    // After a conflict, one look-up is enough.
    if (isPassingConflict(error)) return 0;
    // Each lost answer starts the settling time. A doubt ends only when the write is found, or is certainly not there.
    if (lost) return settlingTimes.restart(delivery.id);
    return inDoubt ? settlingTimes.countDown(delivery) : undefined;
  }

  /** Whose trouble a failure is, by the neutral probe of the endpoint that caused it. */
  private async culpritOf(error: unknown, { tries }: DeliveryRecord): Promise<Culprit> {
    const { access, accessOf, policy } = this.options;
    if (!(error instanceof PartnerError) || error.otherPartner === undefined) return access.judge(error);
    const source = accessOf(error.otherPartner);
    const culprit = (await source?.judge(error)) ?? 'record';
    // A file fails only if its source works otherwise.
    return culprit === 'record' && error.retry && tries >= policy.maxTries ? (source?.check(error) ?? culprit) : culprit;
  }

  /**
   * The partner may be down: after several failures in a row nothing is sent for a while. The neutral probe decides whether it is:
   * records that the partner cannot process must not hold up the others.
   */
  private async unhealthy({ id }: DeliveryRecord, error: PartnerError, culprit: Culprit): Promise<void> {
    const { circuit, access } = this.options;
    const whose = culprit === 'record' && circuit.isAtLimit ? await access.check(error) : culprit;
    if (whose === 'endpoint') return;
    const isUp = whose === 'record';
    if (isUp && circuit.isAtLimit && circuit.isAlone(id)) circuit.succeeded();
    else circuit.failed(id, { strange: error.code === 'SWB_PARTNER_ANSWER', isUp });
  }

  /** A file that cannot be fetched is the trouble of its source. */
  private showAtSource({ id }: DeliveryRecord, error: unknown, ended: boolean): void {
    const { intakeTroubles, client } = this.options;
    const source = error instanceof PartnerError && !ended ? error.otherPartner : undefined;
    if (source === undefined) intakeTroubles.end(id, 'file');
    else intakeTroubles.begin(id, { endpoint: source, name: client.name, part: 'file', reason: (error as PartnerError).message });
  }

  private timeOf({ at, steady }: AttemptStart): Pick<Attempt, 'at' | 'took'> {
    return { at, took: Math.round(this.options.steady() - steady) };
  }

  private attempts(delivery: DeliveryRecord, attempt: Attempt): Attempt[] {
    return [...delivery.attempts, attempt].slice(-MAX_ATTEMPTS);
  }
}

/** The HTTP exchanges of a try, as a body that replaces the oldest one. */
function exchangeBody(
  { attempts }: DeliveryRecord,
  list: Exchange[] | undefined,
): { attempt?: { http: number }; bodies?: Bodies } {
  if (!list) return {};
  const last = attempts.findLast(({ http }) => http !== undefined)?.http ?? -1;
  const http = (last + 1) % MAX_EXCHANGES;
  return { attempt: { http }, bodies: { [`http${http}`]: list } };
}

/** The write was not found, and a user has to decide whether it is there. */
function isUnresolved(error: unknown): boolean {
  return error instanceof DecisionError && error.kind === 'unresolved';
}

/** Outcome of a failed try, for the attempts list. */
function outcomeOf(error: unknown): string {
  if (error instanceof LookupPendingError) return say`not found yet`;
  return isUnresolved(error) ? say`not found: needs a decision` : FAILED;
}

/** Adds the last failed answer of the partner to a question, so that a user knows what to look for. */
function withLastAnswer(question: string, attempts: Attempt[]): string {
  const answered = attempts.findLast(({ what }) => what === FAILED)?.error;
  return answered ? say`${question} Last failed attempt: "${answered}"` : question;
}

/** The delivery whose answer a message is. */
export function answeredDelivery({ origin, key }: MessageRecord): string | undefined {
  return origin === 'answer' ? key.slice(ANSWER.length) : undefined;
}
