import { conversationState } from '../conversation/correlate.js';
import { partnerTime } from '../endpoints/partner-time.js';
import { DecisionError, PartnerError, SwitchboardError } from '../errors.js';
import { ExchangeLog } from '../http/exchange-log.js';
import type { Json } from '../model/message.js';
import type { Attempt, Bodies, Change, DeliveryRecord, ErrorRecord, MessageRecord } from '../store/store.js';
import { Ages } from './ages.js';
import { Circuit, type CircuitState } from './circuit.js';
import { soughtOf } from './doubt.js';
import { WrongEntityError } from './identity-guard.js';
import { DEFAULT_RETRY, type RetryPolicy, StillLooking, verdict } from './retry.js';
import { freed, type SendContext, type Sent, send } from './send.js';
import { SettlingTimes } from './settling-times.js';
import { type Suspension, suspensionKey } from './suspension.js';

/** Attempts kept per delivery. */
const KEEP_ATTEMPTS = 20;
/** Attempts of which is kept what was said over HTTP. */
const KEEP_EXCHANGES = 3;
/** Questions looked through when an endpoint starts. */
const MOST_ASKED = 1_000;
/** Longest sleep between looks. */
const LONGEST_SLEEP = 60_000;
/** Begins the key of a message that is a partner's answer; the delivery's id follows. */
const ANSWER = 'answer|';
/** Milliseconds of rest after the store failed. */
const STORE_REST = 1_000;

export interface WorkerOptions extends Omit<SendContext, 'writesAgain' | 'lookLeft' | 'ages'> {
  concurrency: number;
  /** Tells what is due, and how long things take (src/steady-clock.ts). `clock` is for what is shown. */
  steady: () => number;
  retry?: Partial<RetryPolicy>;
  /** How long the partner is looked at after an answer was lost, before anything is written again; milliseconds. */
  settling: number;
  random: () => number;
  log: (level: 'info' | 'warn' | 'error', text: string) => void;
}

export interface WorkerStatus {
  inFlight: number;
  circuit: CircuitState;
  /** What opened the circuit were answers that make no sense. */
  strange: boolean;
  /** Epoch milliseconds of the next try by the wall clock, while nothing may be sent. */
  resumesAt?: number;
  /** A person stopped the sending. */
  suspended?: Suspension;
}

export interface DeliveryEvents {
  delivered?(delivery: DeliveryRecord, warning?: string): void;
  retrying?(delivery: DeliveryRecord, error: ErrorRecord): void;
  failed?(delivery: DeliveryRecord, error: ErrorRecord, cause: unknown): void;
}

/** When a try began: for people, and by the steady clock. */
interface Started {
  at: string;
  steady: number;
}

/** Sends the deliveries of one endpoint: as many at a time as allowed, of each lane one, again when it may help. */
export class Worker {
  readonly circuit: Circuit;
  private readonly policy: RetryPolicy;
  private readonly settlingTimes: SettlingTimes;
  private readonly ages: Ages;
  private readonly active = new Map<string, Promise<void>>();
  private readonly listeners = new Set<DeliveryEvents>();
  private readonly statusListeners = new Set<(status: WorkerStatus) => void>();
  private readonly unwatch: () => void;
  /** Deliveries whose last try could not be recorded: the partner may have them. */
  private readonly unrecorded = new Set<string>();
  private restsUntil = 0;
  private suspended: Suspension | undefined;
  /** Nothing is sent before it is known whether a person stopped it. */
  private ready = false;
  private timer: NodeJS.Timeout | undefined;
  private looking = false;
  private lookAgain = false;
  private stopped = false;

  constructor(private readonly options: WorkerOptions) {
    this.policy = { ...DEFAULT_RETRY, ...options.retry };
    this.circuit = new Circuit(options.steady, 5, Math.max(50, this.policy.base * 2), Math.max(1_000, this.policy.base * 30));
    this.settlingTimes = new SettlingTimes(options.settling, options.steady);
    this.ages = new Ages(options.steady);
    const endpoint = options.client.id;
    const suspension = suspensionKey(endpoint);
    this.unwatch = options.store.watch((changes) => {
      for (const change of changes)
        if (change.kind === 'setting' && change.key === suspension) this.setSuspended(change.value as Suspension | undefined);
        else if (change.kind === 'delivery' && change.record.state !== 'sending' && change.record.state !== 'inDoubt')
          this.settlingTimes.forget(change.record.id);
      // What begins to be sent makes nothing free.
      const free = (c: Change) => c.kind === 'delivery' && c.record.endpoint === endpoint && c.record.state !== 'sending';
      if (changes.some(free)) this.look();
    });
    this.lookWhereItWas().catch((error) =>
      this.rest(`What is in doubt at ${options.client.name} could not be looked through`, error),
    );
    Promise.all([options.store.setting(suspension), this.recallHabits()]).then(
      ([kept]) => this.ready || this.setSuspended(kept as unknown as Suspension | undefined),
      (error) => this.options.log('error', `Whether ${options.client.name} is suspended could not be read: ${String(error)}`),
    );
  }

  private async recallHabits(): Promise<void> {
    const { store, client, log } = this.options;
    const key = `habits|${client.id}|${client.address}`;
    const known = await store.setting(key);
    client.habits?.keptBy(known, (value) => {
      // It would be learnt again.
      store
        .commit([{ kind: 'setting', key, value }], { durable: false })
        .catch((error) => log('warn', `${key} could not be kept: ${error}`));
    });
  }

  on(listener: DeliveryEvents): () => void {
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

  private setSuspended(suspended: Suspension | undefined): void {
    this.ready = true;
    this.suspended = suspended;
    this.tellStatus();
    this.look();
  }

  /** Is the endpoint back at the address where something is in doubt, nobody has to be asked about another one. */
  private async lookWhereItWas(): Promise<void> {
    const { store, client } = this.options;
    const asked = await store.listDeliveries({ endpoint: client.id, states: ['needsDecision'], limit: MOST_ASKED });
    for (const record of asked) {
      if (record.decision !== 'addressChanged' || record.doubtAt !== client.address) continue;
      const inDoubt: DeliveryRecord = { ...record, state: 'inDoubt', decision: undefined, blocking: undefined, error: undefined };
      await store.commit([{ kind: 'delivery', record: inDoubt }]).catch((error: unknown) => {
        // A person was faster.
        if (!(error instanceof SwitchboardError) || error.code !== 'SWB_CONFLICT') throw error;
      });
    }
  }

  /** The try of a delivery that is under way; undefined while none is. */
  underWay(delivery: string): Promise<void> | undefined {
    return this.active.get(delivery);
  }

  /** Takes nothing new and waits for what is under way. */
  async stop(): Promise<void> {
    this.stopped = true;
    clearTimeout(this.timer);
    this.unwatch();
    await Promise.all(this.active.values());
  }

  /** Looks for work now; cheap when there is none. */
  look(): void {
    if (this.stopped || !this.ready || this.suspended) return;
    if (this.looking) {
      this.lookAgain = true;
      return;
    }
    this.looking = true;
    this.claim()
      .catch((error) => this.rest(`Looking for deliveries to ${this.options.client.name} failed`, error))
      .finally(() => {
        this.looking = false;
        if (this.lookAgain) {
          this.lookAgain = false;
          this.look();
        }
      });
  }

  private async claim(): Promise<void> {
    if (this.suspended) return;
    const { store, client, steady, concurrency } = this.options;
    const resumesAt = Math.max(this.circuit.resumesAt, this.restsUntil);
    if (resumesAt > steady()) return this.sleepUntil(resumesAt);
    const room = (this.circuit.state === 'halfOpen' ? 1 : concurrency) - this.active.size;
    if (room <= 0) return;
    const claimed = await store.claimDeliveries(client.id, room, steady());
    for (const delivery of claimed) this.start(delivery);
    if (claimed.length < room) {
      const due = await store.nextDue('delivery', client.id);
      if (due !== undefined) this.sleepUntil(due);
    }
  }

  private sleepUntil(time: number): void {
    clearTimeout(this.timer);
    if (this.stopped) return;
    const wait = Math.min(LONGEST_SLEEP, Math.max(1, time - this.options.steady()));
    this.timer = setTimeout(() => this.look(), wait);
    this.timer.unref();
  }

  private start(delivery: DeliveryRecord): void {
    const run = this.attempt(delivery)
      .then(
        () => {
          this.unrecorded.delete(delivery.id);
        },
        (error) => {
          this.unrecorded.add(delivery.id);
          this.rest(`The delivery ${delivery.id} could not be recorded`, error);
        },
      )
      .finally(async () => {
        this.active.delete(delivery.id);
        await this.options.store.release('delivery', [delivery.id]).catch(() => undefined);
        this.tellStatus();
        this.look();
      });
    this.active.set(delivery.id, run);
    this.tellStatus();
  }

  /** The store fails: trying again at once would only keep everything else from running. */
  private rest(what: string, error: unknown): void {
    this.options.log('error', `${what}: ${error instanceof Error ? error.message : String(error)}`);
    this.restsUntil = this.options.steady() + STORE_REST;
    this.sleepUntil(this.restsUntil);
  }

  private async attempt(claimed: DeliveryRecord): Promise<void> {
    const { store, clock, steady, client } = this.options;
    const inDoubt = claimed.state !== 'pending' || this.unrecorded.has(claimed.id);
    const started: Started = { at: new Date(clock()).toISOString(), steady: steady() };
    const sending: DeliveryRecord = {
      ...claimed,
      state: 'sending',
      tries: claimed.tries + 1,
      notBefore: undefined,
      error: undefined,
      undo: undefined,
      lookLeft: inDoubt ? this.settlingTimes.count(claimed) : undefined,
      doubtAt: (inDoubt && claimed.doubtAt) || client.address,
      begun: claimed.tries === 0 ? partnerTime(client, clock) : claimed.begun,
    };
    // On disk before the partner can act: what is found pending after a crash was never sent, and need not be looked for.
    await store.commit([{ kind: 'delivery', record: sending }], { durable: !inDoubt });
    let delivery = { ...sending, version: sending.version + 1 };
    // On disk before it is written once more: a crash after that begins another doubt.
    const writesAgain = async () => {
      const record = { ...delivery, lookLeft: this.settlingTimes.begin(delivery.id) };
      await store.commit([{ kind: 'delivery', record }]);
      delivery = { ...record, version: record.version + 1 };
    };
    const said = new ExchangeLog();
    let sent: Sent;
    try {
      const lookLeft = () => this.settlingTimes.left(delivery);
      sent = await said.during(() => this.send(delivery, inDoubt, { writesAgain, lookLeft }));
    } catch (error) {
      await this.failed(delivery, error, started, inDoubt, said);
      return;
    }
    this.circuit.succeeded();
    try {
      await this.delivered(delivery, sent, started, said);
    } catch (error) {
      const taken = await this.takenElsewhere(delivery, sent, error);
      if (!taken) throw error;
      await this.failed(delivery, taken, started, inDoubt, said);
    }
  }

  private async send(
    delivery: DeliveryRecord,
    inDoubt: boolean,
    doubt: Pick<SendContext, 'writesAgain' | 'lookLeft'>,
  ): Promise<Sent> {
    const { client } = this.options;
    if (!inDoubt || delivery.doubtAt === client.address)
      return send(delivery, inDoubt, { ...this.options, ages: this.ages, ...doubt });
    const what = `It is not known whether this was written at ${delivery.doubtAt}, and the endpoint is at ${client.address} now: looking there does not say.`;
    throw new DecisionError('addressChanged', 'SWB_CONFIG', what, {
      where: client.name,
      hint: 'Is it the same system? Then look there. If it is another one, send it there, or skip it.',
    });
  }

  /** What was created stands in another conversation already, because somebody told of it without our reference: a person must say which is right. */
  private async takenElsewhere(delivery: DeliveryRecord, { link }: Sent, error: unknown): Promise<SwitchboardError | undefined> {
    if (!link || !(error instanceof SwitchboardError) || error.code !== 'SWB_CONFLICT') return undefined;
    const owner = await this.options.store.conversationByLink(delivery.endpoint, delivery.entityType, link.id);
    if (!owner || owner.id === delivery.conversation) return undefined;
    const what = `${link.number ?? link.id} was created, but stands in the conversation ${owner.reference} already.`;
    return new SwitchboardError('SWB_WRONG_ENTITY', what, {
      where: this.options.client.name,
      hint: 'Merge the two conversations, then replay this delivery: it finds what was created.',
    });
  }

  private async delivered(delivery: DeliveryRecord, sent: Sent, started: Started, said: ExchangeLog): Promise<void> {
    const { store, conversations, clock } = this.options;
    const now = new Date(clock()).toISOString();
    const [first] = sent.warnings ?? [];
    const warning: ErrorRecord | undefined = first && {
      code: first.code,
      message: (sent.warnings ?? []).map(({ message }) => message).join(' '),
      at: now,
    };
    const http = kept(delivery, said);
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
    // Whoever told of it first, an event or our own answer: what waited for the entity may go now.
    const waiting = delivery.part === 'entity' && sent.link ? await store.openDeliveries(delivery.conversation) : [];
    const also: Change[] = [change, ...freed(waiting, delivery)];
    if (sent.answer && delivery.answers) also.push(this.answer(delivery, sent, now));
    await conversations.update(
      delivery.conversation,
      (latest) => sent.change?.(latest) ?? latest,
      () => [...also],
    );
    for (const listener of this.listeners) listener.delivered?.(record, warning?.message);
  }

  /** The partner's answer as a message of its own, emitted by the out node: like everything accepted it is not lost in a crash. */
  private answer(delivery: DeliveryRecord, sent: Sent, now: string): Change {
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
    started: Started,
    inDoubt: boolean,
    said: ExchangeLog,
  ): Promise<void> {
    const { store, conversations, clock, steady, random, log, client } = this.options;
    const next = verdict(error, delivery.tries, this.policy, random, inDoubt);
    // What an earlier try did is not undone by a later one that failed, perhaps at looking it up: it stays in doubt until it is delivered.
    const state = inDoubt && next.state === 'pending' ? 'inDoubt' : next.state;
    if (next.unwell) this.circuit.failed(error instanceof PartnerError && error.code === 'SWB_PARTNER_ANSWER');
    else if (error instanceof PartnerError && error.code === 'SWB_PARTNER_LIMIT' && !error.otherPartner)
      this.circuit.pause(next.wait);
    else if (error instanceof StillLooking) this.circuit.succeeded();
    const ended = next.state === 'failed' || next.state === 'needsDecision';
    const lost = error instanceof PartnerError && error.outcome === 'unknown';
    const now = new Date(clock()).toISOString();
    const record = errorRecord(error, now);
    const conversation = await store.conversation(delivery.conversation);
    if (isUnshown(error)) record.message = asked(record.message, delivery.attempts);
    if (next.decision === 'unresolved' && error instanceof PartnerError && conversation)
      record.message = error.messageWithHint(
        `After ${delivery.tries} tries it is not known whether it was written: look there for ${soughtOf(delivery, conversation)}.`,
      );
    const linked = conversation?.links.some(
      (l) => l.endpoint === delivery.endpoint && l.entityType === delivery.entityType && l.leg === delivery.leg,
    );
    const http = kept(delivery, said);
    const updated: DeliveryRecord = {
      ...delivery,
      state,
      tries: next.counts ? delivery.tries : delivery.tries - 1,
      decision: next.decision,
      notBefore: ended ? undefined : steady() + next.wait,
      blocking: ended && delivery.part === 'entity' && !linked ? true : undefined,
      // Each lost answer begins a doubt; one that is there already ends only when it is found, or surely is not there.
      lookLeft: lost ? this.settlingTimes.begin(delivery.id) : inDoubt ? this.settlingTimes.count(delivery) : undefined,
      onlyLook: lost ? error.notVisible || undefined : delivery.onlyLook,
      doubtAt: lost || inDoubt ? delivery.doubtAt : undefined,
      error: record,
      attempts: this.attempts(delivery, {
        ...this.timeOf(started),
        what: whatOf(error),
        status: record.status,
        error: record.message,
        ...http.attempt,
      }),
      updatedAt: now,
    };
    const records = error instanceof WrongEntityError && { ours: error.ours, theirs: error.theirs };
    const bodies: Bodies = { ...records, ...http.bodies };
    const change: Change = { kind: 'delivery', record: updated, bodies };
    await conversations.update(
      delivery.conversation,
      (latest) => (ended && conversationState(latest) === 'closed' ? { ...latest, state: 'open' } : latest),
      () => [change],
    );
    if (ended) {
      const how = next.decision ? 'needs a decision' : 'failed for good';
      log('error', `Delivery to ${client.name} ${how}: ${record.message}`);
      for (const listener of this.listeners) listener.failed?.(updated, record, error);
    } else {
      for (const listener of this.listeners) listener.retrying?.(updated, record);
    }
  }

  private timeOf({ at, steady }: Started): Pick<Attempt, 'at' | 'took'> {
    return { at, took: Math.round(this.options.steady() - steady) };
  }

  private attempts(delivery: DeliveryRecord, attempt: Attempt): Attempt[] {
    return [...delivery.attempts, attempt].slice(-KEEP_ATTEMPTS);
  }

  private tellStatus(): void {
    for (const listener of this.statusListeners) listener(this.status);
  }
}

/** What was said in a try, in the place of what was said longest ago. */
function kept({ attempts }: DeliveryRecord, said: ExchangeLog): { attempt?: { http: number }; bodies?: Bodies } {
  const exchanges = said.exchanges();
  if (!exchanges) return {};
  const last = attempts.findLast(({ http }) => http !== undefined)?.http ?? -1;
  const http = (last + 1) % KEEP_EXCHANGES;
  return { attempt: { http }, bodies: { [`http${http}`]: exchanges } };
}

/** It was looked for in vain, and only a person can say whether it is there. */
function isUnshown(error: unknown): boolean {
  return error instanceof DecisionError && error.kind === 'unresolved';
}

/** What became of a try, for the attempts list. */
function whatOf(error: unknown): string {
  if (error instanceof StillLooking) return 'not found yet';
  return isUnshown(error) ? 'not found: a person is asked' : 'failed';
}

/** The question with what the partner had answered: who looks there must know what to look for. */
function asked(question: string, attempts: Attempt[]): string {
  const answered = attempts.findLast(({ what }) => what === 'failed')?.error;
  return answered ? `${question} The last try that failed: «${answered}»` : question;
}

/** An error as it is stored and shown. */
export function errorRecord(error: unknown, at: string): ErrorRecord {
  if (error instanceof PartnerError)
    return { code: error.code, message: error.message, at, ...(error.status && { status: error.status }) };
  if (error instanceof SwitchboardError) return { code: error.code, message: error.message, at };
  return { code: 'SWB_FLOW', message: error instanceof Error ? error.message : String(error), at };
}

/** The delivery whose answer a message is. */
export function answeredDelivery({ origin, key }: MessageRecord): string | undefined {
  return origin === 'answer' ? key.slice(ANSWER.length) : undefined;
}
