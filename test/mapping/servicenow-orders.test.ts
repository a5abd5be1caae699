import assert from 'node:assert/strict';
import { compileMapping, preset } from '../../src/endpoints/registry.js';
import type { GenericFields, GenericMessage, Json } from '../../src/model/message.js';
import { validateGeneric } from '../../src/model/schema.js';

const message = (fields: GenericFields): GenericMessage => ({
  entity: 'order',
  event: 'created',
  source: { endpoint: 'x', entityType: 'productOrder', id: '1', number: 'PO-1' },
  fields,
  comments: [],
  attachments: [],
  relations: [],
});

const linesOf = async (entityType: string, fields: GenericFields) => {
  const { body, problems } = await compileMapping(preset('servicenow', entityType)).fromGeneric(message(fields));
  assert.deepEqual(problems, []);
  return body.lines as Record<string, Json>[];
};

describe('a ServiceNow order', () => {
  const compiled = compileMapping(preset('servicenow', 'order'));

  it('says that a line without any id is left out', async () => {
    const { fields, problems } = await compiled.toGeneric({ number: 'ORD1', lines: [{ quantity: '1' }, { number: 'ORL2' }] });
    assert.deepEqual(
      [fields.items?.map(({ id }) => id), problems.map(({ level, text }) => [level, text])],
      [['ORL2'], [['warning', 'An entry of lines has no id of its item, and was left out.']]],
    );
  });

  it('describes in its lines what is ordered, and separately its status', async () => {
    const { fields, problems } = await compiled.toGeneric({
      number: 'ORD0010001',
      short_description: '',
      state: 'submitted',
      account: 'a'.repeat(32),
      account_name: 'Acme Ltd',
      requested_end_date: '2026-03-04 17:00:00',
      lines: [
        {
          number: 'ORL0010001',
          external_id: '7',
          action: 'change',
          quantity: '2',
          product_offering: 'b'.repeat(32),
          product_offering_name: 'Business Fibre',
          short_description: 'Fibre for the head office',
          characteristics: { bandwidth: '1 Gbit/s' },
          shipping_city: 'Ghent',
          mrc: '49.50',
          nrc: '100',
          currency: 'EUR',
          state: 'scheduled',
          expected_end_date: '2026-03-03 12:00:00',
        },
        { number: 'ORL0010002', external_id: '', short_description: 'Phone', quantity: '1', mrc: '', state: 'new' },
      ],
    });
    assert.deepEqual(problems, []);
    assert.deepEqual(
      [fields.title, fields.state, fields.customer, fields.requestedCompletionAt],
      ['ORD0010001', 'acknowledged', { id: 'a'.repeat(32), name: 'Acme Ltd' }, '2026-03-04T17:00:00.000Z'],
    );
    assert.deepEqual(fields.items, [
      {
        id: '7',
        action: 'modify',
        quantity: 2,
        offering: { id: 'b'.repeat(32), name: 'Business Fibre' },
        characteristics: { bandwidth: '1 Gbit/s' },
        place: { city: 'Ghent' },
        price: { oneTime: 100, recurring: 49.5, period: 'month', currency: 'EUR' },
      },
      { id: 'ORL0010002', action: 'add', quantity: 1, offering: { name: 'Phone' } },
    ]);
    assert.deepEqual(fields.progress, [
      { id: '7', state: 'pending', expectedCompletionAt: '2026-03-03T12:00:00.000Z' },
      { id: 'ORL0010002', state: 'acknowledged' },
    ]);
    assert.deepEqual(
      validateGeneric({ ...message(fields), fields }).filter((p) => p.level === 'error'),
      [],
    );
  });

  it('receives the status of its items, their vendors, and why an item is in its state', async () => {
    const lines = await linesOf('order', {
      progress: [
        { id: '1', state: 'inProgress', expectedCompletionAt: '2026-03-03T12:00:00.000Z', vendor: 'Telco', vendorNumber: 'PO-7' },
        { id: '2', state: 'held', stateReason: 'No duct' },
        { id: '3', state: 'failed' },
        { id: '4', state: 'completed', stateReason: 'Delivered at noon' },
      ],
    });
    assert.deepEqual(lines, [
      { external_id: '1', state: 'in_progress', expected_end_date: '2026-03-03 12:00:00', correlation_display: 'PO-7 (Telco)' },
      { external_id: '2', state: 'on_hold', work_notes: 'No duct' },
      { external_id: '3', state: 'on_hold', work_notes: 'Failed at the vendor.' },
      { external_id: '4', state: 'completed', work_notes: 'Delivered at noon' },
    ]);
  });

  it('names all vendors that have a part of it, not only the last one that reported', async () => {
    const progress = [
      { id: '1', vendor: 'Telco', vendorNumber: 'PO-7' },
      { id: '2', vendor: 'Shop', vendorNumber: 'PO-8' },
      { id: '3', vendor: 'Telco', vendorNumber: 'PO-7' },
      { id: '4' },
    ];
    for (const type of ['order', 'request']) {
      const { fromGeneric } = compileMapping(preset('servicenow', type));
      const { body } = await fromGeneric(message({ title: 'x', progress }));
      assert.equal(body.correlation_display, 'PO-7, PO-8', type);
      const { body: single } = await fromGeneric(message({ title: 'x' }));
      assert.equal(single.correlation_display, 'PO-1', type);
    }
  });

  it('that failed is on hold, with an explanation', async () => {
    const { body } = await compiled.fromGeneric(message({ title: 'x', state: 'failed', stateReason: 'mobile failed at Telco.' }));
    assert.deepEqual([body.state, body.comments], ['on_hold', 'mobile failed at Telco.']);
    const { body: partial } = await compiled.fromGeneric(message({ title: 'x', state: 'partial' }));
    assert.deepEqual([partial.state, partial.comments], ['on_hold', 'Only part of it was delivered.']);
  });

  it('at a vendor receives what is ordered', async () => {
    const [line] = await linesOf('order', {
      items: [
        {
          id: '1',
          action: 'noChange',
          quantity: 3,
          offering: { id: 'SIM-5G', name: 'SIM 5G' },
          characteristics: { data: '50 GB' },
          place: { street: 'Main Street 1', postcode: '9000', city: 'Ghent', country: 'BE' },
          requestedCompletionAt: '2026-03-04T17:00:00.000Z',
          price: { oneTime: 5, recurring: 20, period: 'month', currency: 'EUR' },
        },
      ],
    });
    assert.deepEqual(line, {
      external_id: '1',
      action: 'no_change',
      quantity: 3,
      product_offering: 'SIM-5G',
      short_description: 'SIM 5G',
      characteristics: { data: '50 GB' },
      requested_end_date: '2026-03-04 17:00:00',
      shipping_street: 'Main Street 1',
      shipping_zip: '9000',
      shipping_city: 'Ghent',
      shipping_country: 'BE',
      nrc: 5,
      mrc: 20,
      currency: 'EUR',
    });
  });
});

describe('a ServiceNow request', () => {
  it('orders from the catalogue by id and by name', async () => {
    const lines = await linesOf('request', {
      items: [
        { id: '1', quantity: 1, offering: { id: 'c'.repeat(32), name: 'Laptop' }, characteristics: { model: 'X1' } },
        { id: '2', quantity: 1, offering: { name: 'Building pass' } },
      ],
    });
    assert.deepEqual(lines, [
      { correlation_id: '1', quantity: 1, cat_item: 'c'.repeat(32), cat_item_name: 'Laptop', variables: { model: 'X1' } },
      { correlation_id: '2', quantity: 1, cat_item_name: 'Building pass' },
    ]);
  });

  it('distinguishes a cancelled item from one that was closed without delivery', async () => {
    const { fields } = await compileMapping(preset('servicenow', 'request')).toGeneric({
      number: 'REQ0010001',
      request_state: 'closed_incomplete',
      lines: [
        { number: 'RITM1', correlation_id: '1', cat_item: 'x', state: '3', stage: 'completed' },
        { number: 'RITM2', correlation_id: '2', cat_item: 'x', state: '4', stage: 'fulfillment' },
        { number: 'RITM3', correlation_id: '3', cat_item: 'x', state: '4', stage: 'Request Cancelled' },
      ],
    });
    assert.equal(fields.state, 'failed');
    assert.deepEqual(
      fields.progress?.map((p) => p.state),
      ['completed', 'failed', 'cancelled'],
    );
    assert.deepEqual(fields.items?.[0], { id: '1', action: 'add', offering: { id: 'x' } });
  });
});
