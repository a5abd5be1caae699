import assert from 'node:assert/strict';
import { createServiceNowClient, type ServiceNowClient } from '../../../src/endpoints/servicenow/client.js';
import { readWebhook } from '../../../src/endpoints/servicenow/webhook.js';
import { createHttpClient } from '../../../src/http/http-client.js';
import type { Json } from '../../../src/model/message.js';
import { type Sandbox, startSandbox } from '../../../src/sandbox/sandbox.js';
import { variablesOf } from '../../../src/sandbox/service-catalog-api.js';
import { characteristicsOf, linesOf, placeOrder } from '../../../src/sandbox/servicenow-orders.js';
import type { Row } from '../../../src/sandbox/servicenow-query.js';
import { until } from '../../live/node-red.js';
import { PATIENCE } from '../../patience.js';

const ORDER = 'sn_ind_tmt_orm_order';
const LINE = 'sn_ind_tmt_orm_order_line_item';
const VALUE = 'sn_ind_tmt_orm_order_characteristic_value';
const TYPES = [
  { name: 'incident', table: 'incident', fields: [] },
  { name: 'request', table: 'sc_request', fields: [] },
  { name: 'order', table: ORDER, fields: [] },
  { name: 'csmOrder', table: 'sn_csm_om_order', fields: [] },
];
const REFERENCE = 'SWB-TEST00000001/mobile';
const CANCELLED = { state: '4', stage: 'request_cancelled' };

const FIELDS: Record<string, Json> = {
  short_description: 'New colleague',
  state: 'new',
  lines: [
    {
      external_id: '1',
      short_description: 'Phone 15',
      quantity: 2,
      action: 'add',
      characteristics: { colour: 'black', esim: true },
    },
    { external_id: '2', short_description: 'SIM 5G', quantity: 1, action: 'add', characteristics: { data: '50 GB' } },
    { external_id: '3', short_description: 'Cover', quantity: 1, action: 'add' },
  ],
};

describe('orders of a ServiceNow instance', () => {
  let sandbox: Sandbox;
  let client: ServiceNowClient;
  const connect = (integrationUser: string | undefined = 'switchboard', clock = Date.now) =>
    createServiceNowClient({
      id: 'c',
      name: 'Acme',
      http: createHttpClient({
        name: 'Acme',
        baseUrl: `${sandbox.url}/servicenow`,
        auth: { kind: 'basic', user: 'switchboard', password: sandbox.environment.SANDBOX_SERVICENOW_PASSWORD! },
        timeout: PATIENCE,
        rateLimit: 0,
        concurrency: 8,
      }),
      entityTypes: TYPES,
      integrationUser,
      clock,
    });
  before(async () => {
    sandbox = await startSandbox();
  });
  after(() => sandbox.close());
  beforeEach(() => {
    sandbox.reset();
    client = connect();
  });
  afterEach(() => client.close());
  const desk = () => sandbox.servicenow;
  const gets = () => desk().requests.filter((r) => r.method === 'GET').length;
  type Lines = Record<string, Json>[];
  const place = (more: Record<string, string> = {}) =>
    placeOrder(desk(), { short_description: 'New office', ...more }, [
      { external_id: '1', quantity: '1', short_description: 'Fibre', characteristics: { bandwidth: '1 Gbit/s' } },
      { quantity: '2', short_description: 'Phone' },
    ]);
  /** What the broker does when the answer to a create is lost: the create fails, and its result is looked up. */
  const again = async (type: string, fields: Record<string, Json>) => {
    await assert.rejects(client.create(type, fields, REFERENCE), { outcome: 'unknown' });
    return (await client.find(type, REFERENCE, fields)) ?? (await client.create(type, fields, REFERENCE)).entity;
  };

  describe('saved by somebody else between our read and our write', () => {
    /** Writes an update of the order and its first line; `save`: what somebody saves meanwhile. */
    const write = async (save: (order: string, line: string) => void) => {
      const { order, lines } = place();
      const read = await client.readRecord?.('order', order.sys_id);
      save(order.sys_id, lines[0]!.sys_id);
      const fields = { state: 'acknowledged', lines: [{ external_id: '1', state: 'acknowledged' }] };
      return (await client.update('order', order.sys_id, fields, [], read)).overwritten;
    };

    it('tell the states that the write has replaced', async () => {
      const found = await write((order, line) => {
        desk().update(ORDER, order, { state: 'canceled' });
        desk().update(LINE, line, { state: 'canceled' });
      });
      assert.deepEqual(found, { fields: { state: 'canceled', lines: [{ external_id: '1', state: 'canceled' }] } });
    });

    it('tell nothing where a state of theirs was not replaced', async () => {
      assert.deepEqual(await write((order) => desk().update(ORDER, order, { description: 'Urgent' })), undefined);
      assert.equal(await write(() => undefined), undefined);
    });

    it('say that it cannot be seen where the audit is hidden from the user', async () => {
      sandbox.servicenow.faults.add({ kind: 'status', status: 403, method: 'GET', path: 'sys_audit', times: 1 });
      const found = await write((order) => desk().update(ORDER, order, { state: 'canceled' }));
      assert.deepEqual(found?.fields, {});
      assert.match(found?.unknown ?? '', /sys_audit.*audit_viewer/);
    });
  });

  describe('read', () => {
    it('have their lines by number, with characteristics, names of referenced records, and comments', async () => {
      const account = desk().create('customer_account', { name: 'Acme Ltd' });
      const offering = desk().create('sn_prd_pm_product_offering', { name: 'Business Fibre' });
      const { order, lines } = place({ account: account.sys_id });
      desk().update(LINE, lines[0]!.sys_id, { product_offering: offering.sys_id });
      desk().comment(ORDER, order.sys_id, 'When?', 'agent');
      desk().workNote(LINE, lines[1]!.sys_id, 'Not in stock', 'agent');
      const { record, comments, source } = client.parse(await client.read('order', order.sys_id));
      const [fibre, phone] = record.lines as Lines;
      assert.equal(record.account_name, 'Acme Ltd');
      assert.deepEqual(
        [fibre?.external_id, fibre?.product_offering_name, fibre?.characteristics],
        ['1', 'Business Fibre', { bandwidth: '1 Gbit/s' }],
      );
      assert.deepEqual([phone?.number, phone?.quantity, phone?.characteristics], [lines[1]!.number, '2', undefined]);
      assert.deepEqual([source.id, source.number], [order.sys_id, order.number]);
      assert.deepEqual(
        comments.map((c) => [c.text, c.visibility]),
        [
          ['When?', 'public'],
          [`${lines[1]!.number}: Not in stock`, 'internal'],
        ],
      );
    });

    describe('whose lines do not all have an id of their own', () => {
      const itemsOf = async (order: string) => {
        const { record } = client.parse(await client.read('order', order));
        return (record.lines as Lines).map((line) => line.external_id || line.number);
      };
      const lineNumbers = (lines: Row[]) => lines.map(({ number }) => number ?? '');

      it('show each as an item: the oldest keeps an id, a copy of it gets its number', async () => {
        const { order, lines } = placeOrder(desk(), {}, [
          { external_id: '1', short_description: 'Fibre' },
          { external_id: '1', short_description: 'Copy of it' },
          { short_description: 'Without any' },
        ]);
        const [, copy, bare] = lineNumbers(lines);
        assert.deepEqual(await itemsOf(order.sys_id), ['1', copy, bare]);
        await client.update('order', order.sys_id, { lines: [{ external_id: copy!, state: 'in_progress' }] });
        assert.deepEqual(
          linesOf(desk(), order.sys_id).map(({ state, external_id }) => [state, external_id]),
          [
            ['new', '1'],
            ['in_progress', '1'],
            ['new', ''],
          ],
        );
        desk().update(LINE, lines[1]!.sys_id, { state: 'canceled' });
        const { record } = client.parse(await client.read('order', order.sys_id));
        assert.deepEqual(client.cancellationsIn?.('order', record)?.items, [copy]);
      });

      it('show each as an item where people have used the number of another line as an id, or deleted a number', async () => {
        const { order, lines } = placeOrder(desk(), {}, [{ short_description: 'Fibre' }, { short_description: 'Phone' }]);
        const [fibre] = lineNumbers(lines);
        desk().update(LINE, lines[1]!.sys_id, { external_id: fibre! });
        assert.deepEqual(await itemsOf(order.sys_id), lineNumbers(lines));
        desk().update(LINE, lines[1]!.sys_id, { external_id: '', number: '' });
        assert.deepEqual(new Set(await itemsOf(order.sys_id)), new Set([fibre, lines[1]!.sys_id]));
      });

      it('are not written where two items to write have the same id', async () => {
        const lines = [{ external_id: '1' }, { external_id: '1' }];
        await assert.rejects(client.create('order', { lines }, REFERENCE), {
          code: 'SWB_PAYLOAD',
          message: /Several lines are for the item 1/,
        });
        assert.deepEqual(desk().rows(ORDER), []);
      });
    });

    it('take few requests forty at a time, and records without lines take no more than before', async () => {
      const orders = Array.from({ length: 40 }, (_, i) => place({ short_description: `n ${i}` }));
      const start = gets();
      const read = await Promise.all(orders.map(({ order }) => client.read('order', order.sys_id)));
      assert.ok(gets() - start <= 10, `${gets() - start} requests`);
      read.forEach((raw, i) => {
        const { record } = client.parse(raw);
        assert.deepEqual([record.short_description, (record.lines as Lines).length], [`n ${i}`, 2]);
      });
      const { sys_id } = desk().create('incident', { short_description: 'x' });
      const before = gets();
      await client.read('incident', sys_id);
      assert.equal(gets() - before, 3);
    });

    it('are newer when a line changed, even if the order was not touched', async () => {
      const { order, lines } = place();
      const { source: before, record: was } = client.parse(await client.read('order', order.sys_id));
      desk().update(LINE, lines[0]!.sys_id, { state: 'in_progress' });
      const { source, record } = client.parse(await client.read('order', order.sys_id));
      assert.ok(client.isOlder(before.version, source.version));
      assert.notDeepEqual(record.lines, was.lines);
    });

    it('have not changed when a line was only touched', async () => {
      const { order, lines } = place();
      const { record: was } = client.parse(await client.read('order', order.sys_id));
      desk().update(LINE, lines[0]!.sys_id, {});
      assert.deepEqual(client.parse(await client.read('order', order.sys_id)).record.lines, was.lines);
    });

    it('explain that their lines may not be read', async () => {
      const { order } = place();
      desk().faults.add({ kind: 'status', status: 403, path: LINE });
      await assert.rejects(client.read('order', order.sys_id), {
        code: 'SWB_PARTNER_AUTH',
        message: /read the lines of order \(sn_ind_tmt_orm_order_line_item\).*403.*permission/s,
      });
      const checks = new Map((await client.test()).map((c) => [c.name, c]));
      assert.equal(checks.get('Read order lines')?.ok, false);
      assert.match(checks.get('Read order lines')?.text ?? '', /sn_ind_tmt_orm_order_line_item.*403/s);
      assert.equal(checks.get('Read order')?.ok, true);
    });
  });

  describe('created', () => {
    const whole = (id: string) =>
      linesOf(desk(), id).map((line) => [line.external_id, line.quantity, characteristicsOf(desk(), line.sys_id)]);
    const WHOLE = [
      ['1', '2', { colour: 'black', esim: 'true' }],
      ['2', '1', { data: '50 GB' }],
      ['3', '1', {}],
    ];

    it('get our reference, their lines, and the characteristics of the lines', async () => {
      const { entity, dropped } = await client.create('order', FIELDS, REFERENCE);
      const { source, record } = client.parse(entity);
      assert.deepEqual(dropped, []);
      assert.equal(source.reference, REFERENCE);
      assert.deepEqual([record.external_id, record.correlation_id], [REFERENCE, REFERENCE]);
      assert.deepEqual(whole(source.id), WHOLE);
    });

    it('use the table names of CSM', async () => {
      const { entity } = await client.create('csmOrder', FIELDS, REFERENCE);
      const lines = linesOf(desk(), client.parse(entity).source.id, 'sn_csm_om');
      assert.deepEqual(
        lines.map((l) => [l.external_id, characteristicsOf(desk(), l.sys_id, 'sn_csm_om').colour]),
        [
          ['1', 'black'],
          ['2', undefined],
          ['3', undefined],
        ],
      );
    });

    // The lost answer: of each write of the create, before and after the instance acted.
    const WRITES = [ORDER, LINE, VALUE, VALUE, LINE, VALUE, LINE];
    for (const kind of ['reset-after', 'reset-before', 'no-body'] as const) {
      for (let step = 0; step < WRITES.length; step++) {
        it(`exist once and complete when write ${step + 1} (${WRITES[step]}) ends in ${kind}`, async () => {
          const path = `/table/${WRITES[step]}`;
          for (let i = 0; i < WRITES.slice(0, step).filter((table) => table === WRITES[step]).length; i++)
            desk().faults.add({ kind: 'slow', delay: 0, method: 'POST', path, times: 1 });
          desk().faults.add({ kind, method: 'POST', path, times: 1 });
          const raw = await again('order', FIELDS);
          const [order, ...others] = desk().rows(ORDER);
          assert.deepEqual(others, []);
          assert.equal(client.parse(raw).source.id, order?.sys_id);
          assert.deepEqual(whole(order!.sys_id), WHOLE);
          assert.equal(desk().rows(VALUE).length, 3);
          assert.deepEqual(desk().faults.all(), []);
        });
      }
    }

    it('are not created again after a refusal half-way, but completed once the right is granted', async () => {
      desk().faults.add({ kind: 'status', status: 403, method: 'POST', path: LINE, times: 1 });
      await assert.rejects(client.create('order', FIELDS, REFERENCE), { code: 'SWB_PARTNER_AUTH', message: new RegExp(LINE) });
      await client.create('order', FIELDS, REFERENCE);
      assert.equal(desk().rows(ORDER).length, 1);
      assert.deepEqual(whole(desk().rows(ORDER)[0]!.sys_id), WHOLE);
    });

    it('have to be looked up when the rate is limited half-way, because part of them exists', async () => {
      desk().faults.add({ kind: 'status', status: 429, retryAfter: '1', method: 'POST', path: LINE, times: 1 });
      await assert.rejects(client.create('order', FIELDS, REFERENCE), {
        code: 'SWB_PARTNER_LIMIT',
        outcome: 'unknown',
        retryAfter: 1_000,
      });
    });

    it('keep changes of a line made in the meantime when they are completed', async () => {
      desk().faults.add({ kind: 'slow', delay: 0, method: 'POST', path: LINE, times: 1 });
      desk().faults.add({ kind: 'status', status: 503, method: 'POST', path: LINE, times: 1 });
      await assert.rejects(client.create('order', FIELDS, REFERENCE));
      const [line] = desk().rows(LINE);
      desk().update(LINE, line!.sys_id, { quantity: '1', state: 'in_progress' });
      await client.find('order', REFERENCE, FIELDS);
      assert.deepEqual([desk().row(LINE, line!.sys_id)?.quantity, desk().rows(LINE).length], ['1', 3]);
    });

    it('say which line and column the instance dropped', async () => {
      const { dropped } = await client.create(
        'order',
        { short_description: 'x', lines: [{ external_id: '2', state: 'nonesuch', nonesuch: 'x' }] },
        REFERENCE,
      );
      assert.deepEqual(dropped.map((d) => d.field).sort(), ['lines[2].nonesuch', 'lines[2].state']);
    });

    it('need an id in every line', async () => {
      await assert.rejects(client.create('order', { lines: [{ quantity: 1 }] }, REFERENCE), {
        code: 'SWB_PAYLOAD',
        message: /no external_id/,
      });
      assert.deepEqual(desk().rows(ORDER), []);
    });
  });

  describe('updated', () => {
    it('change only the lines that differ, by item id or, where that is empty, by number', async () => {
      const { order, lines } = place();
      const before = desk().requests.length;
      const { dropped } = await client.update('order', order.sys_id, {
        lines: [
          { external_id: '1', short_description: 'Fibre' },
          { external_id: lines[1]!.number!, state: 'in_progress', correlation_display: 'PO-7 (Telco)' },
        ],
      });
      assert.deepEqual(dropped, []);
      const [fibre, phone] = linesOf(desk(), order.sys_id);
      assert.deepEqual([fibre?.sys_mod_count, phone?.sys_mod_count], ['0', '1']);
      assert.deepEqual([phone?.state, phone?.correlation_display, phone?.external_id], ['in_progress', 'PO-7 (Telco)', '']);
      const writes = desk()
        .requests.slice(before)
        .filter((r) => r.method === 'PATCH' || (r.path.startsWith('/api/now/v2/table/') && r.method === 'POST'));
      assert.deepEqual(
        writes.map((r) => r.path),
        [`/api/now/v2/table/${LINE}/${phone?.sys_id}`],
      );
    });

    it('write a note about a line once, however often it is sent, and again when it changes', async () => {
      const { order } = place();
      const tell = (work_notes: string) => client.update('order', order.sys_id, { lines: [{ external_id: '1', work_notes }] });
      for (const text of ['No duct', 'No duct', 'Duct found', 'No duct']) await tell(text);
      const [line] = linesOf(desk(), order.sys_id);
      assert.deepEqual(
        desk()
          .journal(line!.sys_id)
          .map((j) => j.value),
        ['No duct', 'Duct found', 'No duct'],
      );
    });

    it('get a new line, and changed characteristics', async () => {
      const { order } = place();
      const fields: Record<string, Json> = {
        short_description: 'Newer office',
        lines: [
          { external_id: '1', characteristics: { bandwidth: '10 Gbit/s', backup: 'LTE' } },
          { external_id: '9', short_description: 'Router', quantity: 1, characteristics: { rack: 'A1' } },
        ],
      };
      const { dropped } = await client.update('order', order.sys_id, fields, ['9']);
      assert.deepEqual(dropped, []);
      assert.equal(desk().row(ORDER, order.sys_id)?.short_description, 'Newer office');
      assert.deepEqual(
        linesOf(desk(), order.sys_id).map((l) => [l.external_id, characteristicsOf(desk(), l.sys_id)]),
        [
          ['1', { bandwidth: '10 Gbit/s', backup: 'LTE' }],
          ['', {}],
          ['9', { rack: 'A1' }],
        ],
      );
    });

    it('are not written where a line is missing that is not marked as new, because it would be duplicated', async () => {
      const { order, lines } = place();
      desk().update(LINE, lines[0]!.sys_id, { order: '' }); // as an index that has not got it yet would have it
      const fields = { short_description: 'x', lines: [{ external_id: '1', state: 'in_progress' }] };
      await assert.rejects(client.update('order', order.sys_id, fields, ['9']), {
        kind: 'items',
        code: 'SWB_PARTNER_ANSWER',
        message: new RegExp(`Lines 1 are not in the order, which has the lines: ${lines[1]!.number}\\. Nothing was written`),
      });
      assert.equal(desk().rows(LINE).length, 2);
      assert.equal(desk().row(ORDER, order.sys_id)?.short_description, 'New office');
    });

    it('exist once when the answer is lost and they are written again', async () => {
      const { order } = place();
      const fields = { lines: [{ external_id: '9', quantity: 1, work_notes: 'Hello', characteristics: { a: '1' } }] };
      for (const path of [LINE, VALUE]) {
        desk().faults.add({ kind: 'reset-after', method: 'POST', path, times: 1 });
        await assert.rejects(client.update('order', order.sys_id, fields, ['9']));
      }
      await client.update('order', order.sys_id, fields, ['9']);
      const line = linesOf(desk(), order.sys_id).filter((l) => l.external_id === '9');
      assert.equal(line.length, 1);
      assert.equal(desk().journal(line[0]!.sys_id).length, 1);
      assert.equal(desk().rows(VALUE).length, 2);
    });
  });

  describe('polled and pushed', () => {
    it('report a change of a line, and a comment on it, as a change of the order', async () => {
      const { order, lines } = place();
      const { cursor } = await client.poll('order', undefined);
      desk().comment(LINE, lines[0]!.sys_id, 'Any news?', 'agent');
      const found = new Map<string, string>();
      let at = cursor;
      await until('the news of line and journal', async () => {
        const step = await client.poll('order', at);
        for (const hint of step.hints) found.set(hint.key, hint.id);
        at = step.cursor;
        return ['lin', 'jrn'].every((kind) => [...found.keys()].some((key) => key.startsWith(`${kind}|`)));
      });
      for (const [key, id] of found) assert.equal(id, order.sys_id, key);
    });

    it('request nothing more for records without lines', async () => {
      const begun = await client.poll('incident', undefined);
      const { cursor } = await client.poll('incident', begun.cursor); // reads the zone
      const before = gets();
      await client.poll('incident', cursor);
      assert.equal(gets() - before, 4); // the clock, records, journals, attachments
    });

    it('are found from a webhook about a line, whether it names its order or not', async () => {
      const { order, lines } = place();
      const body = { table: LINE, sys_id: lines[1]!.sys_id, number: lines[1]!.number!, sys_updated_on: 'x', sys_mod_count: '1' };
      const named = readWebhook({ ...body, order: { value: order.sys_id, display_value: order.number! } }, TYPES, 'incident');
      assert.deepEqual([named.entityType, named.id], ['order', order.sys_id]);
      const unnamed = readWebhook(body, TYPES, 'order');
      assert.equal(unnamed.entityType, 'order');
      assert.equal(client.parse(await client.read('order', unnamed.id)).source.id, order.sys_id);
      assert.equal(named.key, unnamed.key);
      const lost = desk().create(LINE, { short_description: 'of nothing' });
      const { id } = readWebhook({ table: LINE, sys_id: lost.sys_id }, TYPES, 'order');
      await assert.rejects(client.read('order', id), { code: 'SWB_PARTNER_NOT_FOUND', message: /belongs to no order/ });
    });

    it('are looked up by a line once; a line that has moved leads to its new order', async () => {
      const { order, lines } = place();
      const other = place().order;
      const { id } = readWebhook({ table: LINE, sys_id: lines[1]!.sys_id }, TYPES, 'order');
      const found = async () => client.parse(await client.read('order', id)).source.id;
      const lookUps = () => desk().requests.filter((r) => r.path.endsWith(`${LINE}/${lines[1]!.sys_id}`)).length;
      assert.deepEqual([await found(), await found(), lookUps()], [order.sys_id, order.sys_id, 1]);
      assert.equal(client.entityOf?.('order', id), order.sys_id);
      desk().update(LINE, lines[1]!.sys_id, { order: other.sys_id });
      assert.deepEqual([await found(), lookUps()], [other.sys_id, 2]);
    });

    it('take a requested item as part of its request, unless requested items are the entity type', () => {
      const types = [...TYPES, { name: 'requestItem', table: 'sc_req_item' }];
      const body = { table: 'sc_req_item', sys_id: 'a'.repeat(32), request: 'b'.repeat(32) };
      const of = (standard: string) => {
        const { entityType, id } = readWebhook(body, types, standard);
        return [entityType, id];
      };
      assert.deepEqual(of('request'), ['request', 'b'.repeat(32)]);
      assert.deepEqual(of('requestItem'), ['requestItem', 'a'.repeat(32)]);
      assert.deepEqual(of('incident'), ['requestItem', 'a'.repeat(32)]);
    });
  });

  describe('from the service catalogue', () => {
    const REQUEST: Record<string, Json> = {
      short_description: 'New colleague',
      lines: [
        { correlation_id: '1', cat_item: 'Laptop', quantity: 1, variables: { model: 'X1', memory: 32, nonesuch: 'x' } },
        { correlation_id: '2', cat_item: 'Building pass', quantity: 1, variables: { building: 'HQ' } },
        { correlation_id: '4', cat_item: 'Laptop', quantity: 1, variables: { model: 'T14' } },
      ],
    };
    const items = (id: string) =>
      desk()
        .rows('sc_req_item')
        .filter((row) => row.request === id)
        .map((row) => [row.correlation_id, variablesOf(desk(), row.sys_id).model ?? variablesOf(desk(), row.sys_id).building]);
    const WHOLE = [
      ['1', 'X1'],
      ['2', 'HQ'],
      ['4', 'T14'],
    ];

    it('are requests that carry our reference, with items that carry their item ids', async () => {
      const { entity, dropped } = await client.create('request', REQUEST, REFERENCE);
      const { source, record } = client.parse(entity);
      assert.deepEqual([source.reference, record.short_description], [REFERENCE, 'New colleague']);
      assert.deepEqual(items(source.id), WHOLE);
      assert.deepEqual(
        dropped.map((d) => d.field),
        ['lines[1].variables.nonesuch'],
      );
      const [laptop] = record.lines as Lines;
      assert.deepEqual([laptop?.cat_item_name, laptop?.variables], ['Laptop', { model: 'X1', memory: '32' }]);
    });

    it('are recognised by the reference of their items before they carry it themselves, and awaited while they have neither', async () => {
      const { entity } = await client.create('request', REQUEST, REFERENCE);
      const { source } = client.parse(entity);
      desk().update('sc_request', source.id, { correlation_id: '' }, 'switchboard');
      assert.equal(client.parse(await client.read('request', source.id)).source.reference, REFERENCE);
      const bare = desk().create('sc_request', {}, 'switchboard');
      const late = connect('switchboard', () => Date.now() - 7_200_000);
      for (const by of [client, late])
        await assert.rejects(by.read('request', bare.sys_id), { retry: true, message: /does not carry our reference yet/ });
      late.close();
      const theirs = desk().create('sc_request', {}, 'agent');
      assert.equal(client.parse(await client.read('request', theirs.sys_id)).source.reference, undefined);
    });

    it('are ordered by the name of an offering where its id is from another catalogue', async () => {
      const lines: Lines = [
        { correlation_id: '1', cat_item: 'LT-1', cat_item_name: 'Laptop', quantity: 1 },
        { correlation_id: '2', cat_item_name: 'Building pass', quantity: 1 },
      ];
      const { entity, dropped } = await client.create('request', { lines }, REFERENCE);
      assert.deepEqual(dropped, []);
      const { id } = client.parse(entity).source;
      assert.deepEqual(
        (client.parse(entity).record.lines as Lines).map((l) => [l.correlation_id, l.cat_item_name]),
        [
          ['1', 'Laptop'],
          ['2', 'Building pass'],
        ],
      );
      assert.deepEqual((await client.update('request', id, { lines })).dropped, []);
    });

    it('leave nothing in the cart, and do not order what an earlier attempt left there', async () => {
      desk().faults.add({ kind: 'status', status: 503, method: 'POST', path: 'submit_order', times: 1 });
      await assert.rejects(client.create('request', REQUEST, REFERENCE));
      assert.equal(desk().carts.get('switchboard')?.items.length, 3);
      await client.create('request', REQUEST, REFERENCE);
      assert.equal(desk().rows('sc_req_item').length, 3);
      assert.equal(desk().carts.get('switchboard'), undefined);
    });

    it('go through the cart one by one', async () => {
      const references = Array.from({ length: 6 }, (_, i) => `SWB-MANY0000000${i}`);
      const made = await Promise.all(references.map((reference) => client.create('request', REQUEST, reference)));
      for (const { entity } of made) assert.deepEqual(items(client.parse(entity).source.id), WHOLE);
      assert.equal(desk().rows('sc_request').length, 6);
    });

    for (const [method, path] of [
      ['POST', 'add_to_cart'],
      ['POST', 'submit_order'],
      ['PATCH', 'sc_req_item'],
      ['PATCH', 'sc_request'],
    ] as const) {
      it(`exist once when the answer to ${method} ${path} is lost`, async () => {
        desk().faults.add({ kind: 'reset-after', method, path, times: 1 });
        const raw = await again('request', REQUEST);
        assert.equal(desk().rows('sc_request').length, 1);
        assert.deepEqual([client.parse(raw).source.reference, items(client.parse(raw).source.id)], [REFERENCE, WHOLE]);
      });
    }

    it('report an item without a variable for our reference, because a lost answer could not be looked up', async () => {
      const { dropped } = await client.create(
        'request',
        { lines: [{ correlation_id: '3', cat_item: 'Desk chair', quantity: 1, variables: { colour: 'grey' } }] },
        REFERENCE,
      );
      assert.deepEqual(
        dropped.map((d) => d.field),
        ['lines[3].variables.correlation_id'],
      );
    });

    it('explain what the catalogue does not have, before anything is ordered', async () => {
      const [laptop] = REQUEST.lines as Lines;
      const order = (cat_item: string) =>
        client.create('request', { lines: [laptop!, { correlation_id: '7', cat_item, quantity: 1 }] }, REFERENCE);
      await assert.rejects(order('Jet pack'), {
        code: 'SWB_PAYLOAD',
        message: /Item 7 names "Jet pack", which the catalogue does not have/,
      });
      await assert.rejects(order('f'.repeat(32)), { code: 'SWB_PAYLOAD' });
      await assert.rejects(order(''), { code: 'SWB_PAYLOAD', message: /Item 7 does not say what/ });
      assert.deepEqual([desk().rows('sc_request').length, desk().carts.size], [0, 0]);
    });

    it('receive the states of their items, but no other changes of them', async () => {
      const { entity } = await client.create('request', REQUEST, REFERENCE);
      const { id } = client.parse(entity).source;
      const fields: Record<string, Json> = {
        lines: [
          { correlation_id: '1', cat_item: 'Laptop', state: '3' },
          { correlation_id: '2', cat_item: 'Laptop', quantity: 5 },
        ],
      };
      const { dropped } = await client.update('request', id, fields);
      assert.deepEqual(
        dropped.map((d) => d.field),
        ['lines[2].cat_item', 'lines[2].quantity'],
      );
      assert.deepEqual(
        desk()
          .rows('sc_req_item')
          .map((row) => [row.state, row.quantity]),
        [
          ['3', '1'],
          ['1', '1'],
          ['1', '1'],
        ],
      );
    });

    it('have an item cancelled in its own way, unless it is closed', async () => {
      const { entity } = await client.create('request', REQUEST, REFERENCE);
      const { id } = client.parse(entity).source;
      const [first] = desk().rows('sc_req_item');
      desk().update('sc_req_item', first!.sys_id, { state: '3' });
      const fields = {
        lines: [
          { correlation_id: '1', ...CANCELLED },
          { correlation_id: '2', ...CANCELLED },
        ],
      };
      const { entity: after, dropped } = await client.update('request', id, fields);
      assert.deepEqual(
        desk()
          .rows('sc_req_item')
          .map((row) => [row.state, row.stage]),
        [
          ['3', 'fulfillment'],
          ['4', 'request_cancelled'],
          ['1', 'fulfillment'],
        ],
      );
      assert.deepEqual(
        dropped.map((d) => d.field),
        ['lines[1].state', 'lines[1].stage'],
      );
      assert.deepEqual(client.cancellationsIn?.('request', client.parse(after).record), { all: false, items: ['2'] });
    });

    it('are not cancelled once they are closed, which is a refusal', async () => {
      const { entity } = await client.create('request', REQUEST, REFERENCE);
      const { id } = client.parse(entity).source;
      desk().update('sc_request', id, { request_state: 'closed_complete' });
      const { refused } = await client.update('request', id, { request_state: 'closed_cancelled' });
      assert.match(refused ?? '', /REQ\d+ is closed already: closed_complete/);
      assert.equal(desk().row('sc_request', id)?.request_state, 'closed_complete');
      assert.ok(
        desk()
          .rows('sc_req_item')
          .every((row) => row.state === '1'),
      );
    });

    it('take no further item', async () => {
      const { entity } = await client.create('request', REQUEST, REFERENCE);
      const { id } = client.parse(entity).source;
      const fields = { lines: [{ correlation_id: '8', cat_item: 'Laptop', quantity: 1 }] };
      await assert.rejects(client.update('request', id, fields, ['8']), {
        code: 'SWB_PARTNER_REFUSED',
        retry: false,
        message: /Item 8 cannot be added to REQ\d+: a request has the items that it was ordered with/,
      });
      assert.equal(client.takesItemChanges?.('request'), false);
      assert.equal(client.takesItemChanges?.('order'), true);
    });

    it('are cancelled together with their items that are still open', async () => {
      const { entity } = await client.create('request', REQUEST, REFERENCE);
      const { id } = client.parse(entity).source;
      const [first] = desk().rows('sc_req_item');
      desk().update('sc_req_item', first!.sys_id, { state: '3' });
      await client.update('request', id, { request_state: 'closed_cancelled' });
      assert.deepEqual(
        desk()
          .rows('sc_req_item')
          .map((row) => row.state),
        ['3', '4', '4'],
      );
    });
  });
});
