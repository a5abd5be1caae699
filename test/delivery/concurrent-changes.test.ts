import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { until } from '../live/node-red.js';
import { Rig } from './rig.js';

describe('changes on both sides at once', () => {
  let folder: string;
  let rig: Rig;
  const at = (second: number) => new Date(Date.UTC(2026, 0, 1, 12, 0, second)).toISOString();
  const provider = () => rig.provider.tickets[0]!;
  /** What was written to the customer's ticket. */
  const customer = () => rig.customer.tickets[0]!;
  const hearFromProvider = (fields: Record<string, string>, version: number, when: number) => {
    Object.assign(provider().fields, fields);
    provider().version = version;
    return rig.receive('provider', {
      id: provider().id,
      fields: { ...provider().fields, ...fields },
      version: String(version),
      at: at(when),
      reference: provider().reference,
    });
  };
  const hearFromCustomer = (fields: Record<string, string>, version: number, when: number) => {
    Object.assign(customer().fields, fields);
    customer().version = version;
    return rig.receive('customer', { id: 'A', fields: { ...customer().fields }, version: String(version), at: at(when) });
  };

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'switchboard-both-'));
    rig = new Rig(folder);
    Object.assign(rig.provider, { side: 'provider' });
    await rig.start();
    const fields = { title: 'one', state: 'acknowledged' };
    rig.customer.tickets.push({ id: 'A', fields, comments: [], files: [], version: 1 });
    await rig.receive('customer', { id: 'A', fields: { ...fields }, version: '1', at: at(0) });
    await rig.idle();
    // A first read, so that the fields of both sides are known.
    await hearFromProvider({}, 2, 0);
    await rig.idle();
  });
  afterEach(async () => {
    await rig.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  /**
   * Both sides change fields: the provider's message, read before our write, arrives while the customer's values are being
   * written.
   */
  async function clash(field: string | string[], theirs: [string, number], ours: [string, number], sent: boolean): Promise<void> {
    const valued = (value: string) => Object.fromEntries([field].flat().map((name) => [name, value]));
    let open = () => {};
    const gate = new Promise<void>((resolve) => {
      open = resolve;
    });
    if (sent) rig.provider.gate = () => gate;
    else rig.provider.faults.push('down');
    await hearFromCustomer(valued(ours[0]), 2, ours[1]);
    await until('the write to be tried', async () => rig.provider.calls.some((call) => call.startsWith('update')));
    await hearFromProvider(valued(theirs[0]), 3, theirs[1]);
    open();
    await rig.idle();
  }

  for (const sent of [true, false]) {
    const when = sent ? 'while the write is being answered' : 'while the write waits';
    it(`the later change wins on both sides, ${when}: the partner’s`, async () => {
      await clash('title', ['provider’s', 30], ['customer’s', 10], sent);
      assert.deepEqual([provider().fields.title, customer().fields.title], ['provider’s', 'provider’s']);
    });

    it(`the later change of several fields wins on both sides, ${when}`, async () => {
      await clash(['title', 'category', 'description'], ['provider’s', 30], ['customer’s', 10], sent);
      for (const { fields } of [provider(), customer()])
        assert.deepEqual([fields.title, fields.category, fields.description], ['provider’s', 'provider’s', 'provider’s']);
    });

    it(`the later change wins on both sides, ${when}: ours`, async () => {
      await clash('title', ['provider’s', 10], ['customer’s', 30], sent);
      assert.deepEqual([provider().fields.title, customer().fields.title], ['customer’s', 'customer’s']);
    });

    it(`the owner’s value wins on both sides if the changes are seconds apart, ${when}; a warning says so`, async () => {
      await clash('state', ['held', 11], ['inProgress', 12], sent);
      assert.deepEqual([provider().fields.state, customer().fields.state], ['held', 'held']);
      // Either the message has the warning, or the delivery whose pre-write check found it.
      const warned = [
        ...(await rig.messages()).flatMap(({ warning }) => (warning ? [warning] : [])),
        ...(await rig.deliveries()).flatMap(({ error }) => (error ? [error] : [])),
      ];
      assert.deepEqual(
        warned.map(({ code }) => code),
        ['SWB_BOTH_CHANGED'],
      );
      assert.match(
        warned[0]?.message ?? '',
        /state at the same time: "held" was kept, "inProgress" was dropped \(rule: newest, within 5 seconds the provider’s\)/,
      );
    });
  }

  for (const [when, stands] of [
    [5, 'provider’s'],
    [1, 'customer’s'],
  ] as const)
    it(`are found right before a write, though no message has reported them yet (${stands} wins)`, async () => {
      // Minutes after noon; the customer's change is at minute three.
      Object.assign(rig.provider, { changedAt: new Date(Date.UTC(2026, 0, 1, 12, when)).toISOString() });
      Object.assign(provider().fields, { title: 'provider’s' });
      provider().version = 3;
      await hearFromCustomer({ title: 'customer’s' }, 2, 180);
      await rig.idle();
      assert.equal(provider().fields.title, stands);
      const [delivery] = (await rig.deliveries()).filter(({ error }) => error);
      assert.equal(delivery?.error?.code, 'SWB_BOTH_CHANGED');
      await hearFromProvider({}, 4, when * 60);
      await rig.idle();
      assert.deepEqual([provider().fields.title, customer().fields.title], [stands, stands]);
    });

  it('a cancellation is sent, whatever the other side changes at that moment', async () => {
    await clash('state', ['held', 11], ['cancelled', 10], false);
    assert.equal(provider().fields.state, 'cancelled');
  });

  it('a cancellation by the other side is passed on, whatever is being written there', async () => {
    await clash('state', ['cancelled', 10], ['held', 30], false);
    assert.deepEqual([provider().fields.state, customer().fields.state], ['cancelled', 'cancelled']);
  });

  it('fields that an interrupted write has changed count as ours, though the others were changed before the lookup', async () => {
    const update = rig.provider.update.bind(rig.provider);
    rig.provider.faults.push('lost');
    rig.provider.update = (...given) =>
      update(...given).finally(() => {
        rig.provider.update = update;
        provider().fields.state = 'held';
      });
    Object.assign(rig.provider, { changedAt: at(11) });
    await hearFromCustomer({ state: 'resolved', resolution: 'Done' }, 2, 10);
    await rig.idle();
    const [conversation] = await rig.store.listConversations({ limit: 1 });
    const { raw } = conversation!.links.find(({ endpoint }) => endpoint === 'provider')!;
    // Otherwise it would be sent to the customer as the provider's reason.
    assert.equal(raw.resolution, 'Done');
    assert.equal(provider().fields.state, 'held');
  });

  it('a field that is reset right after our write is reported, though its value is the one known before', async () => {
    let open = () => {};
    const gate = new Promise<void>((resolve) => {
      open = resolve;
    });
    const update = rig.provider.update.bind(rig.provider);
    rig.provider.update = async (...given) => {
      const written = await update(...given);
      rig.provider.update = update;
      await gate;
      return written;
    };
    await hearFromCustomer({ title: 'two' }, 2, 10);
    await until('it to be written', async () => provider().fields.title === 'two');
    await hearFromProvider({ title: 'one' }, 4, 11);
    // Without waiting for the answer, the read would be over by now.
    await pause(50);
    open();
    await rig.idle();
    assert.deepEqual([provider().fields.title, customer().fields.title], ['one', 'one']);
  });

  it('are read again where the read is older than a write that was answered meanwhile', async () => {
    let open = () => {};
    const gate = new Promise<void>((resolve) => {
      open = resolve;
    });
    rig.provider.gate = () => gate;
    await hearFromCustomer({ title: 'two' }, 2, 10);
    await until('the write to be tried', async () => rig.provider.calls.some((call) => call.startsWith('update')));
    // It reports an earlier change: without a version, nothing shows which is later.
    await rig.receive('provider', {
      id: provider().id,
      fields: { title: 'three', state: 'acknowledged' },
      reference: provider().reference,
    });
    open();
    await rig.idle();
    assert.deepEqual([provider().fields.title, customer().fields.title], ['two', 'two']);
    assert.ok((await rig.messages()).some(({ key }) => key.startsWith('again|')));
  });
});

describe('the values of a new ticket at the partner', () => {
  let folder: string;
  let rig: Rig;
  const hear = () => {
    const { id, fields, version, reference } = rig.provider.tickets[0]!;
    return rig.receive('provider', { id, fields: { ...fields }, version: String(version), reference });
  };
  const updates = () => rig.customer.calls.filter((call) => call.startsWith('update'));
  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'switchboard-made-'));
    rig = await new Rig(folder).start();
  });
  afterEach(async () => {
    await rig.stop();
    rmSync(folder, { recursive: true, force: true });
  });
  const begin = async (fields: Record<string, string>) => {
    rig.customer.tickets.push({ id: 'A', fields: { ...fields }, comments: [], files: [], version: 1 });
    await rig.receive('customer', { id: 'A', fields, version: '1' });
  };

  for (const lost of [false, true]) {
    const how = lost ? 'where the answer was lost and an event shows it' : 'where the answer shows it';
    const run = async (sent: Record<string, string>, made: Record<string, string>) => {
      rig.provider.onCreate = (ticket) => {
        Object.assign(ticket.fields, made);
      };
      if (lost) {
        rig.settling = 60_000;
        rig.provider.hidden.add('T1');
        rig.provider.faults.push('lost');
      }
      await begin(sent);
      await until('the ticket', () => rig.provider.tickets.length === 1);
      await until('its answer', async () => (await rig.deliveries()).every(({ state }) => state !== 'sending'));
      await hear();
      rig.provider.hidden.clear();
      await rig.idle();
    };

    it(`reset nothing: a state that was dropped, ${how}`, async () => {
      await run({ title: 'one', state: 'inProgress' }, { state: 'acknowledged' });
      assert.deepEqual(updates(), []);
    });

    it(`overwrite nothing: a default for a value without a counterpart, ${how}`, async () => {
      await run({ title: 'one', priority: '5' }, { state: 'acknowledged', priority: '3' });
      assert.deepEqual(
        updates().filter((call) => call.includes('priority')),
        [],
      );
    });

    it(`are reported once, where a rule there has changed them, ${how}`, async () => {
      await run({ title: 'one', state: 'acknowledged' }, { state: 'inProgress' });
      assert.deepEqual(updates(), ['update {"state":"inProgress"}']);
      await hear();
      await rig.idle();
      assert.equal(updates().length, 1);
      assert.equal(rig.provider.tickets[0]?.fields.state, 'inProgress', 'the state first sent must not overwrite it');
    });
  }

  it('are kept elsewhere when the ticket is deleted; a warning says so', async () => {
    await begin({ title: 'one', state: 'inProgress' });
    await rig.idle();
    const { id, reference } = rig.provider.tickets[0]!;
    await rig.receive('provider', { id, fields: { state: 'inProgress' }, reference, version: '5' });
    await rig.idle();
    // A deletion has the version that was deleted, which may be older than the last known one.
    await rig.receive('provider', { id, fields: { state: 'cancelled' }, reference, version: '4', deleted: true });
    await rig.idle();
    assert.deepEqual(updates(), []);
    const [conversation] = await rig.store.listConversations({ limit: 1 });
    assert.equal(conversation?.links.find((l) => l.endpoint === 'provider')?.gone, true);
  });
});
