import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type HubState, HubSubscription, type HubSubscriptionOptions } from '../../src/delivery/hub-subscription.js';
import { createTmf621Client, type Tmf621Client } from '../../src/endpoints/tmf621/client.js';
import { PartnerError } from '../../src/errors.js';
import { createHttpClient } from '../../src/http/http-client.js';
import { PATIENCE } from '../patience.js';
import { type Form, HubProvider } from './hub-provider.js';
import { ManualClock } from './hub-rig.js';
import { Rig } from './rig.js';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

describe('a registration at a hub', () => {
  let folder: string;
  let rig: Rig;
  let provider: HubProvider;
  let client: Tmf621Client;
  let time: ManualClock;
  let subscription: HubSubscription | undefined;
  let states: HubState[];
  let catchUps: number;
  let failing: Error | undefined;
  const notices: string[] = [];
  const troubles: string[] = [];

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'switchboard-hub-'));
    rig = await new Rig(folder).start();
    provider = await new HubProvider().start();
    client = createTmf621Client({
      id: 'p',
      name: 'North',
      http: createHttpClient({
        name: 'North',
        baseUrl: provider.url,
        auth: { kind: 'none' },
        timeout: PATIENCE,
        rateLimit: 0,
        concurrency: 4,
      }),
      version: 'v4',
      profile: 'standard',
      arrayMode: 'replace',
      clock: Date.now,
    });
    time = new ManualClock();
    catchUps = 0;
    failing = undefined;
    states = [];
    notices.length = 0;
    troubles.length = 0;
  });
  afterEach(async () => {
    await subscription?.stop(false);
    subscription = undefined;
    client.close();
    await provider.stop();
    await rig.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  const begin = async (changes: Partial<HubSubscriptionOptions> = {}) => {
    subscription = new HubSubscription({
      broker: rig.broker,
      hub: client,
      node: 'n',
      queue: 'p|troubleTicket',
      callback: 'https://broker/n',
      renewInterval: HOUR,
      time,
      catchUp: async () => {
        catchUps++;
        if (failing) throw failing;
      },
      onRegistered: (state) => states.push(state),
      onError: (error) => troubles.push(String(error)),
      onNotice: (text) => notices.push(text),
      ...changes,
    });
    await subscription.start();
    await time.next();
  };
  const end = async (removed = false) => {
    await subscription?.stop(removed);
    subscription = undefined;
  };
  const restart = async () => {
    await end();
    time.restart();
    await begin();
  };
  /** A change that polling found, settled with `outcome`. */
  const findByPolling = async (id: string, outcome: 'routed' | 'ignored' = 'routed') => {
    await rig.broker.inbox.accept([
      { node: 'n', origin: 'poll', endpoint: 'p', entityType: 'troubleTicket', entityId: id, key: `poll|${id}`, payload: {} },
    ]);
    const record = (await rig.store.listMessages({ endpoint: 'p', limit: 50 })).find(({ entityId }) => entityId === id)!;
    await rig.store.commit([{ kind: 'message', record: { ...record, state: 'settled', outcome } }]);
  };

  const TAKEN: Form[] = [
    ...(['id', 'ok', 'created', 'noContent', 'emptyObject', 'location', 'elsewhere', 'list', 'wrapper'] as const),
    ...(['conflict', 'conflictWithId', 'cut', 'badGateway', 'accepted'] as const),
  ];
  for (const form of TAKEN) {
    for (const listed of [true, false]) {
      it(`answered "${form}" is made once during an hour of deploys and restarts (${listed ? 'listed' : 'not listed'})`, async () => {
        Object.assign(provider, { form, listed });
        await begin();
        for (let deploy = 0; deploy < 5; deploy++) {
          await time.pass(5 * MINUTE);
          await end();
          await begin();
        }
        assert.equal(provider.posts, 1);
        for (let start = 0; start < 5; start++) {
          await time.pass(5 * MINUTE);
          await restart();
        }
        await time.pass(5 * MINUTE);
        assert.equal(provider.live.size, 1);
        assert.ok(provider.most <= 2);
        assert.equal(states.at(-1)?.certain, listed || !['cut', 'badGateway', 'accepted'].includes(form));
      });
    }

    it(`answered "${form}" is removed with its node where the provider lists it`, async () => {
      Object.assign(provider, { form, listed: true });
      await begin();
      await time.pass(MINUTE);
      await end(true);
      assert.equal(provider.live.size, 0);
      assert.deepEqual(notices, []);
      assert.equal(await rig.store.setting('hub|n'), undefined);
    });
  }

  for (const form of ['id', 'location', 'elsewhere', 'list', 'wrapper', 'conflictWithId'] as const) {
    it(`answered "${form}" is removed with its node by the id it was given`, async () => {
      provider.form = form;
      await begin();
      await end(true);
      assert.equal(provider.live.size, 0);
      assert.deepEqual(notices, []);
    });
  }

  for (const form of ['created', 'cut', 'conflict'] as const) {
    it(`answered "${form}", whose id is not known, is reported as left behind when its node is removed, and assumed to exist when the node is restored`, async () => {
      provider.form = form;
      await begin();
      await end(true);
      assert.match(notices.join(), /may still exist.*Have it removed there/);
      assert.doesNotMatch(notices.join(), new RegExp(String([...provider.live.values()][0]?.callback)), 'no secret in the log');
      await begin();
      await time.pass(HOUR);
      assert.equal(provider.posts, 1);
    });
  }

  for (const form of ['notReached', 'notHtml', 'notError', 'notGateway'] as const) {
    it(`answered "${form}" does not count, and is made once the hub answers`, async () => {
      provider.form = form;
      await begin();
      await time.pass(10 * MINUTE);
      assert.equal(provider.live.size, 0);
      assert.equal(states.length, 0);
      assert.ok(troubles.length > 1);
      const { posts } = provider;
      assert.ok(posts < 30, `${posts} tries`);
      provider.form = 'id';
      await time.pass(11 * MINUTE);
      assert.equal(provider.live.size, 1);
      assert.equal(states.at(-1)?.certain, true);
    });
  }

  it('whose connection was cut before it took effect is repeated where the list does not show it', async () => {
    Object.assign(provider, { form: 'notCut', listed: true });
    await begin();
    provider.form = 'id';
    await time.pass(MINUTE);
    assert.equal(provider.live.size, 1);
    assert.equal(provider.posts, 2);
  });

  it('whose connection was cut before it took effect is repeated when a change has no event, where there is no list', async () => {
    provider.form = 'notCut';
    await begin();
    provider.form = 'id';
    await time.pass(2 * MINUTE);
    assert.ok(catchUps >= 2, 'it polls for changes');
    await findByPolling('t1');
    await time.pass(2 * MINUTE);
    assert.equal(provider.live.size, 1);
  });

  it('that took effect just before the process died is not made twice', async () => {
    provider.listed = true;
    const died = new Error('the process died');
    const commit = rig.store.commit.bind(rig.store);
    await begin({
      hub: Object.assign(Object.create(client) as Tmf621Client, {
        registerHub: async (callback: string) => {
          await client.registerHub(callback);
          rig.store.commit = () => Promise.reject(died);
          throw died;
        },
      }),
    });
    rig.store.commit = commit;
    await restart();
    await time.pass(5 * MINUTE);
    assert.equal(provider.live.size, 1);
    assert.equal(provider.posts, 1);
  });

  it('that exists several times is reduced to one where the provider lists them', async () => {
    await begin();
    const [one] = provider.live.values();
    await end();
    for (const id of ['a', 'b', 'c']) provider.live.set(id, one!);
    provider.live.set('other', { callback: 'https://other/one' });
    provider.listed = true;
    await restart();
    assert.equal([...provider.live.values()].filter(({ callback }) => callback === one!.callback).length, 1);
    assert.ok(provider.live.has('other'));
  });

  for (const way of ['read', 'listed'] as const) {
    it(`that a restarted provider has lost is made again within minutes, and missed changes are read (${way})`, async () => {
      provider[way] = true;
      await begin();
      await time.pass(HOUR);
      const before = catchUps;
      provider.live.clear();
      await time.pass(2 * MINUTE);
      assert.equal(provider.live.size, 1);
      assert.equal(catchUps, before + 1);
      assert.match(notices.join(), /no longer had our registration/);
    });

    for (const instead of ['gateway', 'html', 'error'] as const) {
      it(`does not count as lost when something other than the hub answers (${way}, ${instead})`, async () => {
        provider[way] = true;
        await begin();
        provider.instead = instead;
        await time.pass(10 * MINUTE);
        assert.equal(provider.posts, 1);
        assert.ok(troubles.length > 0);
        provider.instead = undefined;
        await time.pass(2 * MINUTE);
        assert.equal(provider.live.size, 1);
        assert.equal(provider.posts, 1);
      });
    }
  }

  for (const instead of ['gateway', 'html', 'error'] as const) {
    it(`does not count as removed when something other than the hub answers (${instead}), and is removed when its node is restored`, async () => {
      await begin();
      provider.instead = instead;
      await end(true);
      assert.match(notices.join(), /could not be removed: h1/);
      provider.instead = undefined;
      await begin();
      assert.deepEqual([...provider.live.keys()], ['h2']);
    });
  }

  it('that the provider does not show is made again when a change has no event', async () => {
    await begin();
    await time.pass(10 * MINUTE);
    provider.live.clear();
    await findByPolling('t1');
    await time.pass(2 * MINUTE);
    assert.equal(provider.live.size, 1);
    assert.match(notices.join(), /sent no event for a change/);
  });

  it('is not made again for echoes, nor while events arrive', async () => {
    await begin();
    await time.pass(10 * MINUTE);
    await findByPolling('ours', 'ignored');
    await time.pass(5 * MINUTE);
    await findByPolling('t1');
    subscription?.eventReceived();
    await time.pass(5 * MINUTE);
    assert.equal(provider.posts, 1);
    assert.ok(states.at(-1)?.lastEvent);
  });

  it('at a provider that omits some changes is made again less and less often', async () => {
    provider.form = 'created';
    await begin();
    for (let minute = 0; minute < 600; minute += 2) {
      await time.pass(2 * MINUTE);
      await findByPolling(`t${minute}`);
    }
    assert.ok(provider.posts <= 9, `${provider.posts} registrations in ten hours`);
  });

  it('that the provider does not show is renewed at the interval, unless events arrive', async () => {
    await begin();
    await time.pass(61 * MINUTE);
    assert.equal(provider.posts, 2);
    assert.deepEqual([...provider.live.keys()], ['h2']);
    await time.pass(30 * MINUTE);
    subscription?.eventReceived();
    await time.pass(45 * MINUTE);
    assert.equal(provider.posts, 2);
  });

  for (const knows of ['same', 'conflict'] as const) {
    it(`is renewed once per start at a provider that recognises it (${knows})`, async () => {
      provider.knows = knows;
      await begin();
      for (let start = 0; start < 5; start++) await restart();
      await time.pass(3 * HOUR);
      assert.deepEqual([...provider.live.keys()], ['h1']);
    });
  }

  it('is neither renewed nor lost when the clock is set', async () => {
    let clock = Date.now();
    Object.assign(rig.broker, { clock: () => clock });
    await begin();
    for (const jump of [-HOUR * 24 * 365, HOUR * 24 * 365 * 2, -HOUR]) {
      clock += jump;
      await time.pass(MINUTE);
      await end();
      await begin();
    }
    assert.equal(provider.posts, 1);
    clock -= HOUR * 24;
    await time.pass(62 * MINUTE);
    assert.equal(provider.posts, 2, 'the interval is independent of the wall clock');
    await restart();
    assert.equal(provider.posts, 3, 'renewed by a new process');
    assert.equal(provider.live.size, 1);
  });

  it('whose former one may not be removed counts as made, and no further ones are made', async () => {
    await begin();
    provider.instead = 'gateway';
    await time.pass(5 * HOUR);
    assert.equal(provider.posts, 2);
    assert.deepEqual(troubles, []);
    assert.equal(notices.filter((text) => /former registration h1/.test(text)).length, 1);
    provider.instead = undefined;
    await time.pass(2 * MINUTE);
    assert.equal(provider.live.size, 1);
  });

  it('that cannot be removed is not renewed at the interval, and is reported as left behind', async () => {
    provider.ends = false;
    await begin();
    await time.pass(61 * MINUTE);
    assert.equal(provider.posts, 2);
    await time.pass(5 * HOUR);
    assert.equal(provider.posts, 2);
    await end(true);
    assert.match(notices.join(), /could not be removed: h2/);
  });

  it('reads missed changes at the start, and after the provider was down', async () => {
    provider.read = true;
    await begin();
    assert.equal(catchUps, 1);
    failing = new Error('the partner is away');
    await time.pass(20 * MINUTE);
    assert.ok(troubles.length > 0);
    failing = undefined;
    const before = catchUps;
    await time.pass(MINUTE);
    assert.equal(catchUps, before + 1);
  });

  it('is kept while missed changes cannot be read, and reports what fails', async () => {
    const parts: string[] = [];
    failing = new Error('the list is away');
    await begin({ onError: (_error, _retryAt, part) => parts.push(part) });
    assert.deepEqual(parts, ['poll']);
    assert.equal(states.at(-1)?.certain, true);
    await time.pass(10 * MINUTE);
    assert.equal(provider.posts, 1);
  });

  it('is kept where changes can never be read, which is reported once', async () => {
    failing = new PartnerError('SWB_PARTNER_AUTH', 'answered 403', { outcome: 'notDone', retry: false, status: 403 });
    await begin();
    await time.pass(HOUR / 2);
    assert.equal(notices.length, 1);
    assert.match(notices.join(), /cannot be read.*403/);
    assert.deepEqual(troubles, []);
  });

  it('polls less often where a poll takes long', async () => {
    const ask = async () => {
      catchUps++;
      time.skip(20_000);
    };
    await begin({ catchUp: ask });
    await time.pass(HOUR);
    assert.ok(catchUps <= 5, `${catchUps} in an hour`);
  });

  it('that the provider claims to have without sending events is reported, and changes are read', async () => {
    Object.assign(provider, { form: 'created', knows: 'conflict' });
    await begin();
    await time.pass(10 * MINUTE);
    await findByPolling('t1');
    const before = catchUps;
    await time.pass(2 * MINUTE);
    assert.match(notices.join(), /says that we are registered, but sends no events/);
    assert.ok(catchUps > before);
    assert.deepEqual(troubles, []);
  });

  it('at a system without a hub is a wrong setting, and does not count as made', async () => {
    const hub = createTmf621Client({
      ...{ id: 'p', name: 'SN', version: 'v4', profile: 'servicenow', arrayMode: 'replace', clock: Date.now },
      http: createHttpClient({
        name: 'SN',
        baseUrl: provider.url,
        auth: { kind: 'none' },
        timeout: PATIENCE,
        rateLimit: 0,
        concurrency: 1,
      }),
    });
    await begin({ hub });
    await time.pass(5 * MINUTE);
    assert.match(troubles.at(-1) ?? '', /has no hub/);
    assert.equal(states.length, 0);
    assert.deepEqual(provider.calls, []);
    hub.close();
  });

  it('keeps the watermark recent while events arrive', async () => {
    await begin();
    for (let minute = 0; minute < 60; minute++) {
      subscription?.eventReceived();
      await time.pass(MINUTE);
    }
    assert.ok(catchUps >= 4 && catchUps <= 6, `${catchUps} in an hour`);
  });

  it('that the provider shows without sending events is reported', async () => {
    provider.read = true;
    await begin();
    await time.pass(10 * MINUTE);
    await findByPolling('t1');
    await time.pass(2 * MINUTE);
    assert.equal(provider.posts, 1);
    assert.match(notices.join(), /sends no events/);
  });
});
