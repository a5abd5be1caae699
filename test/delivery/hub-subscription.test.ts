import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type HubState, HubSubscription, type HubSubscriptionOptions } from '../../src/delivery/hub-subscription.js';
import { MONOTONIC_CLOCK } from '../../src/delivery/monotonic-clock.js';
import type { Hub } from '../../src/endpoints/hub.js';
import { PartnerError } from '../../src/errors.js';
import { until } from '../live/node-red.js';
import { PATIENCE } from '../patience.js';
import { Rig } from './rig.js';

/** A provider's hub in memory. */
class TestHub implements Hub {
  address = 'https://provider/one';
  readonly registered = new Map<string, { callback: string; query?: string }>();
  readonly calls: string[] = [];
  /** Smallest number of subscriptions since the first registration: with none, events are lost. */
  fewest = Number.POSITIVE_INFINITY;
  /** False: registrations cannot be queried, as in v4. */
  shows = true;
  /** Accepts one subscription only (409). */
  single = false;
  faults = 0;
  private next = 0;

  async registerHub(callback: string, query?: string) {
    this.calls.push('register');
    if (this.faults-- > 0) throw refusal(503, true);
    if (this.single && this.registered.size > 0) return { already: true };
    const id = `h${++this.next}`;
    this.registered.set(id, { callback, ...(query && { query }) });
    if (this.fewest === Number.POSITIVE_INFINITY) this.fewest = 1;
    return { id };
  }
  async unregisterHub(id: string) {
    this.calls.push(`unregister ${id}`);
    this.registered.delete(id);
    this.fewest = Math.min(this.fewest, this.registered.size);
    return true;
  }
  async hubExists(id: string) {
    return this.shows ? this.registered.has(id) : undefined;
  }
  async hubsOf() {
    return undefined;
  }
}

const refusal = (status: number, retry: boolean) =>
  new PartnerError(retry ? 'SWB_PARTNER_UNAVAILABLE' : 'SWB_PARTNER_REFUSED', `answered ${status}`, {
    outcome: 'notDone',
    retry,
    status,
  });

describe('a subscription at a hub', () => {
  let folder: string;
  let rig: Rig;
  let hub: TestHub;
  let running: HubSubscription[];
  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'switchboard-hub-'));
    rig = await new Rig(folder).start();
    hub = new TestHub();
    running = [];
  });
  afterEach(async () => {
    for (const subscription of running) await subscription.stop(false);
    await rig.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  const troubles: string[] = [];
  const notices: string[] = [];
  /** Starts a subscription and waits until it is registered. */
  const begin = async (changes: Partial<HubSubscriptionOptions> = {}) => {
    let registered = 0;
    const subscription = new HubSubscription({
      broker: rig.broker,
      hub,
      node: 'n',
      queue: 'p|troubleTicket',
      callback: 'https://broker/n',
      renewInterval: PATIENCE,
      catchUp: async () => undefined,
      onError: (error) => troubles.push(String(error)),
      onNotice: (text) => notices.push(text),
      ...changes,
      onRegistered: (state) => {
        registered++;
        changes.onRegistered?.(state);
      },
    });
    running.push(subscription);
    const secret = await subscription.start();
    await until('the registration', () => registered > 0);
    return { subscription, secret, times: () => registered };
  };
  const callbacks = () => [...hub.registered.values()].map((s) => s.callback);

  it('gets another secret without a moment without registration; the former one is accepted until the next renewal', async () => {
    const accepted: (string | undefined)[][] = [];
    const { subscription, secret } = await begin({ onSecret: (secret, former) => accepted.push([secret, former]) });
    await subscription.renewSecret();
    const [, [second, former] = []] = accepted;
    assert.equal(former, secret);
    assert.notEqual(second, secret);
    await until('the new registration alone', () => callbacks().join() === `https://broker/n/${second}`);
    assert.equal(hub.fewest, 1, 'registered before the former one is removed');
    await subscription.stop(false);
    const again = await begin({ onSecret: (secret, former) => accepted.push([secret, former]) });
    assert.deepEqual(accepted.at(-1), [second, secret], 'also after a restart');
    assert.equal(hub.calls.filter((call) => call === 'register').length, 2);
    await again.subscription.renewSecret();
    assert.equal(accepted.at(-1)?.[1], second, 'the first one is accepted no more');
  });

  it('is not certain from the renewal of its secret until the provider has the new callback', async () => {
    const states: HubState[] = [];
    const renewals: (boolean | undefined)[] = [];
    const { subscription } = await begin({
      onRegistered: (state) => states.push(state),
      onSecret: (_secret, _former, isRenewed) => renewals.push(isRenewed),
    });
    await subscription.renewSecret();
    assert.deepEqual([states.at(-1)?.certain, states.at(-1)?.since], [false, undefined]);
    await until('the new registration', () => states.at(-1)?.certain && states.at(-1)?.since);
    assert.deepEqual(renewals, [false, true]);
  });

  it('gets no other secret while the last one is not registered', async () => {
    const { subscription } = await begin();
    hub.faults = 1;
    await subscription.renewSecret();
    await assert.rejects(subscription.renewSecret(), /not registered yet/);
  });

  it('is made with a secret in its callback, and not repeated by a deploy', async () => {
    for (hub.shows of [true, false]) {
      const { subscription, secret } = await begin();
      assert.ok(secret.length >= 32);
      await subscription.stop(false);
      const again = await begin();
      assert.equal(again.secret, secret);
      assert.deepEqual(callbacks(), [`https://broker/n/${secret}`]);
      assert.deepEqual(hub.calls, ['register']);
      await again.subscription.stop(false);
    }
  });

  it('is not made where our address is not known: changes are only polled', async () => {
    let polls = 0;
    const catchUp = async () => {
      polls++;
    };
    const onRegistered = () => assert.fail('registered');
    const options = { broker: rig.broker, queue: 'p|troubleTicket', hub, node: 'n', renewInterval: PATIENCE };
    const silent = { onError: assert.fail, onNotice: assert.fail };
    const subscription = new HubSubscription({ ...options, ...silent, catchUp, onRegistered });
    running.push(subscription);
    await subscription.start();
    await until('a poll', () => polls > 0);
    await subscription.stop(true);
    assert.deepEqual(hub.calls, []);
  });

  it('is made again where the provider has lost it', async () => {
    const { subscription } = await begin();
    await subscription.stop(false);
    hub.registered.clear();
    await begin();
    assert.equal(hub.registered.size, 1);
  });

  it('is renewed by a new process where the provider does not show it, before the former one is removed', async () => {
    hub.shows = false;
    const { subscription, secret } = await begin();
    await subscription.stop(false);
    const time = { ...MONOTONIC_CLOCK, run: 'another process' };
    const again = await begin({ time });
    assert.deepEqual(hub.calls, ['register', 'register', 'unregister h1']);
    assert.deepEqual(callbacks(), [`https://broker/n/${secret}`]);
    assert.ok(hub.fewest >= 1, 'there was always one');
    await again.subscription.stop(false);
    await begin({ time });
    assert.equal(hub.calls.length, 3, 'a deploy makes no new one');
  });

  it('is renewed where the provider does not show it, without a gap in which events are lost', async () => {
    hub.shows = false;
    const { times } = await begin({ renewInterval: 20 });
    await until('two renewals', () => times() >= 3);
    assert.deepEqual(hub.calls.slice(0, 3), ['register', 'register', 'unregister h1']);
    assert.ok(hub.fewest >= 1, 'there was always one');
    await running[0]?.stop(false);
    assert.equal(hub.registered.size, 1);
  });

  it('is kept at a provider that accepts one at a time, and answers that there is one', async () => {
    Object.assign(hub, { shows: false, single: true });
    const { times } = await begin({ renewInterval: 20 });
    await until('a renewal', () => times() >= 4);
    await running[0]?.stop(false);
    assert.deepEqual([...hub.registered.keys()], ['h1']);
    assert.deepEqual(hub.calls.slice(0, 2), ['register', 'register']);
  });

  it('follows our address at a provider that accepts one at a time', async () => {
    Object.assign(hub, { shows: false, single: true });
    const { subscription, secret } = await begin();
    await subscription.stop(false);
    await begin({ callback: 'https://elsewhere/n' });
    assert.deepEqual(callbacks(), [`https://elsewhere/n/${secret}`]);
    assert.deepEqual(hub.calls.slice(0, 4), ['register', 'register', 'unregister h1', 'register']);
  });

  it('follows our address and the filter', async () => {
    const { subscription, secret } = await begin();
    await subscription.stop(false);
    await begin({ callback: 'https://elsewhere/n', query: 'eventType=X' });
    assert.deepEqual([...hub.registered.values()], [{ callback: `https://elsewhere/n/${secret}`, query: 'eventType=X' }]);
  });

  for (const shows of [true, false]) {
    it(`is made at once at the provider’s new address, where nothing of the old one is removed (${shows ? 'shown' : 'not shown'})`, async () => {
      hub.shows = shows;
      const { subscription, secret } = await begin();
      await subscription.stop(false);
      hub = Object.assign(new TestHub(), { address: 'https://provider/two', shows });
      hub.registered.set('h1', { callback: 'https://somebody-else' });
      hub.registerHub = async (callback) => {
        hub.registered.set('h2', { callback });
        return { id: 'h2' };
      };
      const moved = await begin();
      assert.deepEqual(callbacks(), ['https://somebody-else', `https://broker/n/${secret}`]);
      await moved.subscription.stop(false);
      const again = await begin();
      await again.subscription.stop(true);
      assert.deepEqual(callbacks(), ['https://somebody-else']);
      assert.deepEqual(hub.calls, ['unregister h2'], 'and never h1');
    });
  }

  it('without a stored address is renewed once at the current one, and follows it from then on', async () => {
    hub.shows = false;
    const { subscription, secret } = await begin();
    await subscription.stop(false);
    const old = { secret, callback: `https://broker/n/${secret}`, id: 'h1', at: rig.broker.clock() };
    await rig.store.commit([{ kind: 'setting', key: 'hub|n', value: old }]);
    const upgraded = await begin();
    assert.deepEqual(hub.calls, ['register', 'register', 'unregister h1']);
    await upgraded.subscription.stop(false);
    hub.address = 'https://provider/two';
    await begin();
    assert.deepEqual(hub.calls.slice(3), ['register'], 'and nothing is removed there');
  });

  it('removes its predecessor later if the removal failed at first', async () => {
    const { subscription } = await begin();
    await subscription.stop(false);
    const unregister = hub.unregisterHub.bind(hub);
    hub.unregisterHub = async () => {
      throw refusal(503, true);
    };
    const moved = new HubSubscription({
      broker: rig.broker,
      hub,
      node: 'n',
      queue: 'p|troubleTicket',
      callback: 'https://elsewhere/n',
      renewInterval: PATIENCE,
      catchUp: async () => undefined,
      onRegistered: () => undefined,
      onError: (error) => troubles.push(String(error)),
      onNotice: (text) => notices.push(text),
    });
    await moved.start();
    await until('the new registration', () => hub.registered.size === 2);
    await moved.stop(false);
    hub.unregisterHub = unregister;
    await begin({ callback: 'https://elsewhere/n' });
    assert.equal(hub.registered.size, 1);
    assert.match(callbacks()[0] ?? '', /^https:\/\/elsewhere/);
  });

  it('is retried when the provider is down, and reports that', async () => {
    hub.faults = 1;
    troubles.length = 0;
    await begin();
    assert.match(troubles[0] ?? '', /503/);
    assert.equal(hub.registered.size, 1);
  });

  it('is removed with its node', async () => {
    const { subscription } = await begin();
    await subscription.stop(true);
    assert.equal(hub.registered.size, 0);
    const { secret } = await begin();
    assert.deepEqual(callbacks(), [`https://broker/n/${secret}`]);
  });
});
