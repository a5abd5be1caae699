import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { createIdSource } from '../src/store/id.js';
import { LowdbStore } from '../src/store/lowdb-store.js';
import type { Change, ConversationRecord, DeliveryRecord, MessageRecord } from '../src/store/store.js';
import { inAnyState } from '../test/store/any-state.js';

/**
 * The cost of a message in the store and the longest stall of the event loop, with few and with many conversations. Both stores
 * are measured alternately in one run, so that the ratio is meaningful on any machine.
 */

const FEW = 1000;
const MANY = 100_000;
/** Messages processed concurrently. */
const PARALLEL = 16;
/**
 * Messages per turn; all turns together grow the journal of the large store by more than its snapshot, so that the result
 * includes the cost of compaction.
 */
const TURN = 1000;
const TURNS = 30;
const BODY = { note: 'x'.repeat(2000) };

export interface StoreBenchResult {
  /** Cost per message with 100,000 conversations ÷ with 1,000; target ≤ 1.1. */
  perMessageRatio: number;
  /** Longest stall of the event loop while 100,000 conversations are compacted and messages are processed; target ≤ 20. */
  stallMs: number;
  /** Longest stall of an idle process in the same time: caused by other load on the machine. */
  idleStallMs: number;
  perMessageMsFew: number;
  perMessageMsMany: number;
  cpuPerMessageRatio: number;
  compactMs: number;
  /** The slowest of several searches over 100,000 conversations; target < 50. */
  searchMs: number;
  openMs: number;
  heapMb: number;
}

const ids = createIdSource();
let numbers = 0;

function records(): { message: MessageRecord; conversation: ConversationRecord; delivery: DeliveryRecord } {
  const at = new Date().toISOString();
  const number = String(++numbers).padStart(7, '0');
  const entityId = `${ids()}${ids().slice(0, 12)}`;
  const message: MessageRecord = {
    id: ids(),
    version: 0,
    node: 'servicenow-in',
    origin: 'webhook',
    endpoint: 'acme-servicenow',
    entityType: 'incident',
    entityId,
    number: `INC${number}`,
    key: `${entityId}|1`,
    receivedAt: at,
    state: 'received',
    emissions: 0,
  };
  const conversation: ConversationRecord = {
    id: ids(),
    version: 0,
    reference: `SWB-${ids().slice(8).toUpperCase()}`,
    entity: 'incident',
    title: 'No dial tone on line 4711',
    state: 'open',
    links: [
      {
        endpoint: 'acme-servicenow',
        entityType: 'incident',
        leg: '',
        id: entityId,
        number: `INC${number}`,
        origin: 'theirs',
        shadow: {
          title: 'No dial tone on line 4711',
          state: 'inProgress',
          priority: 'high',
          description: 'The line is dead since this morning.',
        },
        raw: { short_description: 'No dial tone on line 4711', state: '2', impact: '2', urgency: '2' },
        writtenBy: {},
        seen: [],
        since: at,
      },
    ],
    written: [],
    createdAt: at,
    updatedAt: at,
  };
  const delivery: DeliveryRecord = {
    id: ids(),
    version: 0,
    message: message.id,
    conversation: conversation.id,
    node: 'tmf621-out',
    endpoint: 'csp',
    entityType: 'troubleTicket',
    leg: '',
    part: 'entity',
    lane: `${conversation.id}|csp`,
    state: 'pending',
    tries: 0,
    attempts: [],
    answers: false,
    createdAt: at,
    updatedAt: at,
  };
  return { message, conversation, delivery };
}

const put = (kind: Change['kind'], record: object, bodies?: object) => ({ kind, record, bodies }) as Change;

/** A store and the entities of its conversations. */
interface FilledStore {
  store: LowdbStore;
  entities: string[];
}

/** All store operations of one message: received, claimed, correlated, queued by an out node, settled, sent, answered. */
async function oneMessage({ store }: FilledStore, entityId: string, worker: number): Promise<void> {
  const { message, delivery } = records();
  const [node, endpoint] = [`in-${worker}`, `csp-${worker}`];
  await store.commit([put('message', { ...message, node, entityId }, { received: BODY })]);
  const [claimed] = await store.claimMessages(node, 1, Date.now());
  const { id } = claimed!;
  await store.bodies('message', id);
  const conversation = (await store.conversationByLink(claimed!.endpoint, claimed!.entityType, claimed!.entityId))!;
  const own = { ...claimed!, emissions: 1, conversation: conversation.id };
  await store.commit([put('conversation', conversation), put('message', own)]);
  await store.commit([
    put(
      'delivery',
      { ...delivery, endpoint, message: id, conversation: conversation.id, lane: `${conversation.id}|${endpoint}` },
      { request: BODY },
    ),
  ]);
  await store.commit([put('message', { ...own, version: 2, state: 'settled', outcome: 'routed' })], { durable: false });
  await store.release('message', [id]);
  const [sending] = await store.claimDeliveries(endpoint, 1, Date.now());
  await store.commit([put('delivery', { ...sending!, state: 'sending', tries: 1 })], { durable: false });
  await store.bodies('delivery', sending!.id);
  const linked = (await store.conversation(sending!.conversation))!;
  const ticket = { ...linked.links[0]!, endpoint: 'csp', entityType: 'troubleTicket', id: `TT-${linked.id}`, origin: 'ours' };
  await store.commit([
    put('delivery', { ...sending!, version: sending!.version + 1, state: 'delivered' }, { response: BODY }),
    put('conversation', { ...linked, links: [linked.links[0], ticket] }),
  ]);
  await store.release('delivery', [sending!.id]);
}

/** Processes messages of existing conversations concurrently, and returns the cost of one message. */
async function send(filled: FilledStore, count: number): Promise<{ ms: number; cpu: number }> {
  let left = count;
  // Each worker has its own nodes, endpoints and conversations, so that there are no commit conflicts.
  const share = Math.floor(filled.entities.length / PARALLEL);
  const cpuBefore = process.cpuUsage();
  const before = performance.now();
  await Promise.all(
    Array.from({ length: PARALLEL }, async (_, worker) => {
      while (left-- > 0) await oneMessage(filled, filled.entities[worker * share + Math.floor(Math.random() * share)]!, worker);
    }),
  );
  const ms = performance.now() - before;
  const cpu = process.cpuUsage(cpuBefore);
  return { ms: ms / count, cpu: (cpu.user + cpu.system) / 1000 / count };
}

/** Fills a new store with conversations, each with a link, a message and a delivery. */
async function fill(folder: string, count: number): Promise<FilledStore> {
  const store = new LowdbStore({ folder });
  await store.open();
  // Another object, so that what is measured is not wrapped.
  const filler = inAnyState(Object.create(store) as LowdbStore);
  const entities: string[] = [];
  while (entities.length < count) {
    const changes: Change[] = [];
    for (; changes.length < 300 && entities.length < count; ) {
      const { message, conversation, delivery } = records();
      entities.push(message.entityId);
      changes.push(
        put('conversation', conversation),
        put('message', { ...message, conversation: conversation.id, state: 'settled', outcome: 'routed' }, { received: BODY }),
        put('delivery', { ...delivery, state: 'delivered' }, { request: BODY }),
      );
    }
    await filler.commit(changes);
  }
  await store.compact();
  return { store, entities };
}

const mean = (values: number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;

async function slowestSearch(store: LowdbStore): Promise<number> {
  let slowest = 0;
  for (const search of ['INC', 'inc005', 'inc0050', 'swb-', 'TT-', 'nothing', '0']) {
    for (const look of [() => store.listMessages({ limit: 50, search }), () => store.listConversations({ limit: 50, search })]) {
      const before = performance.now();
      await look();
      slowest = Math.max(slowest, performance.now() - before);
    }
  }
  return slowest;
}

/** The commands of the process that runs one of the stores. */
interface Commands {
  fill: { folder: string; count: number };
  /** Processes messages and measures the event loop. */
  send: { count: number };
  /** Compacts while messages are processed. */
  compact: object;
  /** Measures searches and a restart, then closes the store. */
  finish: object;
}

/** Runs the work and returns the longest stall of this process's event loop. */
async function withStall<T>(work: () => Promise<T>): Promise<T & { stallMs: number }> {
  const delay = monitorEventLoopDelay({ resolution: 1 });
  delay.enable();
  const result = await work();
  delay.disable();
  // The monitor includes its own millisecond of waiting.
  return { ...result, stallMs: delay.max / 1e6 - 1 };
}

function serve(): void {
  let filled: FilledStore;
  const commands: { [K in keyof Commands]: (command: Commands[K]) => Promise<object> } = {
    async fill({ folder, count }) {
      filled = await fill(folder, count);
      return {};
    },
    send: ({ count }) => withStall(() => send(filled, count)),
    compact: () =>
      withStall(async () => {
        let compacting = true;
        const before = performance.now();
        const compacted = filled.store.compact().finally(() => {
          compacting = false;
        });
        while (compacting) await send(filled, PARALLEL);
        await compacted;
        return { compactMs: performance.now() - before };
      }),
    async finish() {
      const searchMs = await slowestSearch(filled.store);
      const heapMb = process.memoryUsage().heapUsed / 1e6;
      await filled.store.close();
      const before = performance.now();
      await filled.store.open();
      const openMs = performance.now() - before;
      await filled.store.close();
      return { searchMs, heapMb, openMs };
    },
  };
  process.on('message', async ({ name, command }: { name: keyof Commands; command: never }) => {
    const answer = await commands[name](command).catch((error) => ({ error: String(error) }));
    if (process.connected) process.send!(answer);
  });
}

/** Runs a store in a separate process, so that garbage of one does not affect the other. */
class StoreProcess {
  private readonly child = fork(__filename, ['serve']);

  async run<K extends keyof Commands>(name: K, command: Commands[K]): Promise<Record<string, number>> {
    const answered = once(this.child, 'message');
    this.child.send({ name, command });
    const [answer] = (await answered) as [Record<string, number> & { error?: string }];
    if (answer.error) throw new Error(answer.error);
    return answer;
  }

  end(): void {
    this.child.kill();
  }
}

/** Runs the benchmark and returns its results. */
export async function storeBench(): Promise<StoreBenchResult> {
  const folder = await mkdtemp(join(tmpdir(), 'switchboard-bench-'));
  const few = new StoreProcess();
  const many = new StoreProcess();
  try {
    await few.run('fill', { folder: join(folder, 'few'), count: FEW });
    await many.run('fill', { folder: join(folder, 'many'), count: MANY });
    const fewCosts: Record<string, number>[] = [];
    const manyCosts: Record<string, number>[] = [];
    const idle: number[] = [];
    const runMany = async (name: 'send' | 'compact', command: Commands['send']) => {
      const answer = await withStall(async () => ({ of: await many.run(name, command) }));
      idle.push(answer.stallMs);
      return answer.of;
    };
    for (let turn = 0; turn <= TURNS; turn++) {
      const a = await few.run('send', { count: TURN });
      const b = await runMany('send', { count: TURN });
      // The first turn warms up.
      if (turn > 0) fewCosts.push(a);
      if (turn > 0) manyCosts.push(b);
    }
    const compact = await runMany('compact', { count: 0 });
    const finish = await many.run('finish', {});
    const of = (costs: Record<string, number>[], name: string) => mean(costs.map((cost) => cost[name]!));
    return {
      perMessageRatio: of(manyCosts, 'ms') / of(fewCosts, 'ms'),
      stallMs: Math.max(compact.stallMs!, ...manyCosts.map((cost) => cost.stallMs!)),
      idleStallMs: Math.max(...idle),
      perMessageMsFew: of(fewCosts, 'ms'),
      perMessageMsMany: of(manyCosts, 'ms'),
      cpuPerMessageRatio: of(manyCosts, 'cpu') / of(fewCosts, 'cpu'),
      compactMs: compact.compactMs!,
      searchMs: finish.searchMs!,
      openMs: finish.openMs!,
      heapMb: finish.heapMb!,
    };
  } finally {
    few.end();
    many.end();
    await rm(folder, { recursive: true, force: true });
  }
}

if (process.argv[2] === 'serve' && process.send) {
  serve();
} else if (require.main === module) {
  storeBench().then((result) => {
    for (const [name, value] of Object.entries(result)) console.log(`${name}: ${value.toFixed(3)}`);
  });
}
