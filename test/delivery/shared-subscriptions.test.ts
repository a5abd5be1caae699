import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SharedSubscriptions, type Subscriber } from '../../src/delivery/shared-subscriptions.js';
import { until } from '../live/node-red.js';
import { PATIENCE } from '../patience.js';
import { Rig } from './rig.js';

/** A provider's hub in memory that lists its registrations. */
class Hub {
  address = 'http://provider/hub';
  readonly registered = new Map<string, { callback: string; query?: string }>();
  private next = 0;
  async registerHub(callback: string, query?: string) {
    const id = `h${++this.next}`;
    this.registered.set(id, { callback, query });
    return { id };
  }
  async unregisterHub(id: string) {
    this.registered.delete(id);
    return true;
  }
  async hubExists(id: string) {
    return this.registered.has(id);
  }
  async hubsOf(callback: string) {
    return [...this.registered].filter(([, one]) => one.callback === callback).map(([id]) => id);
  }
}

describe('the subscriptions that in nodes share', () => {
  let folder: string;
  let rig: Rig;
  let hub: Hub;
  let shared: SharedSubscriptions;
  /** The secrets that in nodes accept. */
  let accepted: Record<string, string>;
  let registered: string[];
  let joined: Subscriber[];

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'switchboard-hubs-'));
    rig = await new Rig(folder).start({ flows: false });
    hub = new Hub();
    [accepted, registered, joined] = [{}, [], []];
    begin();
  });
  afterEach(async () => {
    for (const subscriber of joined) await shared.leave(subscriber, false, never);
    await rig.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  const never = () => new Promise<void>(() => undefined);
  const begin = () => {
    shared = new SharedSubscriptions(rig.broker, 'provider|troubleTicket', {
      endpoint: 'provider',
      catchUp: async () => undefined,
      onPollError: () => undefined,
    });
  };
  const subscriber = (node: string, query = ''): Subscriber => ({
    node,
    hub: hub as never,
    callback: `https://broker/${node}`,
    query,
    renewInterval: PATIENCE,
    accept: ({ secret }) => {
      accepted[node] = secret;
    },
    onRegistered: () => registered.push(node),
    onError: (error) => assert.fail(String(error)),
    onNotice: () => undefined,
  });
  const enter = (...all: Subscriber[]) => {
    for (const one of all) {
      joined.push(one);
      shared.join(one, Promise.resolve());
    }
  };
  const leave = async (one: Subscriber, removed: boolean, deployed: () => Promise<void> = async () => undefined) => {
    joined = joined.filter((other) => other !== one);
    await shared.leave(one, removed, deployed);
  };
  const callbacks = () => [...hub.registered.values()].map(({ callback }) => callback);
  const only = (node: string) =>
    until(`only the registration of ${node}`, () => {
      const all = callbacks();
      return all.length === 1 && all[0]?.startsWith(`https://broker/${node}/`);
    });

  it('are one, whose state all of them show', async () => {
    enter(subscriber('a'), subscriber('b'));
    await until('both to show it', () => registered.includes('a') && registered.includes('b'));
    await only('a');
  });

  it('are one for each filter', async () => {
    enter(subscriber('a'), subscriber('b', 'eventType=X'), subscriber('c', 'eventType=X'));
    await until('two', () => hub.registered.size === 2);
    assert.deepEqual(
      [...hub.registered.values()].map(({ query }) => query),
      [undefined, 'eventType=X'],
    );
  });

  /** Each in node has a registration of its own, as in version 0.1.0. */
  const ownRegistrations = async () => {
    for (const node of ['a', 'b']) {
      const { id } = await hub.registerHub(`https://broker/${node}/secret-${node}`);
      const value = {
        secret: `secret-${node}`,
        address: hub.address,
        callback: `https://broker/${node}/secret-${node}`,
        id,
        former: [],
      };
      await rig.store.commit([{ kind: 'setting', key: `hub|${node}`, value }]);
    }
  };

  it('keep one of the registrations from before; events of the other are accepted, and it is removed', async () => {
    await ownRegistrations();
    enter(subscriber('a'), subscriber('b'));
    await only('a');
    await until('the secrets', () => accepted.b);
    assert.deepEqual(accepted, { a: 'secret-a', b: 'secret-b' });
    assert.deepEqual(callbacks(), ['https://broker/a/secret-a'], 'it was not made again');
  });

  it('stay with the in node that has the registration, whichever starts first', async () => {
    enter(subscriber('a'));
    await only('a');
    const before = callbacks();
    for (const one of joined) await shared.leave(one, false, never);
    joined = [];
    begin();
    enter(subscriber('b'), subscriber('a'));
    await until('both to show it', () => registered.includes('b'));
    assert.deepEqual(callbacks(), before);
  });

  it('pass to another in node when the one that holds it is deleted, and end with the last one', async () => {
    const [a, b] = [subscriber('a'), subscriber('b')];
    enter(a, b);
    await only('a');
    await leave(a, true);
    await only('b');
    await leave(b, true);
    assert.deepEqual(callbacks(), []);
  });

  it('are not touched by a deploy that starts the in node again', async () => {
    const [a, b] = [subscriber('a'), subscriber('b')];
    enter(a, b);
    await only('a');
    const before = callbacks();
    let started: () => void = () => undefined;
    const deployed = new Promise<void>((resolve) => {
      started = resolve;
    });
    await leave(a, false, () => deployed);
    const again = subscriber('a');
    joined.push(again);
    shared.join(again, deployed);
    registered = [];
    started();
    await until('it to be shown again', () => registered.includes('a') && registered.includes('b'));
    assert.deepEqual(callbacks(), before);
  });

  it('pass on, without a rest, from an in node that a deploy changed to another endpoint', async () => {
    const [a, b] = [subscriber('a'), subscriber('b')];
    enter(a, b);
    await only('a');
    await leave(a, false);
    await only('b');
  });
});
