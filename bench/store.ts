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

/** Open conversations of the small store. */
const FEW = 1000;
/** Closed and open conversations of the large one; `closed=1000000` on the command line for the long run. */
const CLOSED = Number(process.argv.find((arg) => arg.startsWith('closed='))?.slice(7) ?? 100_000);
const OPEN = 5000;
/** Tickets that stay open, for the memory they take. */
const TICKETS = 60_000;
/** Messages processed concurrently. */
const PARALLEL = 16;
/**
 * Messages per turn; all turns together are several compactions in each store, so that the result includes their cost.
 */
const TURN = 1000;
const TURNS = 30;
const BODY = { note: 'x'.repeat(2000) };
/** What a view waits for first results. */
const PATIENCE = 300;
const WORDS = ['fibre', 'copper', 'router', 'switch', 'antenna', 'mast', 'cabinet', 'modem', 'splitter', 'duct'];

export interface StoreBenchResult {
  /** Cost per message with 100,000 closed and 5,000 open conversations ÷ with 1,000 open ones; target ≤ 1.1. */
  perMessageRatio: number;
  /** Longest stall of the event loop while the large store is compacted and messages are processed; target ≤ 20. */
  stallMs: number;
  /** Longest stall of an idle process in the same time: caused by other load on the machine. */
  idleStallMs: number;
  perMessageMsFew: number;
  perMessageMsMany: number;
  cpuPerMessageRatio: number;
  compactMs: number;
  /** The slowest of several lookups of a closed conversation by an exact number, id or reference; target ≤ 20. */
  exactMs: number;
  /** The slowest of several searches by words until first results are there; target ≤ 300. */
  firstResultsMs: number;
  /** The slowest of several complete searches. */
  searchMs: number;
  /** Longest stall of the event loop during all searches; target ≤ 10. */
  searchStallMs: number;
  /** Opening the large store; target ≤ 2000. */
  openMs: number;
  /** Longest stall while it is opened. */
  openStallMs: number;
  /** Heap and resident memory of the large store after its messages, in megabytes; targets ≤ 120 (heap). */
  heapMb: number;
  rssMb: number;
  /** Resident memory, at rest, of a process with 60,000 open tickets that it has created; target ≤ 300. */
  ticketsRssMb: number;
  /** What each of them adds, in kilobytes; target ≤ 2.5. */
  ticketKb: number;
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
    title: `No dial tone on ${WORDS[numbers % WORDS.length]} line ${numbers % 9973}`,
    state: 'open',
    links: [
      {
        endpoint: 'acme-servicenow',
        entityType: 'incident',
        leg: '',
        id: entityId,
        number: `INC${number}`,
        origin: 'theirs',
        lastKnown: {
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

/** Fills a new store with closed and open conversations, each with a link, a message and a delivery; returns the open entities. */
async function fill(folder: string, closed: number, open: number): Promise<FilledStore & { sample: ConversationRecord[] }> {
  const store = new LowdbStore({ folder });
  await store.open();
  // Another object, so that what is measured is not wrapped.
  const filler = inAnyState(Object.create(store) as LowdbStore);
  const entities: string[] = [];
  const sample: ConversationRecord[] = [];
  for (let done = 0; done < closed + open; ) {
    const changes: Change[] = [];
    for (; changes.length < 300 && done < closed + open; done++) {
      const { message, conversation, delivery } = records();
      const state = done < closed ? 'closed' : 'open';
      // The journal of a million would otherwise be removed as too large while it is written.
      const body = closed > 200_000 ? { note: '' } : BODY;
      if (state === 'open') entities.push(message.entityId);
      else if (sample.length < 20 && done % Math.ceil(closed / 20) === 0) sample.push(conversation);
      changes.push(
        put('conversation', { ...conversation, state }),
        put('message', { ...message, conversation: conversation.id, state: 'settled', outcome: 'routed' }, { received: body }),
        put('delivery', { ...delivery, state: 'delivered' }, { request: body }),
      );
    }
    await filler.commit(changes);
  }
  await store.compact();
  return { store, entities, sample };
}

const mean = (values: number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;

async function slowest(looks: (() => Promise<unknown>)[]): Promise<number> {
  let slowest = 0;
  for (const look of looks) {
    const before = performance.now();
    await look();
    slowest = Math.max(slowest, performance.now() - before);
  }
  return slowest;
}

async function searches({ store, sample }: { store: LowdbStore; sample: ConversationRecord[] }) {
  const found = async (search: string, id: string) => {
    const page = await store.listConversations({ limit: 50, search, patience: PATIENCE });
    if (!page.some((record) => record.id === id)) throw new Error(`${search} was not found`);
  };
  const exactMs = await slowest(
    sample.flatMap(({ id, reference, links: [link] }) => [
      () => found(reference, id),
      () => found(link!.number!, id),
      () => found(link!.id, id),
      () => store.conversationByLink(link!.endpoint, link!.entityType, link!.id),
      () => store.conversationByReference(reference),
      () => store.listMessages({ conversation: id, limit: 50 }),
    ]),
  );
  const words = ['dial tone', 'router 4711', 'line 17', 'nothing', 'INC', 'inc005'];
  const firstResultsMs = await slowest(
    words.flatMap((search) => [
      () => store.listMessages({ limit: 50, search, patience: PATIENCE }),
      () => store.listConversations({ limit: 50, search, patience: PATIENCE }),
    ]),
  );
  const searchMs = await slowest(
    words.flatMap((search) => [
      () => store.listMessages({ limit: 50, search }),
      () => store.listConversations({ limit: 50, search }),
    ]),
  );
  return { exactMs, firstResultsMs, searchMs };
}

/** The commands of the process that runs one of the stores. */
interface Commands {
  fill: { folder: string; closed: number; open: number };
  /** Processes messages and measures the event loop. */
  send: { count: number };
  /** Compacts while messages are processed. */
  compact: object;
  /** Measures searches. */
  search: object;
  /** Memory after a garbage collection. */
  memory: object;
  /** Measures a restart, then closes the store. */
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
  let filled: Awaited<ReturnType<typeof fill>>;
  const commands: { [K in keyof Commands]: (command: Commands[K]) => Promise<object> } = {
    async fill({ folder, closed, open }) {
      filled = await fill(folder, closed, open);
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
    search: () => withStall(() => searches(filled)),
    async memory() {
      // What V8 has freed it returns to the system only little by little.
      for (let times = 0; times < 3; times++) {
        global.gc?.();
        await new Promise((resolve) => setTimeout(resolve, 1_000));
      }
      const { heapUsed, rss } = process.memoryUsage();
      return { heapMb: heapUsed / 1e6, rssMb: rss / 1e6 };
    },
    async finish() {
      await filled.store.close();
      return withStall(async () => {
        const before = performance.now();
        await filled.store.open();
        const openMs = performance.now() - before;
        await filled.store.close();
        return { openMs };
      });
    },
  };
  process.on('message', async ({ name, command }: { name: keyof Commands; command: never }) => {
    const answer = await commands[name](command).catch((error) => ({ error: String(error) }));
    if (process.connected) process.send!(answer);
  });
}

/** Runs a store in a separate process, so that garbage of one does not affect the other. */
class StoreProcess {
  private readonly child = fork(__filename, ['serve'], { execArgv: [...process.execArgv, '--expose-gc'] });

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

/** Memory of a process that has just created open tickets; what one adds is the difference between two numbers of them. */
async function ticketMemory(folder: string): Promise<{ ticketsRssMb: number; ticketKb: number }> {
  const rss = async (open: number) => {
    const process = new StoreProcess();
    try {
      await process.run('fill', { folder: join(folder, `tickets-${open}`), closed: 0, open });
      return (await process.run('memory', {})).rssMb!;
    } finally {
      process.end();
    }
  };
  const [half, all] = [await rss(TICKETS / 2), await rss(TICKETS)];
  return { ticketsRssMb: all, ticketKb: ((all - half) * 1000) / (TICKETS / 2) };
}

/** Runs the benchmark and returns its results. */
export async function storeBench(): Promise<StoreBenchResult> {
  const folder = await mkdtemp(join(tmpdir(), 'switchboard-bench-'));
  const few = new StoreProcess();
  const many = new StoreProcess();
  try {
    const tickets = await ticketMemory(folder);
    await few.run('fill', { folder: join(folder, 'few'), closed: 0, open: FEW });
    await many.run('fill', { folder: join(folder, 'many'), closed: CLOSED, open: OPEN });
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
    const memory = await many.run('memory', {});
    const search = await many.run('search', {});
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
      exactMs: search.exactMs!,
      firstResultsMs: search.firstResultsMs!,
      searchMs: search.searchMs!,
      searchStallMs: search.stallMs!,
      openMs: finish.openMs!,
      openStallMs: finish.stallMs!,
      heapMb: memory.heapMb!,
      rssMb: memory.rssMb!,
      ...tickets,
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
