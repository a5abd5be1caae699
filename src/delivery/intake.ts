import { conversationReference } from '../conversation/reference.js';
import type { EndpointClient, RawEntity } from '../endpoints/endpoint.js';
import { SwitchboardError } from '../errors.js';
import { sharedExpressions } from '../mapping/expressions.js';
import type { Json } from '../model/message.js';
import { emitterOf, intakeQueue } from '../store/message-queue.js';
import type { Bodies, MessageRecord } from '../store/store.js';
import { say } from '../text/say.js';
import type { Broker } from './broker.js';
import { partiesOf } from './conversation-parties.js';
import type { Emitter, Entry, IdentifiedEntity } from './dispatcher.js';
import { chooseFlow, eligibleFlows, type IntakeFlow } from './flow-choice.js';
import type { IntakePart } from './intake-troubles.js';
import { Poller } from './poller.js';
import { SharedSubscriptions, type Subscriber } from './shared-subscriptions.js';
import { unservedError } from './unserved.js';

/** An in node that shares an intake. */
export interface IntakeMember {
  /** Id of the in node. */
  node: string;
  client: EndpointClient;
  /** JSONata: only new records for which it holds enter its flow. Empty: any. */
  condition: string;
  /** It receives webhooks, which may name any record type of the endpoint. */
  webhook: boolean;
  /** Milliseconds between polls; absent: it does not poll. */
  pollInterval?: number;
  /** Absent: it does not register at the partner's hub. */
  subscriber?: Subscriber;
  /** All in nodes of its endpoint and record type in the flow file, in its order, whether they run or not. */
  flows(): Omit<IntakeFlow, 'condition'>[];
  /** Resolves when all nodes of a deploy have started, at once if none is under way. */
  deployed(): Promise<void>;
  /** Finds out which entity a received event is about that was stored without one (`Emitter.identify`). */
  identify?(record: MessageRecord, received: Json): Promise<IdentifiedEntity>;
  emit: Emitter['emit'];
  ended: Required<Emitter>['ended'];
  /** A message could not be read. `logs`: it is the in node that logs it. */
  readFailed(record: MessageRecord, error: unknown, retryAt: number | undefined, logs: boolean): void;
  polled(): void;
  /** A part of the shared intake failed. `isFirst`: it is the one in node that logs it. */
  trouble(part: IntakePart, error: unknown, retryAt: number, isFirst: boolean): void;
}

/**
 * Receives the changes of one entity type of an endpoint, for all in nodes that ask for them: one poll, one subscription at the hub,
 * one queue. Each message enters the flow of one of them.
 */
export class Intake {
  readonly queue: string;
  private readonly members = new Map<string, IntakeMember>();
  /** In nodes of other record types, which emit only what their own webhooks received, until there is a member. */
  private readonly guests = new Map<string, IntakeMember>();
  private readonly poller: Poller;
  private readonly subscriptions: SharedSubscriptions;
  private readonly detach: () => Promise<void>;

  constructor(
    private readonly broker: Broker,
    private readonly client: EndpointClient,
    readonly entityType: string,
  ) {
    this.queue = intakeQueue(client.id, entityType);
    this.poller = new Poller({
      broker,
      client,
      entityType,
      onPolled: () => this.polled(),
      onError: (error, retryAt) => this.trouble('poll', error, retryAt),
    });
    this.subscriptions = new SharedSubscriptions(broker, this.queue, {
      endpoint: client.id,
      catchUp: async () => {
        await this.poller.pollOnce();
        this.polled();
      },
      onPollError: (error, retryAt) => this.trouble('poll', error, retryAt),
    });
    this.detach = broker.inbox.attach(this.queue, this.emitter());
  }

  get endpoint(): string {
    return this.client.id;
  }

  /** Gives its subscriptions new secrets; returns their number. */
  renewSecrets(): Promise<number> {
    return this.subscriptions.renewSecrets();
  }

  get isUsed(): boolean {
    return this.members.size + this.guests.size > 0;
  }

  /** An in node of this record type shares the intake from now on. Returns the function with which it leaves. */
  join(member: IntakeMember): (removed: boolean) => Promise<void> {
    const { node, subscriber, deployed } = member;
    this.members.set(node, member);
    if (member.pollInterval !== undefined || subscriber) this.poller.add(node);
    this.pace();
    if (subscriber) this.subscriptions.join(subscriber, deployed());
    return async (removed) => {
      this.members.delete(node);
      this.pace();
      const left = subscriber && this.subscriptions.leave(subscriber, removed, deployed);
      await Promise.all([left, this.isUsed ? undefined : this.stop()]);
    };
  }

  /** A webhook in node of another record type has received a message of this one. Returns the function with which it leaves. */
  joinAsGuest(guest: IntakeMember): () => Promise<void> {
    this.guests.set(guest.node, guest);
    return async () => {
      this.guests.delete(guest.node);
      if (!this.isUsed) await this.stop();
    };
  }

  private async stop(): Promise<void> {
    await Promise.all([this.poller.stop(), this.detach()]);
  }

  /** Polls as often as the in node that asks for it most often. */
  private pace(): void {
    const intervals = [...this.members.values()].flatMap(({ pollInterval }) => pollInterval ?? []);
    this.poller.every(intervals.length > 0 ? Math.min(...intervals) : undefined);
  }

  private trouble(part: IntakePart, error: unknown, retryAt: number): void {
    for (const [index, member] of [...this.members.values()].entries()) member.trouble(part, error, retryAt, index === 0);
  }

  private polled(): void {
    for (const { polled } of this.members.values()) polled();
  }

  private emitter(): Emitter {
    return {
      read: async (record, bodies, known) =>
        this.running(record).length > 0
          ? this.broker.reading(this.client.id, () => readChanged(this.client, record, bodies, known))
          : undefined,
      identify: async (record, received) => {
        const [member] = this.running(record);
        if (member?.identify) return member.identify(record, received);
        throw unservedError(record, () => this.client.name);
      },
      choose: (record, payload, isContinued) => this.choose(record, payload, isContinued),
      emit: (record, payload, emission, onIdle) => {
        const member = this.emitterFor(record);
        if (member) member.emit(record, payload, emission, onIdle);
        else
          onIdle({ code: 'SWB_FLOW', message: say`The in node was stopped.`, at: new Date(this.broker.clock()).toISOString() });
      },
      ended: (emission) => {
        for (const member of [...this.members.values(), ...this.guests.values()]) member.ended(emission);
      },
      readFailed: (record, error, retryAt) => {
        const own = this.emitterFor(record);
        for (const member of this.running(record)) member.readFailed(record, error, retryAt, member === own);
      },
    };
  }

  /** The in nodes into whose flows a message may go. */
  private running({ node }: MessageRecord): IntakeMember[] {
    if (this.members.size > 0) return [...this.members.values()];
    return [...this.guests.values()].filter((guest) => guest.node === node);
  }

  /** The in node whose flow a message is in, or which received it; another one where that has gone. */
  private emitterFor(record: MessageRecord): IntakeMember | undefined {
    const running = this.running(record);
    return running.find(({ node }) => node === emitterOf(record)) ?? running[0];
  }

  private async choose(record: MessageRecord, payload: Json, isContinued: boolean): Promise<Entry> {
    const running = this.running(record);
    if (running.length === 0) return { waits: unservedError(record, () => this.client.name) };
    if (this.members.size === 0) return {};
    const known = new Map(running.flatMap((member) => member.flows().map((flow) => [flow.node, flow])));
    const flows = [...known.values()].map((flow) => ({ ...flow, condition: this.members.get(flow.node)?.condition ?? '' }));
    const [alone] = flows;
    const isOnly = flows.length === 1 && !alone?.condition;
    let node: string | undefined;
    try {
      node = isOnly ? alone?.node : await this.chosen(record, payload, isContinued, running, flows);
    } catch (error) {
      // It needs a condition that is invalid, and is chosen again once that is corrected.
      if (error instanceof SwitchboardError && error.code === 'SWB_CONFIG') return { waits: error };
      throw error;
    }
    if (node === undefined)
      return { ignored: say`It is a new record, and no in node of ${this.client.name} takes it: their conditions do not hold.` };
    if (!running.some((member) => member.node === node)) return { waits: notRunning(known.get(node)?.name ?? node) };
    return { flow: node === record.node ? undefined : node };
  }

  private async chosen(
    record: MessageRecord,
    payload: Json,
    isContinued: boolean,
    running: IntakeMember[],
    flows: IntakeFlow[],
  ): Promise<string | undefined> {
    const isRunning = (node: string | undefined) => running.some((member) => member.node === node);
    if (isContinued && isRunning(emitterOf(record))) return emitterOf(record);
    const entity = this.client.entityOf?.(record.entityType, record.entityId) ?? record.entityId;
    const { store } = this.broker;
    const { source: read, record: fields } = this.client.parse(payload as RawEntity);
    const source = { ...read, id: read.id || entity, endpoint: record.endpoint, entityType: record.entityType };
    const reference = source.reference && conversationReference(source.reference);
    const conversation =
      (await store.conversationByLink(source.endpoint, source.entityType, source.id)) ??
      (reference ? await store.conversationByReference(reference) : undefined);
    const parties = conversation ? await partiesOf(store, conversation, await store.openDeliveries(conversation.id), source) : [];
    const eligible = eligibleFlows(flows, parties, (flow) => isRunning(flow.node));
    const holds = async ({ condition, name }: IntakeFlow) =>
      !condition || Boolean(await sharedExpressions().evaluate(condition, fields, { where: conditionOf(name) }));
    return (await chooseFlow(eligible, parties, holds))?.node;
  }
}

/** Rejects with SWB_CONFIG if the condition of an in node is no JSONata expression. */
export async function checkCondition(condition: string, name: string): Promise<void> {
  if (condition) await sharedExpressions().check([{ expression: condition, where: conditionOf(name) }]);
}

/** The setting with the condition, as its dialog calls it. */
function conditionOf(name: string): string {
  return say`${name}, New records only if`;
}

/** Reads the entity that an event, a webhook or a poll reported as changed. */
async function readChanged(client: EndpointClient, record: MessageRecord, bodies: Bodies, known?: Json): Promise<Json> {
  const { entityType, entityId, origin } = record;
  const raw =
    origin === 'event' && client.hub
      ? await client.hub.readForEvent(entityType, entityId, bodies.received as Json, known as RawEntity | undefined)
      : await client.read(entityType, entityId);
  return raw as Json;
}

function notRunning(name: string): SwitchboardError {
  return new SwitchboardError(
    'SWB_CONFIG',
    say`The in node ${name}, whose flow leads to the parties of this conversation, does not run.`,
    {
      hint: say`Enable it or correct its settings, and deploy; or delete it.`,
    },
  );
}
