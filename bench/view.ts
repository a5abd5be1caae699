import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { BrokerAccess } from '../nodes/sidebar/broker-access.js';
import { listMessages } from '../nodes/sidebar/view-model.js';
import type { Query } from '../nodes/sidebar/views.js';
import { createIdSource } from '../src/store/id.js';
import { LowdbStore } from '../src/store/lowdb-store.js';
import type { Change } from '../src/store/store.js';
import { inAnyState } from '../test/store/any-state.js';

/** Response time of the messages view with many messages in the store. */
const MESSAGES = 100_000;
/** Messages of one conversation, each with a delivery. */
const PER_CONVERSATION = 4;
const ROUNDS = 5;
const PLACES = ['Ghent', 'Bruges', 'Antwerp', 'Leuven', 'Namur', 'Liège', 'Mons', 'Ostend'];

export interface ViewBenchResult {
  /** Milliseconds of the first page, median; target < 200. */
  firstPageMs: number;
  /** Milliseconds of the slowest search or filter, median of its rounds; target < 200. */
  slowestMs: number;
  slowest: string;
}

const QUERIES: Record<string, Partial<Query>> = {
  'first page': {},
  'a number': { search: 'INC0012345' },
  'a prefix of many numbers': { search: 'INC' },
  'a partner’s number': { search: 'TT-0012345' },
  'a word in many titles': { search: 'ghent' },
  'a word in one title': { search: 'line 12345' },
  'no match': { search: 'nothing like it' },
  problems: { state: 'problems' },
  'one of many unrouted': { state: 'unrouted' },
  'an endpoint without messages': { endpoint: 'nobody' },
  'a rare entity type': { entityType: 'change' },
  'outgoing to one endpoint': { endpoint: 'csp', direction: 'outgoing' },
  'an hour long ago': { since: '2026-01-01T00:00:00Z', until: '2026-01-01T01:00:00Z' },
};

/** Runs the benchmark and returns its results. */
export async function viewBench(): Promise<ViewBenchResult> {
  const folder = await mkdtemp(join(tmpdir(), 'switchboard-view-'));
  const store = inAnyState(new LowdbStore({ folder }));
  await store.open();
  try {
    await fill(store);
    const desks: BrokerAccess[] = [{ id: 'store', store, client: () => undefined, worker: () => undefined }];
    const times: Record<string, number> = {};
    for (const [name, query] of Object.entries(QUERIES)) {
      const rounds: number[] = [];
      for (let round = 0; round < ROUNDS; round++) {
        const before = performance.now();
        await listMessages(desks, { search: '', state: 'all', direction: 'either', limit: 50, ...query }, (id) => id);
        rounds.push(performance.now() - before);
      }
      times[name] = rounds.sort((a, b) => a - b)[Math.floor(ROUNDS / 2)]!;
      console.log(`  ${name}: ${times[name].toFixed(1)} ms`);
    }
    const [slowest, slowestMs] = Object.entries(times).reduce((a, b) => (b[1] > a[1] ? b : a));
    return { firstPageMs: times['first page']!, slowestMs, slowest };
  } finally {
    await store.close();
    await rm(folder, { recursive: true, force: true });
  }
}

async function fill(store: LowdbStore): Promise<void> {
  const ids = createIdSource();
  let changes: Change[] = [];
  for (let n = 0; n < MESSAGES; n++) {
    const at = new Date().toISOString();
    const topic = Math.floor(n / PER_CONVERSATION);
    const conversation = `SWB-${String(topic).padStart(7, '0')}`;
    const [number, ticket] = [`INC${String(topic).padStart(7, '0')}`, `TT-${String(topic).padStart(7, '0')}`];
    const message = ids();
    if (n % PER_CONVERSATION === 0) {
      const link = { leg: '', lastKnown: {}, raw: { short_description: 'x' }, writtenBy: {}, seen: [], since: at };
      changes.push({
        kind: 'conversation',
        record: {
          id: conversation,
          version: 0,
          reference: conversation,
          entity: 'incident',
          title: `No dial tone in ${PLACES[topic % PLACES.length]}, line ${topic}`,
          state: 'closed',
          links: [
            { ...link, endpoint: 'acme', entityType: 'incident', id: `sys-${topic}`, number, origin: 'theirs' },
            { ...link, endpoint: 'csp', entityType: 'troubleTicket', id: `tmf-${topic}`, number: ticket, origin: 'ours' },
          ],
          written: [],
          createdAt: at,
          updatedAt: at,
        },
      });
    }
    const unrouted = n === 100;
    changes.push({
      kind: 'message',
      record: {
        id: message,
        version: 0,
        node: 'in',
        origin: 'webhook',
        endpoint: 'acme',
        entityType: 'incident',
        entityId: `sys-${topic}`,
        number,
        key: `${n}`,
        receivedAt: at,
        state: n % 1000 === 7 ? 'failed' : 'settled',
        outcome: n % 1000 === 7 ? undefined : unrouted ? 'unrouted' : 'routed',
        conversation,
        emissions: 1,
      },
    });
    changes.push({
      kind: 'delivery',
      record: {
        id: ids(),
        version: 0,
        message,
        conversation,
        node: 'out',
        endpoint: 'csp',
        entityType: 'troubleTicket',
        leg: '',
        part: 'entity',
        lane: `${conversation}|csp`,
        state: 'delivered',
        tries: 1,
        attempts: [],
        entityId: `tmf-${topic}`,
        number: ticket,
        answers: false,
        createdAt: at,
        updatedAt: at,
      },
    });
    if (changes.length > 600) {
      await store.commit(changes);
      changes = [];
    }
  }
  await store.commit(changes);
}

if (require.main === module) {
  viewBench().then((result) => console.log(result));
}
