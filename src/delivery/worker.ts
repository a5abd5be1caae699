import { setTimeout as delay } from 'node:timers/promises';
import { conversationState } from '../conversation/correlate.js';
import { isFromOlderCopy } from '../conversation/store-memory.js';
import { partnerTime } from '../endpoints/partner-time.js';
import { DecisionError, PartnerError, SwitchboardError } from '../errors.js';
import type { Exchange } from '../http/exchange.js';
import { ExchangeLog, exchangeOf } from '../http/exchange-log.js';
import type { Json } from '../model/message.js';
import type { Attempt, Bodies, Change, ChangeNotice, DeliveryRecord, ErrorRecord, MessageRecord } from '../store/store.js';
import { say } from '../text/say.js';
import { Circuit, type CircuitState } from './circuit.js';
import { EntityAges } from './entity-ages.js';
import { errorRecord } from './error-record.js';
import { WrongEntityError } from './identity-guard.js';
import { describeWrite } from './in-doubt.js';
import { resubmitted } from './interventions.js';
import { DEFAULT_RETRY, LookupPendingError, type RetryPolicy, verdict } from './retry.js';
import { FAILED, type SendResult, send, unblocked } from './send.js';
import type { SendContext } from './send-context.js';
import { SettlingTimes } from './settling-times.js';
import { type Suspension, suspensionKey } from './suspension.js';

/** Attempts kept per delivery. */
const MAX_ATTEMPTS = 20;
/** Attempts per delivery whose HTTP exchanges are kept. */
const MAX_EXCHANGES = 3;
/** Open decisions read when an endpoint starts. */
const MAX_DECISIONS = 1_000;
/** Longest sleep between claims, milliseconds. */
const LONGEST_SLEEP = 60_000;
/** Key prefix of a message that is a partner's answer; the delivery's id follows. */
const ANSWER = 'answer|';
/** Longest time that a read waits for a write of ours to the same entity, milliseconds: it may be stuck. */
const MAX_UPDATE_WAIT = 2_000;
/** Milliseconds to wait after the store failed. */
const STORE_BACKOFF = 1_000;

export interface WorkerOptions extends Omit<SendContext, 'beforeResend' | 'lookLeft' | 'ages'> {
  concurrency: number;
  /** Steady clock for due times and durations (src/steady-clock.ts); `clock` is for times that are shown. */
  steady: () => number;
  retry?: Partial<RetryPolicy>;
  /** How long a write is looked up after its answer was lost, before it is sent again; milliseconds. */
  settling: number;
  /** Stores the HTTP exchanges of every attempt, not only of failed requests. */
  recordTraffic?: boolean;
  random: () => number;
  log: (level: 'info' | 'warn' | 'error', text: string) => void;
}

export interface WorkerStatus {
  inFlight: number;
  circuit: CircuitState;
  /** Invalid answers opened the circuit. */
  strange: boolean;
  /** Wall-clock time of the next try while nothing may be sent, epoch milliseconds. */
  resumesAt?: number;
  /** Set while a user has suspended the endpoint. */
  suspended?: Suspension;
}

export interface DeliveryListener {
  delivered?(delivery: DeliveryRecord, warning?: string): void;
  retrying?(delivery: DeliveryRecord, error: ErrorRecord): void;
  failed?(delivery: DeliveryRecord, error: ErrorRecord, cause: unknown): void;
}

/** Start of a try: as shown, and by the steady clock. */
interface AttemptStart {
  at: string;
  steady: number;
}

/** Sends the deliveries of one endpoint: up to `concurrency` at once, one per lane, with retries. */
export class Worker {
  readonly circuit: Circuit;
  private readonly policy: RetryPolicy;
  private readonly settlingTimes: SettlingTimes;
  private readonly ages: EntityAges;
  private readonly active = new Map<string, Promise<void>>();
  /** Conversations of the updates of entities under way, by delivery. */
  private readonly updates = new Map<string, string>();
  private readonly listeners = new Set<DeliveryListener>();
  private readonly statusListeners = new Set<(status: WorkerStatus) => void>();
  private readonly unwatch: () => void;
  /** Deliveries whose last try could not be stored, so that the partner may have them. */
  private readonly unrecorded = new Set<string>();
  private backOffUntil = 0;
  /** Slots for deliveries that are being committed as sent. */
  private reserved = 0;
  private suspended: Suspension | undefined;
  /** Nothing is sent before it is known whether the endpoint is suspended. */
  private ready = false;
  private timer: NodeJS.Timeout | undefined;
  private claiming = false;
  private claimAgain = false;
  private stopped = false;

  constructor(private readonly options: WorkerOptions) {
    this.policy = { ...DEFAULT_RETRY, ...options.retry };
    const { baseDelay } = this.policy;
    this.circuit = new Circuit(options.steady, 5, Math.max(50, baseDelay * 2), Math.max(1_000, baseDelay * 30));
    this.settlingTimes = new SettlingTimes(options.settling, options.steady);
    this.ages = new EntityAges(options.steady);
    const endpoint = options.client.id;
    const suspension = suspensionKey(endpoint);
    this.unwatch = options.store.watch((changes) => {
      for (const change of changes)
        if (change.kind === 'setting' && change.key === suspension) this.readSuspension(suspension);
        else if (change.kind === 'delivery' && change.state !== 'sending' && change.state !== 'inDoubt')
          this.settlingTimes.forget(change.id);
      // A delivery that starts to be sent does not unblock its lane.
      const unblocks = (c: ChangeNotice) => c.kind === 'delivery' && c.endpoint === endpoint && c.state !== 'sending';
      if (changes.some(unblocks)) this.dispatch();
    });
    this.resumeAtFormerAddress().catch((error) =>
      this.backOff(`The deliveries in doubt at ${options.client.name} could not be read`, error),
    );
    Promise.all([options.store.setting(suspension), this.recallHabits()]).then(
      ([kept]) => this.ready || this.setSuspended(kept as unknown as Suspension | undefined),
      (error) => this.options.log('error', `The suspension of ${options.client.name} could not be read: ${String(error)}`),
    );
  }

  private async recallHabits(): Promise<void> {
    const { store, client, log } = this.options;
    const key = `habits|${client.id}|${client.address}`;
    const known = await store.setting(key);
    client.habits?.keptBy(known, (value) => {
      // Not durable: if it is lost, the client learns it again.
      store
        .commit([{ kind: 'setting', key, value }], { durable: false })
        .catch((error) => log('warn', `${key} could not be stored: ${error}`));
    });
  }

  on(listener: DeliveryListener): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  onStatus(listener: (status: WorkerStatus) => void): () => void {
    this.statusListeners.add(listener);
    return () => this.statusListeners.delete(listener);
  }

  get status(): WorkerStatus {
    const { clock, steady } = this.options;
    const resumesAt = this.circuit.resumesAt && clock() + (this.circuit.resumesAt - steady());
    return {
      inFlight: this.active.size,
      circuit: this.circuit.state,
      strange: this.circuit.strange,
      ...(resumesAt && { resumesAt }),
      ...(this.suspended && { suspended: this.suspended }),
    };
  }

  private readSuspension(key: string): void {
    this.options.store.setting(key).then(
      (kept) => this.setSuspended(kept as unknown as Suspension | undefined),
      (error) => this.options.log('error', `The suspension of ${this.options.client.name} could not be read: ${String(error)}`),
    );
  }

  private setSuspended(suspended: Suspension | undefined): void {
    this.ready = true;
    this.suspended = suspended;
    this.notifyStatus();
    this.dispatch();
  }

  /** Withdraws decisions about a changed address where the endpoint is back at the address at which the write is in doubt. */
  private async resumeAtFormerAddress(): Promise<void> {
    const { store, client } = this.options;
    const undecided = await store.listDeliveries({ endpoint: client.id, states: ['needsDecision'], limit: MAX_DECISIONS });
    for (const record of undecided) {
      if (record.decision !== 'addressChanged' || record.doubtAt !== client.address) continue;
      const inDoubt: DeliveryRecord = { ...record, state: 'inDoubt', decision: undefined, blocking: undefined, error: undefined };
      await store.commit([{ kind: 'delivery', record: inDoubt }]).catch((error: unknown) => {
        // A user has decided meanwhile.
        if (!(error instanceof SwitchboardError) || error.code !== 'SWB_CONFLICT') throw error;
      });
    }
  }

  /** The try of a delivery that is under way, if any. */
  currentTry(delivery: string): Promise<void> | undefined {
    return this.active.get(delivery);
  }

  /** Resolves when no update of an entity of a conversation is under way here, or after a while. */
  async updateDone(conversation: string): Promise<void> {
    const updates = [...this.updates].filter(([, of]) => of === conversation).map(([id]) => this.active.get(id));
    if (updates.length === 0) return;
    const timer = new AbortController();
    const { signal } = timer;
    await Promise.race([Promise.all(updates), delay(MAX_UPDATE_WAIT, undefined, { signal, ref: false })]);
    timer.abort();
  }

  /** Starts no more tries. */
  halt(): void {
    this.stopped = true;
    clearTimeout(this.timer);
    this.unwatch();
  }

  /** Starts no more tries, and waits for those under way. */
  async stop(): Promise<void> {
    this.halt();
    await Promise.all(this.active.values());
  }

  /** Claims and sends due deliveries; cheap when there are none. */
  dispatch(): void {
    if (this.stopped || !this.ready || this.suspended) return;
    if (this.claiming) {
      this.claimAgain = true;
      return;
    }
    this.claiming = true;
    this.claim()
      .catch((error) => this.backOff(`Deliveries to ${this.options.client.name} could not be read from the store`, error))
      .finally(() => {
        this.claiming = false;
        if (this.claimAgain) {
          this.claimAgain = false;
          this.dispatch();
        }
      });
  }

  private async claim(): Promise<void> {
    if (this.suspended) return;
    const { store, client, steady, concurrency } = this.options;
    const resumesAt = Math.max(this.circuit.resumesAt, this.backOffUntil);
    if (resumesAt > steady()) return this.sleepUntil(resumesAt);
    const room = (this.circuit.state === 'halfOpen' ? 1 : concurrency) - this.active.size - this.reserved;
    if (room <= 0) return;
    await store.confirmOwnership();
    const claimed = await store.claimDeliveries(client.id, room, steady());
    for (const delivery of claimed) this.start(delivery);
    if (claimed.length < room) {
      const due = await store.nextDue('delivery', client.id);
      if (due !== undefined) this.sleepUntil(due);
    }
  }

  /** Reserves a slot for a new delivery, and returns it as being sent; undefined if it has to wait. */
  reserve(delivery: DeliveryRecord): DeliveryRecord | undefined {
    const { steady, concurrency } = this.options;
    const isPaused = this.stopped || !this.ready || this.suspended !== undefined || this.circuit.state !== 'closed';
    if (isPaused || this.backOffUntil > steady() || this.active.size + this.reserved >= concurrency) return undefined;
    this.reserved++;
    return this.asSending(delivery, false);
  }

  /** Frees a reserved slot. */
  unreserve(): void {
    this.reserved--;
  }

  /** Sends a delivery that was committed as being sent, and is leased. */
  begin(delivery: DeliveryRecord): void {
    if (this.stopped) void this.options.store.release('delivery', [delivery.id]).catch(() => undefined);
    else this.start(delivery, true);
  }

  private sleepUntil(time: number): void {
    clearTimeout(this.timer);
    if (this.stopped) return;
    const wait = Math.min(LONGEST_SLEEP, Math.max(1, time - this.options.steady()));
    this.timer = setTimeout(() => this.dispatch(), wait);
    this.timer.unref();
  }

  /** `begun`: it was committed as being sent, and nothing has been sent yet. */
  private start(delivery: DeliveryRecord, begun = false): void {
    const run = this.attempt(delivery, begun)
      .then(
        () => {
          this.unrecorded.delete(delivery.id);
        },
        (error) => {
          this.unrecorded.add(delivery.id);
          this.backOff(`The result of delivery ${delivery.id} could not be recorded`, error);
        },
      )
      .finally(async () => {
        this.active.delete(delivery.id);
        this.updates.delete(delivery.id);
        await this.options.store.release('delivery', [delivery.id]).catch(() => undefined);
        this.notifyStatus();
        this.dispatch();
      });
    this.active.set(delivery.id, run);
    if (delivery.part === 'entity') this.updates.set(delivery.id, delivery.conversation);
    this.notifyStatus();
  }

  /** The store failed: immediate retries would starve everything else. */
  private backOff(what: string, error: unknown): void {
    this.options.log('error', `${what}: ${error instanceof Error ? error.message : String(error)}`);
    this.backOffUntil = this.options.steady() + STORE_BACKOFF;
    this.sleepUntil(this.backOffUntil);
  }

  /** `copied`: it waited in an older copy of the store. */
  private asSending(delivery: DeliveryRecord, inDoubt: boolean, copied = false): DeliveryRecord {
    const { clock, client } = this.options;
    return {
      ...delivery,
      state: 'sending',
      tries: delivery.tries + 1,
      notBefore: undefined,
      error: undefined,
      undo: undefined,
      // What the original of a copy sent is visible by now: one look-up is enough.
      lookLeft: copied ? 0 : inDoubt ? this.settlingTimes.countDown(delivery) : undefined,
      doubtAt: (inDoubt && delivery.doubtAt) || client.address,
      begun: delivery.tries === 0 ? partnerTime(client, clock) : delivery.begun,
    };
  }

  private async attempt(claimed: DeliveryRecord, begun: boolean): Promise<void> {
    const { store, clock, steady } = this.options;
    const copied = claimed.state === 'pending' && isFromOlderCopy(claimed, store.memory);
    const inDoubt = !begun && (claimed.state !== 'pending' || copied || this.unrecorded.has(claimed.id));
    const started: AttemptStart = { at: new Date(clock()).toISOString(), steady: steady() };
    let delivery = claimed;
    if (!begun) {
      const sending = this.asSending(claimed, inDoubt, copied);
      // On disk before the partner can act: a delivery that is still pending after a crash was never sent, and needs no lookup.
      await store.commit([{ kind: 'delivery', record: sending }], { durable: !inDoubt });
      delivery = { ...sending, version: sending.version + 1 };
    }
    // On disk before it is sent again: after a crash the settling time starts over.
    const beforeResend = async () => {
      const record = { ...delivery, lookLeft: this.settlingTimes.restart(delivery.id) };
      await store.commit([{ kind: 'delivery', record }]);
      delivery = { ...record, version: record.version + 1 };
    };
    const traffic = this.options.recordTraffic ? new ExchangeLog() : undefined;
    let sent: SendResult;
    try {
      const lookLeft = () => this.settlingTimes.left(delivery);
      const attempt = () => this.send(delivery, inDoubt, { beforeResend, lookLeft });
      sent = await (traffic ? traffic.during(attempt) : attempt());
    } catch (error) {
      await this.failed(delivery, error, started, inDoubt, traffic);
      return;
    }
    this.circuit.succeeded();
    try {
      await this.delivered(delivery, sent, started, traffic);
    } catch (error) {
      const conflict = await this.linkedElsewhere(delivery, sent, error);
      if (!conflict) throw error;
      await this.failed(delivery, conflict, started, inDoubt, traffic);
    }
  }

  private async send(
    delivery: DeliveryRecord,
    inDoubt: boolean,
    doubt: Pick<SendContext, 'beforeResend' | 'lookLeft'>,
  ): Promise<SendResult> {
    const { client } = this.options;
    if (!inDoubt || delivery.doubtAt === client.address)
      return send(delivery, inDoubt, { ...this.options, ages: this.ages, ...doubt });
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
    if (!link || !(error instanceof SwitchboardError) || error.code !== 'SWB_CONFLICT') return undefined;
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
    const { store, conversations, clock } = this.options;
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
    // Also where an event linked the entity before our own answer did.
    const waiting = delivery.part === 'entity' && sent.link ? await store.openDeliveries(delivery.conversation) : [];
    const also: Change[] = [change, ...unblocked(waiting, delivery)];
    if (sent.answer && delivery.answers) also.push(this.answer(delivery, sent, now));
    if (sent.adopted && sent.link) also.push(...(await this.orphans(delivery, sent.link.id)));
    await conversations.update(
      delivery.conversation,
      (latest) => sent.change?.(latest) ?? latest,
      () => [...also],
    );
    for (const listener of this.listeners) listener.delivered?.(record, warning?.message);
  }

  /** Messages about an entity that nothing was known of until now: they continue. */
  private async orphans({ endpoint }: DeliveryRecord, entityId: string): Promise<Change[]> {
    const query = { endpoint, states: ['needsDecision'], search: entityId, limit: MAX_DECISIONS };
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
    inDoubt: boolean,
    traffic: ExchangeLog | undefined,
  ): Promise<void> {
    const { store, conversations, clock, steady, random, log, client } = this.options;
    const next = verdict(error, delivery.tries, this.policy, random, inDoubt);
    // A failed try does not settle the doubt of an earlier one: the delivery stays in doubt.
    const state = inDoubt && next.state === 'pending' ? 'inDoubt' : next.state;
    if (next.unhealthy) this.circuit.failed(error instanceof PartnerError && error.code === 'SWB_PARTNER_ANSWER');
    else if (error instanceof PartnerError && error.code === 'SWB_PARTNER_LIMIT' && !error.otherPartner)
      this.circuit.pause(next.wait);
    else if (error instanceof LookupPendingError) this.circuit.succeeded();
    const ended = next.state === 'failed' || next.state === 'needsDecision';
    const lost = error instanceof PartnerError && error.outcome === 'unknown';
    const now = new Date(clock()).toISOString();
    const record = errorRecord(error, now);
    const conversation = await store.conversation(delivery.conversation);
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
      // Each lost answer starts the settling time. A doubt ends only when the write is found, or is certainly not there.
      lookLeft: lost ? this.settlingTimes.restart(delivery.id) : inDoubt ? this.settlingTimes.countDown(delivery) : undefined,
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
    else
      await conversations.update(
        delivery.conversation,
        (latest) => (ended && conversationState(latest) === 'closed' ? { ...latest, state: 'open' } : latest),
        () => [change],
      );
    if (ended) {
      const how = next.decision ? 'needs a decision' : 'failed permanently';
      log('error', `Delivery to ${client.name} ${how}: ${record.message}`);
      for (const listener of this.listeners) listener.failed?.(updated, record, error);
    } else {
      for (const listener of this.listeners) listener.retrying?.(updated, record);
    }
  }

  private timeOf({ at, steady }: AttemptStart): Pick<Attempt, 'at' | 'took'> {
    return { at, took: Math.round(this.options.steady() - steady) };
  }

  private attempts(delivery: DeliveryRecord, attempt: Attempt): Attempt[] {
    return [...delivery.attempts, attempt].slice(-MAX_ATTEMPTS);
  }

  private notifyStatus(): void {
    for (const listener of this.statusListeners) listener(this.status);
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
