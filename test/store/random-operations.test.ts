import assert from 'node:assert/strict';
import { mkdir } from 'node:fs/promises';
import { LowdbStore } from '../../src/store/lowdb-store.js';
import type { Change, DeliveryState, ListQuery, MessageState, Store } from '../../src/store/store.js';
import { statesAfter } from '../../src/store/transitions.js';
import { storeContract } from './contract.js';
import { crashCopy } from './crash-copy.js';
import { everything } from './everything.js';
import { newFolder, removeFolders } from './folders.js';
import { ModelStore } from './model-store.js';
import { randomFrom } from './random.js';
import { conversation, delivery, link, message } from './records.js';

const MESSAGE_STATES: readonly MessageState[] = ['received', 'settled', 'failed', 'needsDecision', 'skipped'];
const DELIVERY_STATES: readonly DeliveryState[] = [
  'pending',
  'sending',
  'inDoubt',
  'delivered',
  'failed',
  'needsDecision',
  'skipped',
  'merged',
];
const RUNS = 20;
const STEPS = 300;
const SEED = Number(process.env.SWB_SEED ?? Date.now() % 1_000_000);

async function newModel(): Promise<ModelStore> {
  const spool = `${await newFolder()}/spool`;
  await mkdir(spool, { mode: 0o700 });
  return new ModelStore(spool);
}

storeContract('The model for comparison', newModel, async (store) => {
  await store.close();
  await store.open();
  return store;
});

describe('LowdbStore under random operations', () => {
  after(removeFolders);

  it(`returns the same results as the model, including restarts and compactions (SWB_SEED=${SEED})`, async () => {
    for (let run = 0; run < RUNS; run++) await compare(SEED + run);
  });
});

async function compare(seed: number): Promise<void> {
  const random = randomFrom(seed);
  const pick = <T>(values: readonly T[]): T => values[Math.floor(random() * values.length)]!;
  const chance = (share: number) => random() < share;
  const number = (most: number) => Math.floor(random() * most);
  const model = await newModel();
  // Segments of a few commits, so that there are many of them.
  let options = { folder: await newFolder(), segmentBytes: 2000, shardBytes: 3000, retentionDays: 100_000 };
  let store = new LowdbStore(options);
  await store.open();
  let now = 1000;

  const maybe = <T>(value: T): T | undefined => (chance(0.5) ? value : undefined);
  const bodies = () =>
    maybe({ [pick(['received', 'read'])]: pick<unknown>([1, 'Straße', { a: [null] }, '漢字'.repeat(number(50))]) });
  const warning = () =>
    maybe({ code: 'SWB_UNMAPPED', message: 'left out', at: '', ...(chance(0.5) && { seen: { at: '', by: 'ann' } }) });
  const day = () => `2026-03-0${1 + number(3)}T10:00:00.000Z`;
  const version = async (kind: 'message' | 'delivery' | 'conversation', id: string) =>
    chance(0.05) ? number(4) : ((await model[kind](id))?.version ?? 0);

  /** Mostly one that is allowed next. */
  async function state<S extends string>(kind: 'message' | 'delivery', id: string, all: readonly S[]): Promise<S> {
    const before = (await model[kind](id))?.state;
    return pick(chance(0.05) ? all : all.filter((one) => one === before || statesAfter(kind, before).includes(one)));
  }

  async function change(): Promise<Change> {
    const kind = pick(['message', 'delivery', 'conversation', 'setting'] as const);
    if (kind === 'setting') return { kind, key: `s${number(3)}`, value: maybe(number(9)) };
    if (kind === 'message') {
      const id = `${pick(['m', 'M'])}${number(15)}`;
      const record = message(id, {
        version: await version(kind, id),
        node: pick(['in-1', 'in-2']),
        origin: pick(['webhook', 'answer']),
        key: chance(0.9) ? id : `k${number(5)}`,
        state: await state(kind, id, MESSAGE_STATES),
        outcome: maybe(pick(['routed', 'unrouted'] as const)),
        notBefore: maybe(now + number(20)),
        conversation: maybe(`c${number(8)}`),
        number: maybe(`INC${number(30)}`),
        warning: warning(),
      });
      return { kind, record, bodies: bodies(), ifAbsent: chance(0.2) };
    }
    if (kind === 'delivery') {
      const n = number(15);
      const id = `d${n}`;
      const record = delivery(id, {
        version: await version(kind, id),
        conversation: `c${number(4)}`,
        message: `m${number(15)}`,
        // A delivery never changes its endpoint or lane.
        endpoint: n % 4 ? 'csp' : 'jira',
        lane: `lane-${n % 3}`,
        part: chance(0.9) ? id : 'entity',
        state: await state(kind, id, DELIVERY_STATES),
        waitsFor: chance(0.1) ? 'link' : undefined,
        blocking: chance(0.3),
        notBefore: maybe(now + number(20)),
        number: maybe(`TT-${number(30)}`),
        error: warning(),
      });
      const start = chance(0.2) ? { ...record, state: 'sending' as const, tries: 1 } : undefined;
      return { kind, record: start ? { ...record, state: 'pending' } : record, bodies: bodies(), ifAbsent: chance(0.2), start };
    }
    const id = `c${number(8)}`;
    const record = conversation(id, {
      version: await version(kind, id),
      title: maybe(`${pick(['Line', 'Tone', 'Cable'])} ${pick(['down', 'slow', 'dead'])} ${number(20)}`),
      reference: chance(0.95) ? `SWB-${id}` : 'SWB-c1',
      state: pick(['open', 'closed']),
      updatedAt: day(),
      links: Array.from({ length: number(3) }, (_, leg) =>
        link(`${id}-${leg}-${number(3)}`, { endpoint: pick(['acme', 'csp']), number: maybe(`INC${number(30)}`) }),
      ),
    });
    if (chance(0.05)) record.links.push(link('shared'));
    if (chance(0.1)) record.aliases = [`SWB-old-${number(4)}`];
    return { kind, record, ...(chance(0.1) && { gone: true as const }) };
  }

  const query = (): ListQuery => ({
    limit: 1 + number(8),
    before: chance(0.2) ? `${pick(['m', 'd', 'c'])}${number(15)}` : undefined,
    states: chance(0.3) ? [pick(['received', 'failed', 'needsDecision', 'pending', 'open', 'settled', 'delivered'])] : undefined,
    from: chance(0.2) ? `${pick(['m', 'd', 'c'])}${number(15)}` : undefined,
    outcomes: chance(0.1) ? [pick(['routed', 'unrouted'] as const)] : undefined,
    warned: chance(0.3) ? pick([true, 'unseen'] as const) : undefined,
    endpoint: chance(0.2) ? pick(['acme', 'csp', 'jira']) : undefined,
    entityType: chance(0.2) ? pick(['incident', 'troubleTicket']) : undefined,
    conversation: chance(0.2) ? `c${number(8)}` : undefined,
    message: chance(0.2) ? `m${number(15)}` : undefined,
    search: maybe(
      pick([
        'inc',
        'INC1',
        'tt-2',
        'swb-c',
        'swb-old',
        'm1',
        'M',
        'c1',
        'd',
        'sys-',
        'c2-1',
        'nothing',
        'line',
        'slo ton',
        'down cable',
        '1',
      ]),
    ),
  });
  const both = async (what: string, ask: (of: Store) => Promise<unknown>) => {
    const [expected, actual] = await Promise.all([model, store].map((of) => ask(of).catch((error) => ({ error: error.code }))));
    assert.deepEqual(actual, expected, `${what} (SWB_SEED=${seed})`);
  };
  const leased: { kind: 'message' | 'delivery'; id: string }[] = [];
  const claim = async (kind: 'message' | 'delivery') => {
    const [owner, limit] = [pick(kind === 'message' ? ['acme|incident', 'in-1', 'in-2'] : ['csp', 'jira']), 1 + number(3)];
    if (kind === 'delivery') return claimDeliveries(owner, limit);
    await both(`claim ${kind}`, async (of) => {
      const records = await of.claimMessages(owner, limit, now);
      if (of === model) leased.push(...records.map(({ id }) => ({ kind, id })));
      return records;
    });
  };
  /** The contract tests whose turn it is: lanes that were given up and begun again in a failed commit begin to wait again. */
  const claimDeliveries = async (owner: string, limit: number) => {
    const claimed = await store.claimDeliveries(owner, limit, now);
    const due = model.dueDeliveries(owner, now);
    const ids = claimed.map(({ id }) => id);
    assert.equal(claimed.length, Math.min(limit, due.length), `claims (SWB_SEED=${seed})`);
    assert.ok(
      ids.every((id) => due.some((record) => record.id === id)),
      `claims (SWB_SEED=${seed})`,
    );
    assert.deepEqual(model.leaseDeliveries(ids), claimed, `claims (SWB_SEED=${seed})`);
    leased.push(...ids.map((id) => ({ kind: 'delivery' as const, id })));
  };
  const reopen = async () => {
    if (chance(0.5)) {
      await store.commit([]);
      const folder = await newFolder();
      await crashCopy(options.folder, folder);
      await store.close();
      options = { ...options, folder };
    } else {
      await store.close();
    }
    await model.close();
    store = new LowdbStore(options);
    await store.open();
    await model.open();
    leased.length = 0;
  };

  /** By cumulative probability. */
  const steps: [upTo: number, step: () => Promise<void>][] = [
    [
      0.6,
      async () => {
        const changes: Change[] = [];
        for (let i = number(3); i >= 0; i--) changes.push(await change());
        const durable = chance(0.7);
        await both('commit', (of) => of.commit(structuredClone(changes), { durable }));
      },
    ],
    [0.68, () => claim('message')],
    [0.76, () => claim('delivery')],
    [
      0.82,
      async () => {
        const lease = leased.splice(number(leased.length), 1)[0];
        if (lease) await both('release', (of) => of.release(lease.kind, [lease.id]));
      },
    ],
    [
      0.92,
      async () => {
        const asked = query();
        await both(`messages ${JSON.stringify(asked)}`, (of) => of.listMessages(asked));
        await both(`deliveries ${JSON.stringify(asked)}`, (of) => of.listDeliveries(asked));
        const position = (id: string | undefined) => id && `${day()}|${id}`;
        const byChange = { ...asked, before: position(asked.before), from: position(asked.from) };
        await both(`conversations ${JSON.stringify(byChange)}`, (of) => of.listConversations(byChange));
        await both('open deliveries', (of) => of.openDeliveries('c1'));
        await both('by link', (of) => of.conversationByLink('acme', 'incident', 'c1-0-1'));
        await both('by reference', (of) => of.conversationByReference('SWB-c1'));
        await both('by alias', (of) => of.conversationByReference('SWB-old-1'));
      },
    ],
    [0.94, () => store.compact()],
    // In the background, while the next steps go on.
    [
      0.95,
      async () => {
        void store.compact();
      },
    ],
    [0.97, () => store.retain()],
    [1, reopen],
  ];

  for (let step = 0; step < STEPS; step++) {
    now += number(5);
    const at = random();
    await steps.find(([upTo]) => at < upTo)?.[1]();
    await both('counts', (of) => of.counts());
    await both('oldestWaiting', (of) => of.oldestWaiting());
  }
  await both('everything', everything);
  await reopen();
  await both('everything, restarted', everything);
  await store.close();
}
