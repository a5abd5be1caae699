import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { WriteResult } from '../../src/endpoints/endpoint.js';
import { PartnerError } from '../../src/errors.js';
import type { ItemFacts } from '../../src/model/item-facts.js';
import type { GenericFields, ItemProgress, Json, OrderItem } from '../../src/model/message.js';
import { says } from '../conversation/orders.js';
import { Partner } from './partner.js';
import { Rig } from './rig.js';

const thing = (id: string, offering: string, quantity = 1): OrderItem => ({ id, offering: { id: offering }, quantity });
const ORDER = [thing('1', 'SIM'), thing('2', 'PHONE'), thing('3', 'COVER')];

/** A vendor that keeps its own list of items. */
class Vendor extends Partner {
  /** Changes the items of a new order. */
  numbers: (items: OrderItem[]) => OrderItem[] = (items) => items;

  constructor() {
    super('provider');
    this.onCreate = ({ fields }) => {
      fields.items = this.numbers(fields.items as unknown as OrderItem[]) as unknown as Json;
    };
  }

  get items(): OrderItem[] {
    return this.tickets[0]!.fields.items as unknown as OrderItem[];
  }

  get updates(): string[] {
    return this.calls.filter((call) => call.startsWith('update '));
  }

  itemsOf(record: Record<string, Json>) {
    return record.items as unknown as ItemFacts[] | undefined;
  }

  withItemIds(fields: Record<string, Json>, idOf: (id: string) => string | undefined) {
    const named = (list: Json | undefined) =>
      (list as unknown as { id: string }[]).flatMap((item) => (idOf(item.id) ? [{ ...item, id: idOf(item.id) }] : []));
    return { ...fields, ...(fields.items && { items: named(fields.items) as Json }) };
  }

  override async update(
    type: string,
    id: string,
    fields: Record<string, Json>,
    added: readonly string[] = [],
  ): Promise<WriteResult> {
    const given = (fields.items ?? []) as unknown as OrderItem[];
    const has = this.items;
    const lost = given.filter((item) => !has.some((one) => one.id === item.id) && !added.includes(item.id));
    if (lost.length)
      throw new PartnerError('SWB_PARTNER_REFUSED', `ordered again: ${lost[0]!.id}`, { outcome: 'notDone', retry: false });
    const change = (item: OrderItem) => ({ ...item, ...given.find((one) => one.id === item.id) });
    const all = [...has.map(change), ...given.filter((item) => added.includes(item.id))];
    return super.update(type, id, { ...fields, ...(fields.items && { items: all as unknown as Json }) });
  }
}

describe('the items of an order at a vendor that numbers them itself', () => {
  let folder: string;
  let rig: Rig;
  let vendor: Vendor;
  let received: GenericFields[];
  let version: number;
  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'switchboard-items-'));
    rig = new Rig(folder);
    vendor = new Vendor();
    rig.provider = vendor;
    received = [];
    version = 100;
    rig.flow = async (payload, record) => {
      if (record.endpoint === 'customer') return rig.forward(payload, record);
      const names = Object.keys(payload.fields);
      const { id, fields, reference } = payload;
      const found = await rig.broker.correlate(
        { messageId: record.id },
        {
          message: {
            entity: 'order',
            event: 'updated',
            source: { endpoint: 'provider', entityType: 'troubleTicket', id, number: id, version: payload.version, reference },
            fields: fields as GenericFields,
            comments: [],
            attachments: [],
            relations: [],
          },
          record: fields,
          sources: Object.fromEntries(names.map((name) => [name, [name]])),
        },
      );
      if (found && found.output !== 'ignored') received.push(found.message.fields);
    };
    await rig.start();
  });
  afterEach(async () => {
    await rig.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  const order = async (items: OrderItem[], key = JSON.stringify(items)) => {
    await rig.receive('customer', { id: 'O1', fields: { items: items as unknown as Json }, version: String(++version) }, key);
    await rig.idle();
  };
  const report = async (progress: ItemProgress[], items = vendor.items) => {
    const [ticket] = vendor.tickets;
    const fields = { items, progress } as unknown as Record<string, Json>;
    await rig.receive('provider', { id: ticket!.id, reference: ticket!.reference, fields, version: String(++version) });
    await rig.idle();
  };
  const failed = async () => {
    const deliveries = await rig.store.listDeliveries({ limit: 10, states: ['failed', 'needsDecision'] });
    const messages = await rig.store.listMessages({ limit: 10, states: ['failed', 'needsDecision'] });
    return [...deliveries, ...messages].map(({ error }) => `${error?.code} ${error?.message}`);
  };
  const changed = (items: OrderItem[], id: string, change: Partial<OrderItem>) =>
    items.map((item) => (item.id === id ? { ...item, ...change } : item));
  const tens = (items: OrderItem[]) => items.map((item, i) => ({ ...item, id: `${i + 1}0` }));

  const NUMBERS: Record<string, (items: OrderItem[]) => OrderItem[]> = {
    renumbers: tens,
    pads: (items) => items.map((item) => ({ ...item, id: item.id.padStart(4, '0') })),
    'gives our numbers to others': (items) => items.toReversed().map((item, i) => ({ ...item, id: String(i + 1) })),
    'adds a fee': (items) => [thing('1', 'FEE'), ...items.map((item, i) => ({ ...item, id: String(i + 2) }))],
  };
  it('are not ordered where they were cancelled before the order was first read', async () => {
    const first = (progress: ItemProgress[], id: string) =>
      rig.receive('customer', { id, fields: { items: ORDER, progress } as unknown as Record<string, Json>, version: '1' }, id);
    await first(says(['1', 'acknowledged'], ['2', 'cancelled']), 'O1');
    await rig.idle();
    assert.deepEqual(
      vendor.items.map(({ id }) => id),
      ['1', '3'],
    );
    await first(says(['1', 'cancelled'], ['2', 'cancelled'], ['3', 'cancelled']), 'O2');
    await rig.idle();
    assert.equal(vendor.tickets.length, 1);
  });

  for (const [what, numbers] of Object.entries(NUMBERS)) {
    it(`keep their lines where it ${what}, and the right one is changed`, async () => {
      vendor.numbers = numbers;
      await order(ORDER);
      const before = vendor.items;
      const idOf = (offering: string) => before.find((item) => item.offering?.id === offering)!.id;
      await report(says([idOf('SIM'), 'completed'], [idOf('PHONE'), 'held'], [idOf('COVER'), 'inProgress']));
      const states = new Map(received.at(-1)?.progress?.map((p) => [p.id, p.state]));
      assert.deepEqual(
        ['1', '2', '3'].map((id) => states.get(id)),
        ['completed', 'held', 'inProgress'],
      );
      await order(changed(ORDER, '3', { quantity: 5 }));
      assert.deepEqual(vendor.items, changed(before, idOf('COVER'), { quantity: 5 }));
      await order([...changed(ORDER, '3', { quantity: 5 }), thing('4', 'CHARGER')]);
      assert.deepEqual(
        vendor.items.map((item) => item.offering?.id),
        [...before.map((item) => item.offering?.id), 'CHARGER'],
      );
      const charger = vendor.items.at(-1)!.id;
      assert.equal(new Set(vendor.items.map((item) => item.id)).size, vendor.items.length, 'a new item gets an unused number');
      await report(says([charger, 'completed']));
      assert.deepEqual(received.at(-1)?.progress, says(['4', 'completed']));
      assert.deepEqual(await failed(), []);
    });
  }

  const PHONES = [thing('1', 'PHONE', 1), thing('2', 'PHONE', 2), thing('3', 'PHONE', 3)];
  const feeOnTop = (items: OrderItem[]) => [thing('1', 'FEE'), ...items.map((item, i) => ({ ...item, id: String(i + 2) }))];
  const putThere = (items: OrderItem[]) => {
    vendor.tickets[0]!.fields.items = items as unknown as Json;
  };
  for (const [what, items] of Object.entries({ 'each another thing': ORDER, 'of one offering': PHONES })) {
    it(`keep their lines after the vendor has inserted a fee at the top and renumbered them (${what}), and the last is changed, not the one before`, async () => {
      await order(items);
      await report(says(['3', 'held']));
      assert.deepEqual(received.at(-1)?.progress, says(['3', 'held']));
      const now = feeOnTop(items);
      putThere(now);
      await order(changed(items, '3', { quantity: 5 }));
      assert.deepEqual(vendor.items, changed(now, '4', { quantity: 5 }));
      await report(says(['1', 'completed'], ['3', 'held'], ['4', 'completed']));
      assert.deepEqual(received.at(-1)?.progress, says(['2', 'held'], ['3', 'completed']));
      assert.deepEqual(await failed(), []);
    });
  }

  it('need a decision after the vendor has exchanged their numbers, or their quantities', async () => {
    await order(PHONES);
    await report(says(['3', 'held']));
    putThere([thing('1', 'PHONE', 3), thing('2', 'PHONE', 1), thing('3', 'PHONE', 2)]);
    await order(changed(PHONES, '3', { quantity: 5 }));
    assert.equal(vendor.updates.length, 0);
    assert.match((await failed())[0] ?? '', /returned .*, which may be any or none of/);
  });

  it('need a decision after the vendor has dropped one and renumbered the others', async () => {
    await order(PHONES);
    await report(says(['3', 'held']));
    putThere(PHONES.slice(1).map((item, i) => ({ ...item, id: String(i + 1) })));
    await order(changed(PHONES, '2', { quantity: 5 }));
    assert.equal(vendor.updates.length, 0);
    assert.match((await failed())[0] ?? '', /returned 1 \(2 × PHONE\), 2 \(3 × PHONE\), which may be any or none of/);
  });

  for (const early of [false, true])
    it(`that are not changed keep the vendor’s changes${early ? ', also where it reported them before its answer' : ''}`, async () => {
      vendor.numbers = (items) => items.map((item) => ({ ...item, quantity: 7 }));
      let event: Promise<void> | undefined;
      const create = vendor.onCreate;
      vendor.onCreate = (ticket) => {
        create(ticket);
        const { id, reference } = ticket;
        const fields = { items: ticket.fields.items! };
        if (early) event = rig.receive('provider', { id, reference, fields, version: '2' });
      };
      await order(ORDER);
      await event;
      await rig.idle();
      await report(says(['1', 'held'], ['2', 'held'], ['3', 'held']));
      await order(changed(ORDER, '3', { quantity: 5 }));
      assert.deepEqual(
        vendor.items.map(({ quantity }) => quantity),
        [7, 7, 5],
      );
    });

  const ALIKE = [thing('1', 'PHONE'), thing('2', 'PHONE'), thing('3', 'PHONE')];
  it('that are identical are matched by position where the vendor numbers from 0', async () => {
    vendor.numbers = (items) => items.map((item, i) => ({ ...item, id: String(i) }));
    await order(ALIKE);
    await report(says(['0', 'completed'], ['2', 'held']));
    assert.deepEqual(received.at(-1)?.progress, says(['1', 'completed'], ['3', 'held']));
    await order(changed(ALIKE, '2', { quantity: 5 }));
    assert.deepEqual(
      vendor.items.map(({ quantity }) => quantity),
      [1, 5, 1],
    );
  });

  it('that are identical stay clear while another one is being added', async () => {
    await order(ALIKE);
    await report(says(['1', 'held']));
    const now = structuredClone(vendor.items);
    await order([...ALIKE, thing('4', 'PHONE')]);
    await report(says(['1', 'completed']), now);
    assert.deepEqual(received.at(-1)?.progress, says(['1', 'completed']));
    assert.deepEqual(await failed(), []);
  });

  it('that are identical need a decision when one of them is missing', async () => {
    await order(ALIKE);
    await report(says(['1', 'held']));
    putThere(ALIKE.slice(1).map((item, i) => ({ ...item, id: String(i + 1) })));
    await order(changed(ALIKE, '2', { quantity: 5 }));
    assert.equal(vendor.updates.length, 0);
    assert.match((await failed())[0] ?? '', /3 \(PHONE\) is not shown/);
  });

  it('are only written while all of them are shown, because a list without one would remove it', async () => {
    vendor.numbers = (items) => items.slice(0, 2);
    await order(ORDER);
    await order(changed(ORDER, '1', { quantity: 5 }));
    assert.match((await failed())[0] ?? '', /3 \(COVER\) is not shown/);
    putThere(ORDER);
    const [delivery] = await rig.store.listDeliveries({ limit: 1, states: ['needsDecision'] });
    await rig.broker.interventions.replayDelivery(delivery!.id, { name: '' });
    await rig.idle();
    assert.deepEqual(vendor.items, changed(ORDER, '1', { quantity: 5 }));
  });

  it('keep their numbers after a restart where the vendor shows only these', async () => {
    vendor.numbers = tens;
    await order(ORDER);
    await rig.stop();
    await rig.start();
    await report(says(['30', 'completed']), [{ id: '30' }, { id: '10' }]);
    assert.deepEqual(received.at(-1)?.progress, says(['3', 'completed']));
  });

  it('are identified later where the vendor accepts an order without showing them', async () => {
    vendor.numbers = () => [];
    await order(ORDER);
    await order(changed(ORDER, '3', { quantity: 5 }));
    const [why] = await failed();
    assert.match(why ?? '', /^SWB_PARTNER_ANSWER provider: No item there is certainly 3 \(5 × COVER\)\. Nothing was written/);
    assert.equal(vendor.updates.length, 0);
    vendor.tickets[0]!.fields.items = tens(ORDER) as unknown as Json;
    await report(says(['20', 'completed']));
    assert.deepEqual(received.at(-1)?.progress, says(['2', 'completed']));
    const [delivery] = await rig.store.listDeliveries({ limit: 1, states: ['failed', 'needsDecision'] });
    await rig.broker.interventions.replayDelivery(delivery!.id, { name: '' });
    await rig.idle();
    assert.deepEqual(vendor.items, changed(tens(ORDER), '30', { quantity: 5 }));
    assert.deepEqual(await failed(), []);
  });

  it('are read where the vendor split one, which is then not changed', async () => {
    const two = changed(ORDER, '2', { quantity: 2 });
    vendor.numbers = () => [thing('1', 'SIM'), thing('2', 'PHONE'), thing('3', 'PHONE'), thing('4', 'COVER')];
    await order(two);
    await report(says(['2', 'completed'], ['3', 'held'], ['4', 'completed']));
    assert.deepEqual(received.at(-1)?.progress, says(['2', 'held'], ['3', 'completed']));
    await order(changed(two, '2', { quantity: 3 }));
    const [why] = await failed();
    assert.match(why ?? '', /2 \(3 × PHONE\) was split into 2, 3 there, and it is not clear which part to change/);
    assert.equal(vendor.updates.length, 0);
  });

  it('are read where the vendor merged two, which are then not changed', async () => {
    const pair = [thing('1', 'PHONE'), thing('2', 'PHONE')];
    vendor.numbers = () => [thing('1', 'PHONE', 2)];
    await order(pair);
    await report(says(['1', 'completed']));
    assert.deepEqual(received.at(-1)?.progress, says(['1', 'completed'], ['2', 'completed']));
    await order(changed(pair, '2', { quantity: 4 }));
    assert.match(
      (await failed())[0] ?? '',
      /1 \(PHONE\), 2 \(PHONE\) are one item there, 1, which cannot be changed for only one of them/,
    );
    assert.equal(vendor.updates.length, 0);
  });

  it('stay unchanged where the answer is ambiguous; the message says so', async () => {
    vendor.numbers = tens;
    await order(ORDER);
    await report(says(['20', 'held']));
    await report(says(['7', 'completed'], ['8', 'failed']), [thing('7', 'PHONE'), thing('8', 'PHONE')]);
    assert.match(
      (await failed())[0] ?? '',
      /^SWB_PARTNER_ANSWER provider: The items of T1 cannot be matched: The partner returned 7 \(PHONE\), 8 \(PHONE\)/,
    );
    assert.ok((await rig.messages()).some((m) => m.state === 'needsDecision' && m.decision === 'items'));
    assert.deepEqual(received.at(-1)?.progress, says(['2', 'held']));
    await report(says(['20', 'completed']));
    assert.deepEqual(received.at(-1)?.progress, says(['2', 'completed']));
  });

  for (const numbers of [tens, (items: OrderItem[]) => items]) {
    it(`are not added twice where the answer to the first try was lost (${numbers(ORDER)[0]!.id})`, async () => {
      vendor.numbers = numbers;
      await order(ORDER);
      const before = vendor.items.map((item) => item.id);
      vendor.faults.push('lost');
      await order([...ORDER, thing('4', 'CHARGER')]);
      assert.deepEqual(
        vendor.items.map((item) => item.id),
        [...before, '4'],
      );
      await report(says(['4', 'completed']));
      assert.deepEqual(received.at(-1)?.progress, says(['4', 'completed']));
      assert.deepEqual(await failed(), []);
    });
  }

  it('are known from the first message about them, also where it arrives before the answer', async () => {
    vendor.numbers = tens;
    vendor.faults.push('lost');
    let event: Promise<void> | undefined;
    const create = vendor.onCreate;
    vendor.onCreate = (ticket) => {
      create(ticket);
      const fields = { items: ticket.fields.items!, progress: says(['30', 'held']) as unknown as Json };
      event = rig.receive('provider', { id: ticket.id, reference: ticket.reference, fields, version: '2' });
    };
    await order(ORDER);
    await event;
    await rig.idle();
    assert.deepEqual(received.at(-1)?.progress, says(['3', 'held']));
    await order(changed(ORDER, '3', { quantity: 5 }));
    assert.deepEqual(vendor.items, changed(tens(ORDER), '30', { quantity: 5 }));
  });
});
