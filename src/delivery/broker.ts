import { FILE_PACE } from '../budgets.js';
import { conflictText, restoreRequest, withNewestWriter } from '../conversation/conflict.js';
import { ConversationQueue } from '../conversation/conversation-queue.js';
import { Conversations } from '../conversation/conversations.js';
import { type CorrelationResult, Correlator, type SavedChanges, savedChanges } from '../conversation/correlator.js';
import type { InboundMessage } from '../conversation/inbound-message.js';
import { LinkEditor } from '../conversation/link-editor.js';
import { DEFAULT_RULES, type PartyRules } from '../conversation/ownership.js';
import type { EndpointClient, RawEntity } from '../endpoints/endpoint.js';
import { DecisionError, type ErrorCode, SwitchboardError } from '../errors.js';
import type { PaceLimits } from '../http/pace.js';
import type { Problem } from '../mapping/mapping.js';
import type { Json } from '../model/message.js';
import { isTooDeep, MAX_NESTING } from '../nesting.js';
import { People } from '../privacy/people.js';
import { monotonicWallClock, steadyClock } from '../steady-clock.js';
import { createIdSource, timeOf } from '../store/id.js';
import type { MessageRecord, Store } from '../store/store.js';
import { say } from '../text/say.js';
import type { EndpointAccess } from './access.js';
import { answeredDelivery } from './attempts.js';
import { AuditLog } from './audit.js';
import { planRecovery, type RecoveryPlan, withoutRecoverable } from './comment-recovery.js';
import { EndpointNames } from './endpoint-names.js';
import { erasedRead } from './erased-read.js';
import { Eraser } from './erasure.js';
import { errorRecord } from './error-record.js';
import { DEFAULT_FILE_POLICY, type FilePolicy } from './file-policy.js';
import { whyStale } from './freshness.js';
import { IdentityGuard } from './identity-guard.js';
import { Inbox } from './inbox.js';
import { IntakeReports } from './intake-reports.js';
import { IntakeTroubles } from './intake-troubles.js';
import { Interventions } from './interventions.js';
import type { Leg } from './leg.js';
import { applyPartyRules, describeDeletion, type SourceContext } from './leg-rules.js';
import { Legs } from './legs.js';
import type { FlowReference, MessageInFlow } from './message-in-flow.js';
import { orderNodes } from './order-nodes.js';
import { OrderNotices } from './order-notices.js';
import { OrderResults } from './order-results.js';
import { type AcceptedLeg, Outbox } from './outbox.js';
import { withinLimits } from './part-limits.js';
import { DEFAULT_SETTLING, type RetryPolicy } from './retry.js';
import { Routes } from './routes.js';
import { sendAtOnce } from './send-at-once.js';
import { Slots } from './slots.js';
import { Spool } from './spool.js';
import { type MappingPlace, UnmappedCounter } from './unmapped-counter.js';
import type { VirusScanner } from './virus-scanner.js';
import { resumeReads } from './waiting-reads.js';
import { Worker, type WorkerStatus } from './worker.js';

export interface BrokerOptions {
  id: string;
  name: string;
  store: Store;
  /** Wall clock: for times that are shown, and to compare with times of partners. */
  clock?: () => number;
  /** Clock that nobody can set (src/steady-clock.ts): for time-outs and due times. */
  steady?: () => number;
  random?: () => number;
  log?: (level: 'info' | 'warn' | 'error', text: string) => void;
  /** Whose names are known, and what of people's data views and logs mask. */
  people?: People;
  inboxLimit: number;
  /** Milliseconds. */
  flowTimeout: number;
  /** Scans files before they are passed on. */
  scanner?: VirusScanner;
  /** Encrypts the secrets of hub callbacks in the store; absent: they are not. */
  secret?: () => string;
}

/** Key prefix of a hint that must not be read while a delivery to its entity is in doubt. */
export const AFTER_DOUBT = 'afterDoubt|';

export interface EndpointSettings {
  concurrency: number;
  /** How long a write is looked up after its answer was lost, before it is sent again; milliseconds. */
  settling?: number;
  retry?: Partial<RetryPolicy>;
  /** The slowest transfer of a file. */
  filePace?: PaceLimits;
  /** What files the party may send and get. */
  files?: FilePolicy;
  /** Stores the HTTP exchanges of every attempt, not only of failed requests. */
  recordTraffic?: boolean;
  rules?: Partial<PartyRules>;
}

interface BrokerEndpoint {
  client: EndpointClient;
  worker: Worker;
  rules?: Partial<PartyRules>;
  files?: FilePolicy;
  /** Milliseconds. */
  settling?: number;
  /** For reads that received messages need. */
  reads: Slots;
}

/** Moves the messages of one store: inbox, correlation, outbox, and a worker per endpoint. Independent of Node-RED. */
export class Broker {
  readonly id: string;
  readonly name: string;
  readonly store: Store;
  readonly inbox: Inbox;
  readonly outbox: Outbox;
  readonly conversations: Conversations;
  readonly correlator: Correlator;
  readonly legs: Legs;
  private readonly orders: OrderResults;
  private readonly notices = new OrderNotices((item) => this.inbox.messageChange(item));
  private readonly started: string;
  readonly routes: Routes;
  readonly conversationQueue = new ConversationQueue();
  /** Edits the links of conversations. */
  readonly linkEditor: LinkEditor;
  readonly clock: () => number;
  readonly steady: () => number;
  readonly spool: Spool;
  readonly people: People;
  private readonly scanner: VirusScanner | undefined;
  readonly secret: BrokerOptions['secret'];
  private readonly endpoints = new Map<string, BrokerEndpoint>();
  private readonly guard = new IdentityGuard();
  private readonly ids: () => string;
  private readonly random: () => number;
  private readonly log: (level: 'info' | 'warn' | 'error', text: string) => void;
  readonly unmapped: UnmappedCounter;
  readonly audit: AuditLog;
  private readonly endpointNames: EndpointNames;
  readonly intakeTroubles: IntakeTroubles;
  readonly intakeReports: IntakeReports;
  /** Manual actions. */
  readonly interventions: Interventions;
  /** Erases people's data. */
  readonly eraser: Eraser;

  /** `store` must be open. */
  constructor(options: BrokerOptions) {
    this.id = options.id;
    this.name = options.name;
    this.store = options.store;
    this.clock = options.clock ?? Date.now;
    this.steady = options.steady ?? steadyClock(this.clock, undefined, timeOf(this.store.newestId));
    this.random = options.random ?? Math.random;
    this.log = options.log ?? (() => undefined);
    this.ids = createIdSource(monotonicWallClock(this.clock, this.steady), this.random, this.store.newestId);
    this.unmapped = new UnmappedCounter(this.store);
    this.endpointNames = new EndpointNames(this.store);
    this.intakeTroubles = new IntakeTroubles(this.clock);
    this.intakeReports = new IntakeReports(this.clock);
    this.people = options.people ?? new People();
    this.scanner = options.scanner;
    this.secret = options.secret;
    this.spool = new Spool(this.store.spool, async (delivery) => (await this.store.delivery(delivery))?.state === 'failed');
    this.conversations = new Conversations(
      this.store,
      this.clock,
      (stored) => orderNodes.withCurrentRules(stored),
      (...commit) => this.notices.ofDropped(...commit),
    );
    this.correlator = new Correlator(
      this.store,
      (id) => this.client(id),
      this.clock,
      (endpoint, delivery) => this.worker(endpoint)?.currentTry(delivery),
      (endpoint) => this.rules(endpoint),
    );
    this.outbox = new Outbox(this.store, this.ids, this.clock, (id) => this.client(id), this.notices);
    this.audit = new AuditLog(this.store, this.clock);
    this.interventions = new Interventions({
      store: this.store,
      conversations: this.conversations,
      clock: this.clock,
      audit: this.audit,
      client: (id) => this.client(id),
      orders: () => this.orders,
    });
    this.inbox = new Inbox({
      store: this.store,
      conversations: this.conversations,
      ids: this.ids,
      clock: this.clock,
      steady: this.steady,
      random: this.random,
      log: this.log,
      learn: (payload) => this.people.learn(payload),
      limit: options.inboxLimit,
      flowTimeout: options.flowTimeout,
      settlingOf: (id) => this.endpoints.get(id)?.settling,
      whyStale: (record, read, age) => whyStale(this.store, this.client(record.endpoint), record, read, age),
      isShown: async ({ endpoint }, received, read) => this.client(endpoint)?.shows?.(read as RawEntity, received) ?? false,
      entityOf: ({ endpoint, entityType, entityId }) => this.client(endpoint)?.entityOf?.(entityType, entityId) ?? entityId,
      erasedRead: (record, read) => erasedRead(this, record, read),
      ownWriteDone: (record) => this.ownWriteDone(record),
      deletedPayload: (record) => this.deletedPayload(record),
      mustWait: async (record) => record.key.startsWith(AFTER_DOUBT) && (await this.correlator.isInDoubt(record)),
      assertOpen: ({ endpoint }) => this.access(endpoint)?.assertOpen(),
      culpritOf: async ({ endpoint }, error) => (await this.access(endpoint)?.judge(error)) ?? 'record',
      sendAtOnce: (changes) => sendAtOnce(changes, (id) => this.worker(id)),
      onSettled: (message) => this.conversationQueue.leave(message),
    });
    this.linkEditor = new LinkEditor(this.store, this.conversations, this.conversationQueue, this.clock, (endpoint, delivery) =>
      this.worker(endpoint)?.currentTry(delivery),
    );
    const { store, conversations, linkEditor, unmapped, audit, clock } = this;
    this.eraser = new Eraser({ store, conversations, linkEditor, unmapped, audit, clock });
    this.legs = new Legs(
      this.inbox,
      (id) => this.nameOf(id),
      (id) => this.client(id),
      this.clock,
      this.ids,
      this.notices,
    );
    this.started = this.ids();
    this.orders = new OrderResults(this.legs, (item) => this.inbox.messageChange(item), this.ids);
    this.routes = new Routes(
      this.store,
      this.inbox.flows,
      (id) => this.nameOf(id),
      (id) => this.rules(id).side,
    );
  }

  /** Removes spooled files of finished deliveries. To be called before endpoints are added. */
  sweepSpool(): Promise<void> {
    return this.spool.sweep(async (delivery) => {
      const record = await this.store.delivery(delivery);
      return record !== undefined && record.state !== 'delivered' && record.state !== 'skipped';
    });
  }

  /** Adds an endpoint, and starts to send the deliveries that wait for it. */
  addEndpoint(client: EndpointClient, { rules, files, ...settings }: EndpointSettings): Worker {
    const worker = new Worker({
      store: this.store,
      conversations: this.conversations,
      client,
      endpoint: (id) => this.client(id),
      guard: this.guard,
      spool: this.spool,
      clock: this.clock,
      steady: this.steady,
      random: this.random,
      ids: this.ids,
      rules: (id) => this.rules(id),
      log: this.log,
      settling: DEFAULT_SETTLING,
      accessOf: (id) => this.access(id),
      intakeTroubles: this.intakeTroubles,
      filePace: FILE_PACE,
      filePolicy: (id) => this.filePolicy(id),
      orders: this.orders,
      started: this.started,
      hasNewer: (...reading) => this.inbox.hasNewer(...reading),
      scanner: this.scanner,
      ...settings,
    });
    // Also the files of a source wait until its pause ends.
    worker.access.watch(() => {
      for (const { worker } of this.endpoints.values()) worker.dispatch();
      if (!worker.access.pause) this.resumeReads(client);
    });
    this.resumeReads(client);
    // Half of the requests, so that reads that hang leave room for those that deliveries need.
    const reads = new Slots(Math.floor(settings.concurrency / 2));
    this.endpoints.set(client.id, { client, worker, rules, files, settling: settings.settling, reads });
    this.endpointNames.remember(client.id, client.name);
    return worker;
  }

  private resumeReads({ id, name }: EndpointClient): void {
    resumeReads(this.store, id).catch((error) => this.log('warn', `Not all reads from ${name} could be resumed: ${error}`));
  }

  async removeEndpoint(id: string): Promise<void> {
    const endpoint = this.endpoints.get(id);
    this.endpoints.delete(id);
    await endpoint?.worker.stop();
  }

  /** Reads something from an endpoint for a received message, when it is its turn. */
  reading<T>(endpoint: string, read: () => Promise<T>): Promise<T> {
    return this.endpoints.get(endpoint)?.reads.run(read) ?? read();
  }

  client(id: string): EndpointClient | undefined {
    return this.endpoints.get(id)?.client;
  }

  /** The name of an endpoint; the last known one, and that it was deleted, if it is not in the flows. */
  nameOf(id: string): string | undefined {
    return this.client(id)?.name ?? this.endpointNames.deleted(id);
  }

  /** Endpoints that are no longer in the flows, with their names. */
  deletedEndpoints(): { id: string; name: string }[] {
    const gone = this.endpointNames.ids().filter((id) => !this.client(id));
    return gone.map((id) => ({ id, name: this.nameOf(id) ?? id }));
  }

  /** All endpoints of the flows, with the status of their workers. */
  workers(): { client: EndpointClient; status: WorkerStatus }[] {
    return [...this.endpoints.values()].map(({ client, worker }) => ({ client, status: worker.status }));
  }

  /** Clients of all endpoints of the flows. */
  clients(): EndpointClient[] {
    return [...this.endpoints.values()].map(({ client }) => client);
  }

  /** The rules for the party at an endpoint. */
  rules(id: string): PartyRules {
    const { client, rules } = this.endpoints.get(id) ?? {};
    return { ...DEFAULT_RULES, ...(client?.side && { side: client.side }), ...rules };
  }

  /** What files the party at an endpoint may send and get. */
  private filePolicy(id: string): FilePolicy {
    return this.endpoints.get(id)?.files ?? DEFAULT_FILE_POLICY;
  }

  worker(id: string): Worker | undefined {
    return this.endpoints.get(id)?.worker;
  }

  /** Whether an endpoint lets us in; undefined if it is not in the flows. */
  access(id: string): EndpointAccess | undefined {
    return this.worker(id)?.access;
  }

  /**
   * Waits for the message's turn in its conversation, then determines what is new in it. Prepares the changes to commit when its
   * flow is idle. Resolves with undefined when the message has left its flow meanwhile.
   */
  async correlate(reference: FlowReference, incoming: InboundMessage): Promise<CorrelationResult | undefined> {
    const { flows } = this.inbox;
    const flow = flows.inFlow(reference);
    if (!flow) return undefined;
    // One that waits for its turn does not take too long: the one before does.
    flows.hold(flow);
    await this.enter(reference, incoming);
    if (flows.inFlow(reference) !== flow) return undefined;
    flows.touch(flow);
    const answerTo = await this.answeredUpdate(flow.record);
    // A payload that was not read shows the entity as of its receipt.
    const readAt = flow.record.readAt ?? flow.record.id;
    const found = await this.correlator
      .correlate(
        { ...incoming, ...(answerTo ? { answerTo } : { readAt }) },
        flow.transaction,
        flow.replay as SavedChanges | undefined,
      )
      .catch((error: unknown) => {
        if (error instanceof DecisionError) flow.decision = error.kind;
        throw error;
      });
    const client = this.client(incoming.message.source.endpoint);
    const read = flow.read?.read as RawEntity | undefined;
    const recovery = await planRecovery(this.store, client, flow.record, found, this.clock(), read);
    const correlated = recovery ? withoutRecoverable(found, recovery) : found;
    flow.transaction.conversation = correlated.conversation.id;
    flow.advance = correlated.advance;
    flow.also = [];
    flow.source = this.sourceContext(correlated, incoming);
    this.stageFollowUps(flow, correlated, incoming, recovery);
    flow.correlated = savedChanges(correlated) as unknown as Json;
    if (correlated.output === 'ignored') flow.ignored = correlated.reason ?? say`Nothing has changed.`;
    return correlated;
  }

  /** The newest update in the delivery that a message answers. */
  private async answeredUpdate(record: MessageRecord): Promise<string | undefined> {
    const id = answeredDelivery(record);
    return id && ((await this.store.delivery(id))?.newestMerged ?? id);
  }

  private async ownWriteDone({ endpoint, entityType, entityId }: MessageRecord): Promise<void> {
    const known = this.client(endpoint)?.entityOf?.(entityType, entityId) ?? entityId;
    const conversation = await this.store.conversationByLink(endpoint, entityType, known);
    if (conversation) await this.worker(endpoint)?.updateDone(conversation.id);
  }

  private async deletedPayload({ endpoint, entityType, entityId }: MessageRecord): Promise<Json | undefined> {
    const known = await this.store.conversationByLink(endpoint, entityType, entityId);
    return known && (this.client(endpoint)?.gone?.(entityType, entityId) as Json | undefined);
  }

  private sourceContext({ message, asMade }: CorrelationResult, incoming: InboundMessage): SourceContext {
    const { source, removed } = message;
    const { at } = this.correlator.originOf(incoming);
    const from = this.client(source.endpoint)?.name ?? source.endpoint;
    return { from, number: source.number ?? source.id, deleted: incoming.deleted, removed, asMade, at };
  }

  /** Stages further reads and writes that the message leads to, and warns of conflicts and deletions. */
  private stageFollowUps(
    flow: MessageInFlow,
    { link, conflicts = [], rereadNeeded, waitsForDoubt }: CorrelationResult,
    incoming: InboundMessage,
    { recovery }: RecoveryPlan = {},
  ): void {
    const { record } = flow;
    const { also } = flow;
    // An answer needs no later read: it was read after our write.
    if (rereadNeeded || (waitsForDoubt && record.origin !== 'answer')) {
      const { node, endpoint, entityType, entityId, number, id } = record;
      const key = `${rereadNeeded ? 'again|' : AFTER_DOUBT}${id}`;
      const hint = { node, endpoint, entityType, entityId, number, origin: 'poll' as const, key };
      also.push(this.inbox.messageChange({ ...hint, payload: { again: id } }));
    }
    const winning = conflicts.filter(({ partnerWins }) => partnerWins);
    const competing = winning.at(-1)?.competing;
    // One delivery for all winning values, because a message has one delivery per entity.
    const rewrite = competing && {
      request: restoreRequest(winning, incoming),
      record: this.outbox.rewrite(record.id, competing),
    };
    if (rewrite) also.push({ kind: 'delivery', record: rewrite.record, bodies: { request: rewrite.request }, ifAbsent: true });
    if (recovery) {
      also.push({
        kind: 'delivery',
        record: this.outbox.recovery(record.id, recovery.after),
        bodies: { request: recovery.request },
        ifAbsent: true,
      });
    }
    if (flow.source?.deleted) {
      const { number, from } = flow.source;
      this.warn(flow, 'SWB_DELETED', say`${number} was deleted at ${from}, or is hidden from us.`);
    }
    if (conflicts.length > 0) this.warn(flow, 'SWB_BOTH_CHANGED', conflictText(conflicts));
    if (!rewrite || !link) return;
    const advance = flow.advance;
    flow.advance = (latest) => withNewestWriter(advance?.(latest) ?? latest, link, rewrite.request.changed, rewrite.record.id);
  }

  /**
   * Waits for the turn of a message that Switchboard itself made about a conversation: one that says what was true before another
   * message must not be written after it. False when it has left its flow meanwhile.
   */
  async takeTurn(reference: FlowReference): Promise<boolean> {
    const { flows } = this.inbox;
    const flow = flows.inFlow(reference);
    if (!flow?.record.conversation) return flow !== undefined;
    flows.hold(flow);
    await this.conversationQueue.enter(flow.record.conversation, reference.messageId);
    if (flows.inFlow(reference) !== flow) return false;
    flows.touch(flow);
    return true;
  }

  /** Waits for the message's turn. If a link edit moves it to another conversation meanwhile, it waits for its turn there. */
  private async enter(reference: FlowReference, { message }: InboundMessage): Promise<void> {
    const { messageId } = reference;
    for (;;) {
      const key = await this.correlator.keyOf(message.source);
      // An emission that a deploy has ended has no place in the queue: the next emission of the message has.
      if (!this.inbox.flows.inFlow(reference)) return;
      const waited = await this.conversationQueue.enter(key, messageId);
      if (!waited || (await this.correlator.keyOf(message.source)) === key || !this.inbox.flows.inFlow(reference)) return;
      this.conversationQueue.leave(messageId);
    }
  }

  /** Makes the message fail once its flow is idle, whatever the other nodes do with it. */
  reject(reference: FlowReference, error: SwitchboardError): void {
    const flow = this.inbox.flows.inFlow(reference);
    if (flow) flow.error ??= errorRecord(error, this.now());
  }

  /** Counts values that had no row in their value map, so that a user can add the rows, and adds a warning to the message. */
  countUnmapped(reference: FlowReference, where: MappingPlace, problems: Problem[]): void {
    const unmapped = problems.filter(({ code }) => code === 'unmapped');
    for (const { field, value } of unmapped) this.unmapped.count({ ...where, field, value: value ?? '' });
    const flow = this.inbox.flows.inFlow(reference);
    const message = unmapped.map(({ text }) => text).join(' ');
    if (flow && message) this.warn(flow, 'SWB_UNMAPPED', message);
  }

  /** Shows values that were left out of a message as its warning. */
  warnOf(reference: FlowReference, problems: Problem[]): void {
    const flow = this.inbox.flows.inFlow(reference);
    const message = problems
      .filter(({ level }) => level === 'warning')
      .map(({ text }) => text)
      .join(' ');
    if (flow && message) this.warn(flow, 'SWB_PAYLOAD', message);
  }

  /** An id greater than all earlier ones. */
  nextId(): string {
    return this.ids();
  }

  /** Adds a warning to those that the message has. */
  private warn(flow: MessageInFlow, code: ErrorCode, message: string): void {
    const { warning } = flow;
    if (warning?.message.includes(message)) return;
    flow.warning = {
      code: warning?.code ?? code,
      message: [warning?.message, message].filter(Boolean).join(' '),
      at: this.now(),
    };
  }

  /** Accepts a leg from an out node; it is committed with its message. A leg of a message that has left its flow is committed at once. */
  async acceptLeg(leg: Leg): Promise<AcceptedLeg> {
    // The commit of such a message would fail, and be tried again for ever.
    if (isTooDeep(leg.request))
      throw new SwitchboardError('SWB_PAYLOAD', say`The payload is nested more than ${MAX_NESTING} levels deep.`, {
        hint: say`Look for a node in the flow that changes msg.payload, then replay the message.`,
      });
    const reference = { messageId: leg.message, emission: leg.emission };
    const flow = this.inbox.flows.inFlow(reference);
    if (!flow && (await this.inbox.flows.isOutdated(reference)))
      return { deliveries: 0, reason: say`The flow of the message has ended: a deploy interrupted it, or it took too long.` };
    const source = flow?.source;
    const ruled = source ? applyPartyRules(leg, this.rules(leg.endpoint), source) : leg;
    const limited = withinLimits(ruled, this.nameOf(leg.endpoint) ?? leg.endpoint);
    if (flow && limited.warning) this.warn(flow, 'SWB_TOO_LARGE', limited.warning);
    const given = { ...limited.leg, again: flow !== undefined && flow.record.emissions > 0 };
    const accepted = await this.inbox.flows.inTransaction(flow, leg.conversation, (transaction) =>
      this.outbox.accept(given, transaction),
    );
    if (flow) {
      if (accepted.deliveries > 0 || !accepted.reason) flow.legs++;
      else if (accepted.outsider) flow.outsider ??= `${accepted.reason} ${say`No out node of its parties was reached.`}`;
      else flow.ignored ??= (source && describeDeletion(source)) ?? accepted.reason;
    }
    return accepted;
  }

  /** Accepts nothing more, and waits until no message is in a flow or being sent, at most `milliseconds`. */
  async drain(milliseconds: number): Promise<void> {
    this.inbox.stopAccepting();
    const busy = () => this.inbox.busy || [...this.endpoints.values()].some(({ worker }) => worker.status.inFlight > 0);
    const end = this.steady() + milliseconds;
    while (busy() && this.steady() < end) await new Promise((resolve) => setTimeout(resolve, 20));
  }

  /** Another process has the store now: accepts nothing more, and starts to send nothing more. */
  halt(): void {
    this.inbox.stopAccepting();
    for (const { worker } of this.endpoints.values()) worker.halt();
  }

  /** Accepts nothing more, finishes the attempts under way, and closes the store. */
  async close(): Promise<void> {
    await this.inbox.close();
    this.conversationQueue.clear();
    await Promise.all([...this.endpoints.keys()].map((id) => this.removeEndpoint(id)));
    await this.store.close();
  }

  private now(): string {
    return new Date(this.clock()).toISOString();
  }
}
