import { SwitchboardError } from '../../src/errors.js';
import type { Json } from '../../src/model/message.js';
import type { AuditEntry, TrailLine, TrailRange } from '../../src/store/audit-entry.js';
import { fileSource } from '../../src/store/file-lane.js';
import { queueOf } from '../../src/store/message-queue.js';
import {
  type About,
  type Bodies,
  type Change,
  type ChangeNotice,
  type ConversationRecord,
  type DeliveryRecord,
  type ErrorRecord,
  type ListQuery,
  MAX_WAIT,
  type MessageOutcome,
  type MessageRecord,
  type OldestWaiting,
  type Store,
} from '../../src/store/store.js';
import { encodeEntry, hashOfLine, NOTHING } from '../../src/store/trail-line.js';
import { assertTransition } from '../../src/store/transitions.js';

type Any = MessageRecord | DeliveryRecord | ConversationRecord;
type Records = Record<'message' | 'delivery' | 'conversation', Map<string, Any>>;

/** Its record could not be read yet. */
const isUnread = (record: MessageRecord) =>
  record.state === 'received' && record.notBefore !== undefined && queueOf(record) !== record.node;
const OPEN = ['pending', 'sending', 'inDoubt'];
const FINISHED = ['settled', 'delivered', 'skipped', 'merged'];
/** States in which a delivery may block newer ones. */
const STUCK = ['failed', 'needsDecision'];

/**
 * The simplest implementation of the contract: arrays and filters, no index, no disk. Real stores are compared with it. It runs
 * the contract suite itself, so that both interpret the contract in the same way.
 */
export class ModelStore implements Store {
  readonly spool: string;
  private records: Records = { message: new Map(), delivery: new Map(), conversation: new Map() };
  private bodyTexts = new Map<string, string>();
  private settings = new Map<string, { text: string; version: number }>();
  private leases = new Set<string>();
  /** When each lane began to wait, as a number of leases. */
  private turns = new Map<string, number>();
  private turn = 0;
  private listeners = new Set<(changes: ChangeNotice[]) => void>();
  private isOpen = true;
  private audit: AuditEntry[] = [];
  /** Entries whose names were cut off. */
  private cut = new Set<string>();

  constructor(spool: string) {
    this.spool = spool;
  }

  async open(): Promise<void> {
    this.isOpen = true;
    this.leases.clear();
    this.turns.clear();
    const latest = Date.now() + MAX_WAIT;
    for (const record of [...this.records.message.values(), ...this.records.delivery.values()] as (
      | MessageRecord
      | DeliveryRecord
    )[])
      if ((record.notBefore ?? 0) > latest) record.notBefore = latest;
  }

  async close(): Promise<void> {
    this.isOpen = false;
  }

  async commit(changes: Change[]) {
    this.check();
    const audit = this.audit.map((entry) => ({ ...entry }));
    const records: Records = {
      message: new Map(this.records.message),
      delivery: new Map(this.records.delivery),
      conversation: new Map(this.records.conversation),
    };
    const bodies = new Map(this.bodyTexts);
    const settings = new Map(this.settings);
    const skipped: string[] = [];
    const happened: ChangeNotice[] = [];
    const started: string[] = [];
    for (const change of changes) {
      if (change.kind === 'setting') {
        const version = settings.get(change.key)?.version ?? 0;
        if ((change.version ?? version) !== version) throw new SwitchboardError('SWB_CONFLICT', change.key);
        if (change.value === undefined) settings.delete(change.key);
        else settings.set(change.key, { text: text(change.value), version: version + 1 });
        happened.push({ kind: 'setting', key: change.key });
        continue;
      }
      if (change.kind === 'audit') {
        audit.push(copy(change.entry));
        continue;
      }
      if (change.kind === 'cutNames') {
        for (const entry of audit) if (change.entries.includes(entry.id)) this.cut.add(entry.id);
        continue;
      }
      if (change.kind === 'noneReceived') {
        const found = (await Promise.all(change.about.map((about) => this.unlinkedMessages(about)))).flat();
        if (found.some(({ state }) => state === 'received')) throw new SwitchboardError('SWB_CONFLICT', 'received');
        continue;
      }
      const { kind } = change;
      const starts =
        change.kind === 'delivery' &&
        change.start &&
        isNext(change.record, [...records.delivery.values()] as DeliveryRecord[], this.leases);
      const record = starts ? change.start! : change.record;
      const { gone } = change;
      const same = gone ? [] : [...records[kind].values()].filter((other) => shareKey(kind, record, other));
      if (change.kind !== 'conversation' && change.ifAbsent && same.length > 0) {
        skipped.push(record.id);
        continue;
      }
      const before = records[kind].get(record.id);
      if (same.some((other) => other.id !== record.id) || (before?.version ?? 0) !== record.version) {
        throw new SwitchboardError('SWB_CONFLICT', `${kind} ${record.id}`);
      }
      if (gone && kind !== 'conversation' && !FINISHED.includes((before as MessageRecord).state))
        throw new SwitchboardError('SWB_CONFLICT', `${kind} ${record.id}`);
      if (kind !== 'conversation' && !gone)
        assertTransition(kind, record.id, (before as MessageRecord | undefined)?.state, record.state);
      if (gone) {
        records[kind].delete(record.id);
        bodies.delete(`${kind} ${record.id}`);
        if (kind === 'conversation') happened.push(noticeOf(kind, before ?? record));
        continue;
      }
      const kept = { ...record, version: record.version + 1 };
      records[kind].set(record.id, copy(kept));
      if (change.kind !== 'conversation') {
        const key = `${kind} ${record.id}`;
        bodies.set(key, text({ ...JSON.parse(bodies.get(key) ?? '{}'), ...JSON.parse(text(change.bodies ?? {})) }));
      }
      if (starts) started.push(record.id);
      happened.push(noticeOf(kind, kept));
    }
    for (const id of started) this.leases.add(`delivery ${id}`);
    for (const record of [...records.delivery.values()] as DeliveryRecord[])
      if (!this.turns.has(laneOf(record))) this.turns.set(laneOf(record), this.turn);
    this.records = records;
    this.bodyTexts = bodies;
    this.settings = settings;
    this.audit = audit;
    for (const listener of happened.length > 0 ? this.listeners : []) {
      try {
        listener(happened);
      } catch {
        // Another value.
      }
    }
    return { skipped, started };
  }

  async audited(limit: number) {
    const shown = ({ names, ...entry }: AuditEntry, i: number) => ({
      number: i + 1,
      ...entry,
      ...(names && !this.cut.has(entry.id) && { names }),
    });
    return this.audit.map(shown).reverse().slice(0, limit);
  }

  async *trail({ from = '', until = '~' }: TrailRange): AsyncGenerator<TrailLine> {
    let end = { number: 0, hash: NOTHING };
    for (const entry of this.audit) {
      // The salt of the names does not matter here.
      const encoded = encodeEntry({ ...entry, names: undefined }, end);
      const text = JSON.stringify({ ...JSON.parse(encoded.line), ...(entry.names && { names: hashOfLine(entry.id) }) });
      end = { number: encoded.end.number, hash: hashOfLine(text) };
      if (entry.at < from || entry.at >= until) continue;
      const names = this.cut.has(entry.id) ? undefined : entry.names;
      yield { number: end.number, text, ...(names && { names }) };
    }
  }

  async purge() {}

  message = async (id: string) => this.get('message', id) as MessageRecord | undefined;
  delivery = async (id: string) => this.get('delivery', id) as DeliveryRecord | undefined;
  conversation = async (id: string) => this.get('conversation', id) as ConversationRecord | undefined;

  async bodies(kind: 'message' | 'delivery', id: string): Promise<Bodies> {
    return JSON.parse(this.bodyTexts.get(`${kind} ${id}`) ?? '{}');
  }

  async conversationByLink(endpoint: string, entityType: string, entityId: string) {
    return this.conversations().find(({ links }) =>
      links.some((link) => link.endpoint === endpoint && link.entityType === entityType && link.id === entityId),
    );
  }

  async conversationByReference(reference: string) {
    return this.conversations().find((record) => references(record).includes(reference));
  }

  async openDeliveries(conversation: string) {
    return this.deliveries()
      .filter((record) => record.conversation === conversation && OPEN.includes(record.state))
      .sort(byId);
  }

  async setting(key: string): Promise<Json | undefined> {
    const value = this.settings.get(key);
    return value === undefined ? undefined : JSON.parse(value.text);
  }

  async settingVersion(key: string): Promise<number> {
    return this.settings.get(key)?.version ?? 0;
  }

  async listMessages(query: ListQuery) {
    return page(this.messages(), query, (record) => ({
      places: [record],
      outcome: record.state === 'settled' ? record.outcome : undefined,
      warning: messageWarning(record),
      title: this.titleOf(record.conversation),
      conversation: record.conversation,
      message: record.id,
      found: [record.entityId, record.number, ...this.foundIn(record.conversation)],
    }));
  }

  async listDeliveries(query: ListQuery) {
    return page(this.deliveries(), { ...query, outcomes: undefined }, (record) => ({
      places: [record],
      warning: deliveryWarning(record),
      title: this.titleOf(record.conversation),
      conversation: record.conversation,
      message: record.message,
      found: [record.entityId, record.number, ...this.foundIn(record.conversation)],
    }));
  }

  async listConversations(query: ListQuery) {
    const asked = this.records.message.get(query.message ?? '') as MessageRecord | undefined;
    return page(this.conversations(), { ...query, outcomes: undefined, warned: undefined }, (record) => ({
      places: record.links,
      title: record.title,
      conversation: record.id,
      message: asked?.conversation === record.id ? query.message : undefined,
      found: this.foundIn(record.id),
    }));
  }

  async unlinkedMessages({ endpoint, names }: About) {
    const isAbout = ({ state, entityId, number }: MessageRecord) =>
      [entityId, number].some((name) => name && names.includes(name)) ||
      (state === 'received' && entityId === '' && number === undefined);
    return this.messages()
      .filter((record) => record.endpoint === endpoint && record.conversation === undefined && isAbout(record))
      .sort(byId);
  }

  async counts() {
    const count = (records: { state: string }[], state: string) => records.filter((record) => record.state === state).length;
    const [messages, deliveries, conversations] = [this.messages(), this.deliveries(), this.conversations()];
    const m = (state: string) => count(messages, state);
    const d = (state: string) => count(deliveries, state);
    return {
      messages: {
        received: m('received'),
        settled: m('settled'),
        failed: m('failed'),
        needsDecision: m('needsDecision'),
        skipped: m('skipped'),
      },
      deliveries: {
        pending: d('pending'),
        sending: d('sending'),
        inDoubt: d('inDoubt'),
        delivered: d('delivered'),
        failed: d('failed'),
        needsDecision: d('needsDecision'),
        skipped: d('skipped'),
        merged: d('merged'),
      },
      conversations: { open: count(conversations, 'open'), closed: count(conversations, 'closed') },
      waiting: tally([...deliveries.filter((record) => OPEN.includes(record.state)), ...messages.filter(isUnread)]),
      unrouted: messages.filter((record) => record.state === 'settled' && record.outcome === 'unrouted').length,
      warned: {
        messages: messages.map(messageWarning).filter((warning) => warning && !warning.seen).length,
        deliveries: deliveries.map(deliveryWarning).filter((warning) => warning && !warning.seen).length,
      },
    };
  }

  async oldestWaiting() {
    const oldest: OldestWaiting = { queues: {}, endpoints: {} };
    const note = (of: Record<string, string>, owner: string, id: string) => {
      if (!(owner in of) || id < of[owner]!) of[owner] = id;
    };
    for (const record of this.messages()) {
      if (record.state === 'received') note(oldest.queues, queueOf(record), record.id);
      if (isUnread(record)) note(oldest.endpoints, record.endpoint, record.id);
    }
    for (const { id, endpoint, state } of this.deliveries()) if (OPEN.includes(state)) note(oldest.endpoints, endpoint, id);
    return oldest;
  }

  async claimMessages(queue: string, limit: number, now: number) {
    return this.lease(
      'message',
      this.waitingMessages(queue).filter((record) => (record.notBefore ?? 0) <= now),
      limit,
    );
  }

  async claimDeliveries(endpoint: string, limit: number, now: number, source?: string) {
    const turnOf = (record: DeliveryRecord) => this.turns.get(laneOf(record)) ?? 0;
    const heads = this.dueDeliveries(endpoint, now, source).sort((a, b) => turnOf(a) - turnOf(b) || byId(a, b));
    return this.leaseDeliveries(heads.slice(0, limit).map(({ id }) => id));
  }

  /** The deliveries that may be claimed, in any order. */
  dueDeliveries(endpoint: string, now: number, source?: string): DeliveryRecord[] {
    this.check();
    return this.laneHeads(endpoint, source).filter((record) => (record.notBefore ?? 0) <= now);
  }

  leaseDeliveries(ids: string[]): DeliveryRecord[] {
    const taken = this.deliveries().filter(({ id }) => ids.includes(id));
    for (const { id } of taken) this.leases.add(`delivery ${id}`);
    this.turn += taken.length;
    return taken.sort((a, b) => ids.indexOf(a.id) - ids.indexOf(b.id));
  }

  async release(kind: 'message' | 'delivery', ids: string[]) {
    for (const id of ids) {
      const record = this.leases.delete(`${kind} ${id}`) && kind === 'delivery' && this.records.delivery.get(id);
      if (record) this.turns.set(laneOf(record as DeliveryRecord), this.turn);
    }
  }

  async fileSources(endpoint: string) {
    const ofEndpoint = this.deliveries().filter((record) => record.endpoint === endpoint);
    return [...new Set(ofEndpoint.flatMap(({ lane }) => fileSource(lane) ?? []))];
  }

  async nextDue(kind: 'message' | 'delivery', owner: string, source?: string) {
    const waiting = kind === 'message' ? this.waitingMessages(owner) : this.laneHeads(owner, source);
    const times = waiting.flatMap((record) => record.notBefore || []);
    return times.length > 0 ? Math.min(...times) : undefined;
  }

  get newestId() {
    return [...this.records.message.keys(), ...this.records.delivery.keys()].sort().at(-1);
  }

  watch(listener: (changes: ChangeNotice[]) => void) {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  readonly memory = { since: new Date().toISOString(), olderCopy: false };
  /** It has no owner but its process. */
  readonly trouble = undefined;
  confirmOwnership(): undefined {}
  onLost() {
    return () => undefined;
  }

  private messages = () => copy([...this.records.message.values()]) as MessageRecord[];
  private deliveries = () => copy([...this.records.delivery.values()]) as DeliveryRecord[];
  private conversations = () => copy([...this.records.conversation.values()]) as ConversationRecord[];

  private check(): void {
    if (!this.isOpen) throw new SwitchboardError('SWB_CLOSED', 'closed');
  }

  private get(kind: keyof Records, id: string): Any | undefined {
    this.check();
    const record = this.records[kind].get(id);
    return record && copy(record);
  }

  private lease<R extends { id: string }>(kind: 'message' | 'delivery', records: R[], limit: number): R[] {
    this.check();
    const taken = records.sort(byId).slice(0, limit);
    for (const { id } of taken) this.leases.add(`${kind} ${id}`);
    return taken;
  }

  private waitingMessages(queue: string): MessageRecord[] {
    return this.messages().filter(
      (record) => queueOf(record) === queue && record.state === 'received' && !this.leases.has(`message ${record.id}`),
    );
  }

  private laneHeads(endpoint: string, source?: string): DeliveryRecord[] {
    const mine = this.deliveries().filter((record) => record.endpoint === endpoint && fileSource(record.lane) === source);
    return [...new Set(mine.map((record) => record.lane))].flatMap((name) => {
      const lane = mine.filter((record) => record.lane === name).sort(byId);
      const open = lane.filter((record) => OPEN.includes(record.state));
      const due = ({ waitsFor, notBefore = 0 }: DeliveryRecord) => (waitsFor ? Number.POSITIVE_INFINITY : notBefore);
      const sent = open.find(({ state }) => state !== 'pending');
      const head = source === undefined ? open[0] : (sent ?? open.toSorted((a, b) => due(a) - due(b))[0]);
      if (!head || head.waitsFor || lane.some((record) => this.leases.has(`delivery ${record.id}`))) return [];
      return lane.some((record) => record.id < head.id && STUCK.includes(record.state) && record.blocking) ? [] : [head];
    });
  }

  private titleOf(conversation: string | undefined): string | undefined {
    return (this.records.conversation.get(conversation ?? '') as ConversationRecord | undefined)?.title;
  }

  private foundIn(conversation: string | undefined): (string | undefined)[] {
    const record = this.records.conversation.get(conversation ?? '') as ConversationRecord | undefined;
    if (!record) return [];
    return [record.id, ...references(record), ...record.links.flatMap((link) => [link.id, link.number])];
  }
}

const laneOf = ({ endpoint, lane }: DeliveryRecord) => `${endpoint} ${lane}`;

function isNext(record: DeliveryRecord, all: DeliveryRecord[], leases: Set<string>): boolean {
  const lane = all.filter((other) => other.endpoint === record.endpoint && other.lane === record.lane);
  return (
    !record.waitsFor &&
    record.notBefore === undefined &&
    !lane.some(({ id }) => leases.has(`delivery ${id}`)) &&
    !lane.some((other) => other.id < record.id && (OPEN.includes(other.state) || (STUCK.includes(other.state) && other.blocking)))
  );
}

function noticeOf(kind: keyof Records, record: Any): ChangeNotice {
  if (kind === 'conversation') return { kind, id: record.id, state: (record as ConversationRecord).state };
  const { id, node, endpoint, state, conversation, notBefore } = record as MessageRecord;
  const warning = kind === 'message' ? messageWarning(record as MessageRecord) : deliveryWarning(record as DeliveryRecord);
  const warned = warning && (warning.seen ? 'seen' : 'unseen');
  const work = { kind, id, node, endpoint, state, conversation, warned, notBefore };
  if (kind === 'delivery') return work as ChangeNotice;
  const { flow = node } = record as MessageRecord;
  return { ...work, node: flow, queue: queueOf(record as MessageRecord) } as ChangeNotice;
}

function tally(records: { endpoint: string }[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { endpoint } of records) counts[endpoint] = (counts[endpoint] ?? 0) + 1;
  return counts;
}

const messageWarning = ({ state, warning }: MessageRecord) => (state === 'settled' ? warning : undefined);
const deliveryWarning = ({ state, error }: DeliveryRecord) => (state === 'delivered' ? error : undefined);

interface Facts {
  places: { endpoint: string; entityType: string }[];
  outcome?: string;
  warning?: ErrorRecord;
  title?: string;
  conversation?: string;
  message?: string;
  found: (string | undefined)[];
}

function page<R extends MessageRecord | DeliveryRecord | ConversationRecord>(
  records: R[],
  query: ListQuery,
  factsOf: (record: R) => Facts,
): R[] {
  const search =
    query.search
      ?.trim()
      .toLowerCase()
      .replace(/^(swb-\w+)\/.*/, '$1') ?? '';
  const words = (text = '') =>
    text
      .toLowerCase()
      .split(/[^\p{L}\p{N}]+/u)
      .filter((word) => word.length > 1);
  const titled = (title: string | undefined) =>
    words(search).length > 0 && words(search).every((part) => words(title).some((word) => word.startsWith(part)));
  return records
    .filter((record) => {
      const facts = factsOf(record);
      return (
        (query.before === undefined || cursor(record) < query.before) &&
        (query.from === undefined || cursor(record) >= query.from) &&
        (query.states?.includes(record.state) ?? true) &&
        (query.outcomes?.includes(facts.outcome as MessageOutcome) ?? true) &&
        (query.warned === undefined || facts.warning !== undefined) &&
        (query.warned !== 'unseen' || !facts.warning?.seen) &&
        ((query.endpoint === undefined && query.entityType === undefined) ||
          facts.places.some(
            ({ endpoint, entityType }) =>
              (query.endpoint ?? endpoint) === endpoint && (query.entityType ?? entityType) === entityType,
          )) &&
        (query.conversation === undefined || facts.conversation === query.conversation) &&
        (query.message === undefined || facts.message === query.message) &&
        (titled(facts.title) || [record.id, ...facts.found].some((value) => value?.toLowerCase().startsWith(search)))
      );
    })
    .sort((a, b) => (cursor(a) < cursor(b) ? 1 : -1))
    .slice(0, query.limit);
}

function shareKey(kind: keyof Records, a: Any, b: Any): boolean {
  if (kind === 'message') {
    const [x, y] = [a as MessageRecord, b as MessageRecord];
    return x.node === y.node && x.key === y.key;
  }
  if (kind === 'delivery') {
    const [x, y] = [a as DeliveryRecord, b as DeliveryRecord];
    return x.message === y.message && x.node === y.node && x.leg === y.leg && x.part === y.part;
  }
  const [x, y] = [a as ConversationRecord, b as ConversationRecord];
  const links = x.links.some((one) =>
    y.links.some((other) => one.endpoint === other.endpoint && one.entityType === other.entityType && one.id === other.id),
  );
  return links || references(x).some((reference) => references(y).includes(reference));
}

const references = ({ reference, aliases = [] }: ConversationRecord) => [reference, ...aliases];
const cursor = (record: Any) => ('links' in record ? `${record.updatedAt}|${record.id}` : record.id);
const byId = (a: { id: string }, b: { id: string }) => (a.id < b.id ? -1 : 1);
const copy = <T>(value: T): T => JSON.parse(JSON.stringify(value));

function text(value: unknown): string {
  try {
    return JSON.stringify(value);
  } catch {
    throw new SwitchboardError('SWB_PAYLOAD', 'not JSON');
  }
}
