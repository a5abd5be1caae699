import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { EndpointAccess, type PausedError } from '../../src/delivery/access.js';
import { HubSubscription } from '../../src/delivery/hub-subscription.js';
import { Poller } from '../../src/delivery/poller.js';
import { DEFAULT_RETRY } from '../../src/delivery/retry.js';
import type { Hub } from '../../src/endpoints/hub.js';
import { type ErrorCode, PartnerError, type PartnerErrorDetails } from '../../src/errors.js';
import { until } from '../live/node-red.js';
import { Partner } from './partner.js';
import { Rig } from './rig.js';

const failure = (code: ErrorCode, status: number, more: Partial<PartnerErrorDetails> = {}) =>
  new PartnerError(code, `answered ${status}`, { outcome: 'notDone', retry: false, status, ...more });
/** The API's own "forbidden". */
const FORBIDDEN = failure('SWB_PARTNER_AUTH', 403, { body: { error: 'forbidden' } });

/** Failures that may concern every request. */
const DENIALS = {
  'a sign-in that is rejected': failure('SWB_PARTNER_AUTH', 401),
  'a payment that is due': failure('SWB_PARTNER_AUTH', 402, { body: { message: 'quota used up' } }),
  'a locked account': failure('SWB_PARTNER_AUTH', 423, { retry: true, concernsRecord: true }),
  'a network that wants a sign-in': failure('SWB_PARTNER_AUTH', 511, { answer: '<html>' }),
  'a redirect to a login page': failure('SWB_PARTNER_REFUSED', 302),
  'a login page instead of an answer': failure('SWB_PARTNER_ANSWER', 200, { outcome: 'unknown', retry: true, answer: '<html>' }),
  'a maintenance page with 404': failure('SWB_PARTNER_ANSWER', 404, { retry: true, concernsRecord: true }),
  'a gateway that rejects the request': failure('SWB_PARTNER_REFUSED', 400),
};

describe('an endpoint that rejects everything', () => {
  let folder: string;
  let rig: Rig;
  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'switchboard-access-'));
    rig = await new Rig(folder).start();
  });
  afterEach(async () => {
    await rig.stop().catch(() => undefined);
    rmSync(folder, { recursive: true, force: true });
  });

  const paused = () => rig.broker.worker('provider')?.status.paused;
  const isPaused = () => until('the pause', () => paused());
  const checkWorked = () =>
    until('the check to have worked', async () => (await rig.store.setting('probe|provider|http://partner')) === true);
  const open = (id: string) => rig.receive('customer', { id, version: '1', fields: { title: id } });
  const logged = (text: string) => rig.log.filter((line) => line.includes(text)).length;

  for (const [title, denied] of Object.entries(DENIALS))
    it(`pauses on ${title}, asks rarely, notifies once, and delivers everything afterwards`, async () => {
      await open('before');
      await checkWorked();
      rig.provider.denied = denied;
      for (let i = 0; i < 20; i++) await open(`A${i}`);
      await isPaused();
      const { probes, calls } = rig.provider;
      await until('another check', () => rig.provider.probes > probes);
      assert.ok(calls.filter((call) => call === 'create').length <= 1 + 4, 'no more than were under way');
      assert.match(paused()?.reason ?? '', /answered/);
      assert.deepEqual((await rig.store.counts()).deliveries.failed, 0);
      rig.provider.denied = undefined;
      await rig.idle();
      assert.deepEqual([logged('is paused'), logged('answers again')], [1, 1]);
      const { failed, needsDecision } = (await rig.store.counts()).deliveries;
      assert.deepEqual([rig.provider.tickets.length, failed, needsDecision], [21, 0, 0]);
    });

  it('says why it pauses, without the next step of a delivery: nothing has to be replayed', async () => {
    await open('before');
    await checkWorked();
    rig.provider.denied = failure('SWB_PARTNER_REFUSED', 405, { hint: 'Then replay the delivery.' });
    await open('A');
    await isPaused();
    assert.equal(paused()?.reason, 'answered 405');
    assert.deepEqual([logged('is paused'), logged('Then replay')], [1, 0]);
    const { probes } = rig.provider;
    await until('another check', () => rig.provider.probes > probes + 1);
    assert.equal(paused()?.reason, 'answered 405');
    rig.provider.denied = failure('SWB_PARTNER_AUTH', 401, { hint: 'Check the credentials.' });
    await until('what helps now', () => paused()?.reason === 'answered 401 Check the credentials.');
  });

  it('is paused since the same time after a deploy, which is no news; and no longer once a check works', async () => {
    const key = 'paused|provider|http://partner';
    await open('before');
    await checkWorked();
    rig.provider.denied = DENIALS['a sign-in that is rejected'];
    await open('A');
    const { since } = await isPaused();
    await rig.broker.removeEndpoint('provider');
    rig.add(rig.provider);
    assert.equal((await isPaused()).since, since);
    await until('the log', () => logged('is still paused') === 1);
    assert.deepEqual([logged('is paused'), await rig.store.setting(key)], [1, since]);
    rig.provider.denied = undefined;
    await rig.idle();
    await until('the end to be stored', async () => (await rig.store.setting(key)) === undefined);
  });

  it('does not bury a doubt whose look-ups are answered by a login page', async () => {
    rig.provider.faults.push('lost');
    rig.provider.onCreate = () => {
      rig.provider.denied = DENIALS['a login page instead of an answer'];
    };
    await open('A');
    await isPaused();
    const { probes } = rig.provider;
    await until('more checks', () => rig.provider.probes > probes);
    rig.provider.denied = undefined;
    await rig.idle();
    assert.deepEqual([rig.provider.tickets.length, (await rig.deliveries())[0]?.state], [1, 'delivered']);
  });

  it('holds back the messages that have to be read there; none fails', async () => {
    rig.flow = async () => undefined;
    rig.provider.denied = DENIALS['a sign-in that is rejected'];
    rig.provider.tickets.push({ id: 'T1', fields: {}, comments: [], files: [], version: 1 });
    const hint = (key: string) => ({
      node: 'in-provider',
      endpoint: 'provider',
      entityType: 'troubleTicket',
      entityId: 'T1',
      key,
    });
    for (const key of ['one', 'two', 'three'])
      await rig.broker.inbox.accept([{ ...hint(key), origin: 'poll', payload: { again: key } }]);
    await isPaused();
    await until('the messages to wait', async () => (await rig.messages()).every((m) => m.error));
    const reads = rig.provider.calls.length;
    const { probes } = rig.provider;
    await until('another check', () => rig.provider.probes > probes);
    assert.equal(rig.provider.calls.length, reads, 'nothing is read meanwhile');
    assert.deepEqual(
      (await rig.messages()).map(({ state }) => state),
      ['received', 'received', 'received'],
    );
    rig.provider.denied = undefined;
    await rig.idle();
    assert.ok((await rig.messages()).every(({ state }) => state === 'settled'));
  });

  it('is not polled, and is polled again afterwards', async () => {
    rig.provider.denied = DENIALS['a sign-in that is rejected'];
    let works = false;
    const errors: unknown[] = [];
    const poller = new Poller({
      broker: rig.broker,
      client: rig.provider,
      entityType: 'troubleTicket',
      onPolled: () => {
        works = true;
      },
      onError: (error) => errors.push(error),
    });
    poller.add('in-provider');
    poller.every(5);
    await isPaused();
    const { probes } = rig.provider;
    await until('more checks', () => rig.provider.probes > probes + 1);
    assert.deepEqual([rig.provider.calls, errors], [['poll'], []]);
    rig.provider.denied = undefined;
    await until('a poll', () => works);
    await poller.stop();
  });

  it('is not asked for its hub, and gets our registration afterwards', async () => {
    rig.provider.denied = DENIALS['a sign-in that is rejected'];
    let registrations = 0;
    const errors: unknown[] = [];
    const denied = async () => {
      if (rig.provider.denied) throw rig.provider.denied;
      return undefined;
    };
    const hub: Hub = {
      address: 'http://partner/hub',
      hubExists: denied,
      hubsOf: denied,
      unregisterHub: async () => true,
      registerHub: async () => {
        registrations++;
        await denied();
        return { id: '1' };
      },
    };
    let registered = false;
    const subscription = new HubSubscription({
      broker: rig.broker,
      access: rig.broker.access('provider'),
      hub,
      queue: 'provider|troubleTicket',
      node: 'in-provider',
      callback: 'http://us',
      renewInterval: 60_000,
      catchUp: async () => undefined,
      onRegistered: () => {
        registered = true;
      },
      onError: (error) => errors.push(error),
      onNotice: () => undefined,
    });
    await subscription.start();
    await isPaused();
    const { probes } = rig.provider;
    await until('more checks', () => rig.provider.probes > probes + 1);
    assert.deepEqual([registrations, errors], [1, []]);
    rig.provider.denied = undefined;
    await until('the registration', () => registered);
    await subscription.stop(false);
  });

  it('has one delivery fail if the neutral check works', async () => {
    rig.provider.faults.push('refused');
    await open('A');
    await until('the failure', async () => (await rig.store.counts()).deliveries.failed === 1);
    await open('B');
    await rig.idle();
    assert.deepEqual([rig.provider.tickets.length, paused()], [1, undefined]);
  });

  it('has a payment concern one delivery if the neutral check works', async () => {
    rig.provider.onCreate = () => {
      throw failure('SWB_PARTNER_AUTH', 402);
    };
    await open('A');
    await until('the failure', async () => (await rig.store.counts()).deliveries.failed === 1);
    assert.deepEqual([paused(), rig.provider.calls], [undefined, ['create']]);
  });

  it('pauses on a payment that is due even if the neutral check has never worked', async () => {
    rig.provider.denied = DENIALS['a payment that is due'];
    await open('A');
    await isPaused();
    rig.provider.denied = undefined;
    await rig.idle();
    assert.equal(rig.provider.tickets.length, 1);
  });

  it('may forbid the neutral check from the start: that says nothing about other requests', async () => {
    rig.provider.probeFailure = FORBIDDEN;
    await open('A');
    await rig.idle();
    rig.provider.onCreate = () => {
      throw FORBIDDEN;
    };
    await open('B');
    await until('the failure', async () => (await rig.store.counts()).deliveries.failed === 1);
    assert.equal(paused(), undefined);
  });

  it('pauses if the neutral check worked before and is forbidden now', async () => {
    await open('A');
    await checkWorked();
    rig.provider.denied = FORBIDDEN;
    await open('B');
    await isPaused();
    rig.provider.denied = undefined;
    await rig.idle();
    assert.equal(rig.provider.tickets.length, 2);
  });

  it('retries as ever if the neutral check cannot reach it', async () => {
    rig.provider.denied = DENIALS['a sign-in that is rejected'];
    rig.provider.probeFailure = new PartnerError('SWB_PARTNER_UNAVAILABLE', 'gone', { outcome: 'notDone', retry: true });
    await open('A');
    await until('several tries', () => rig.provider.calls.length > 4);
    assert.deepEqual([paused(), (await rig.store.counts()).deliveries.failed], [undefined, 0]);
    rig.provider.denied = undefined;
    rig.provider.probeFailure = undefined;
    await rig.idle();
    assert.equal(rig.provider.tickets.length, 1);
  });
});

describe('the checks of a paused endpoint', () => {
  it('become rarer: 30 retry delays at first, 900 at most; a partner that is down does not count', async () => {
    const partner = new Partner('partner');
    partner.denied = DENIALS['a sign-in that is rejected'];
    const access = new EndpointAccess({
      client: partner,
      store: { setting: async () => undefined, commit: async () => ({ skipped: [], started: [] }) },
      clock: () => 0,
      steady: () => 0,
      log: () => undefined,
      policy: { ...DEFAULT_RETRY, baseDelay: 0.1 },
    });
    const waits: number[] = [];
    access.watch(() => {
      if (access.pause) waits.push(Math.round(access.pause.nextCheck * 10) / 10);
      if (waits.length === 2)
        partner.probeFailure = new PartnerError('SWB_PARTNER_LIMIT', 'x', { outcome: 'notDone', retry: true });
      else partner.probeFailure = undefined;
      if (waits.length === 7) partner.denied = undefined;
    });
    assert.equal(await access.judge(partner.denied), 'endpoint');
    assert.throws(
      () => access.assertOpen(),
      (error: PausedError) => error.retry && (error.retryAfter ?? 0) > 0,
    );
    await until('the end', () => access.pause === undefined);
    assert.deepEqual(waits, [3, 9, 9, 27, 81, 90, 90]);
    access.assertOpen();
  });
});
