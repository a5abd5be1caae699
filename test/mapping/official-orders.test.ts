import assert from 'node:assert/strict';
import { compileMapping, preset } from '../../src/endpoints/registry.js';
import { CANCELLING_STATES, type GenericFields, type Json, ORDER_STATES } from '../../src/model/message.js';
import { type Spec, spec } from '../specs.js';
import { cancelled, FULL, LEAST, orderMessage } from './orders.js';
import { recordingOrderClient, type SentRequest } from './wire.js';

const DEFINITIONS = {
  v4: {
    create: 'ProductOrder_Create',
    update: 'ProductOrder_Update',
    cancel: 'CancelProductOrder_Create',
    hub: 'EventSubscriptionInput',
  },
  v5: { create: 'ProductOrder_FVO', update: 'ProductOrder_MVO', cancel: 'CancelProductOrder_FVO', hub: 'Hub_FVO' },
} as const;
const REFERENCE = 'SWB-TEST00000001/north';

const ORDERS: [string, GenericFields][] = [
  ['full', FULL],
  ['bare', LEAST],
];

for (const version of ['v4', 'v5'] as const) {
  describe(`what is sent to a TMF622 ${version} provider is valid by the official definition`, () => {
    let official: Spec;
    const outgoing = compileMapping(preset('tmf622', 'productOrder', version));
    before(function () {
      const found = spec(`TMF622 ${version}`);
      if (!found) {
        console.log(`      the official definition of TMF622 ${version} is not here: skipped`);
        return this.skip();
      }
      official = found;
    });

    const valid = ({ method, path, body }: SentRequest) => {
      const cancels = path.endsWith('/cancelProductOrder');
      const definition = DEFINITIONS[version][cancels ? 'cancel' : method === 'POST' ? 'create' : 'update'];
      assert.deepEqual(official.problems(definition, body), [], JSON.stringify(body));
    };
    const made = async (fields: GenericFields) => {
      const { body, problems } = await outgoing.fromGeneric(orderMessage(fields));
      assert.deepEqual(
        problems.filter((p) => p.level === 'error'),
        [],
      );
      return body;
    };

    for (const [kind, fields] of ORDERS) {
      it(`an order, ${kind}, in every state: created, and each of its fields changed`, async () => {
        for (const state of ORDER_STATES) {
          const body = await made({ ...fields, state });
          const { client, written } = recordingOrderClient(version);
          await client.create('productOrder', body, REFERENCE);
          for (const [name, value] of Object.entries(body)) {
            if (name !== 'state') await client.update('productOrder', 'PO-1', { [name]: value });
          }
          assert.ok(written.length > 2);
          written.forEach(valid);
          assert.ok(written.every(({ body: sent }) => sent.state === undefined));
        }
      });

      it(`an order, ${kind}, with a cancelled item`, async () => {
        const body = await made({ ...fields, progress: [cancelled(fields.items![0]!.id)] });
        const { client, written } = recordingOrderClient(version);
        await client.create('productOrder', body, REFERENCE);
        await client.update('productOrder', 'PO-1', { productOrderItem: body.productOrderItem! });
        written.forEach(valid);
        const states = written.map((w) => (w.body.productOrderItem as { id: string; state?: string }[]).map((i) => i.state));
        assert.ok(
          states[0]!.every((state) => state === undefined),
          'a new item has no state of ours',
        );
        assert.ok(states[1]!.includes('cancelled'));
      });
    }

    it('the cancellation of an order: requested with its reason, and not patched', async () => {
      for (const state of CANCELLING_STATES) {
        const { state: word, cancellationReason } = await made({ ...FULL, state, stateReason: 'Moved elsewhere' });
        const { client, written } = recordingOrderClient(version);
        await client.update('productOrder', 'PO-1', { state: word!, cancellationReason: cancellationReason! });
        assert.deepEqual(
          written.map((w) => [w.method, w.path.split('/').at(-1), w.body.cancellationReason]),
          [['POST', 'cancelProductOrder', 'Moved elsewhere']],
        );
        written.forEach(valid);
      }
    });

    for (const arrayMode of ['replace', 'append'] as const) {
      it(`comments, lists sent by ${arrayMode}`, async () => {
        const { client, written } = recordingOrderClient(version, { arrayMode });
        const at = '2026-03-01T08:00:00.000Z';
        await client.comment('productOrder', 'PO-1', { id: 'c1', text: 'Any news?', author: 'Ann', at, visibility: 'public' });
        await client.comment('productOrder', 'PO-1', { id: 'c2', text: 'No author, no time', visibility: 'public' });
        assert.equal(written.length, 2);
        // A provider that appends cannot be one that reads v4 literally: it would have the items twice.
        const items: Record<string, Json> =
          arrayMode === 'append' && version === 'v4' ? { productOrderItem: [{ id: 'old', action: 'add' }] } : {};
        written.map((w) => ({ ...w, body: { ...w.body, ...items } })).forEach(valid);
      });
    }

    it('the registration at the hub', async () => {
      const { client, written } = recordingOrderClient(version);
      await client.registerHub('http://127.0.0.1:1880/switchboard/tmf622/x/secret', 'eventType=ProductOrderStateChangeEvent');
      assert.deepEqual(official.problems(DEFINITIONS[version].hub, written[0]?.body), []);
    });

    it('and the check can fail: an order without items, an item without an action, or an attribute of our own is invalid', () => {
      const typed = (type: string) => (version === 'v5' ? { '@type': type } : {});
      const order = (item: Record<string, Json>, more = {}) => ({
        ...typed('ProductOrder'),
        productOrderItem: [{ ...typed('ProductOrderItem'), id: '1', ...item }],
        ...more,
      });
      const problems = (body: object) => official.problems(DEFINITIONS[version].create, body);
      assert.deepEqual(problems(order({ action: 'add' })), []);
      assert.notDeepEqual(problems(typed('ProductOrder')), []);
      assert.notDeepEqual(problems(order({})), []);
      assert.notDeepEqual(problems(order({ action: 'add' }, { ours: 1 })), []);
    });
  });
}

describe('what is sent to a ServiceNow by its own TMF622', () => {
  const outgoing = compileMapping(preset('tmf622', 'productOrder', 'servicenow'));

  it('has everything that ServiceNow requires, in its terms', async () => {
    const fields: GenericFields = { ...FULL, customer: { id: 'acc-1', name: 'Funco' } };
    const { body, problems } = await outgoing.fromGeneric(orderMessage(fields));
    assert.deepEqual(problems, []);
    const { client, written } = recordingOrderClient('v4', { profile: 'servicenow' });
    await client.create('productOrder', body, REFERENCE);
    const sent = written[0]!.body;
    assert.equal(written[0]!.path, '/api/sn_ind_tmt_orm/order/productOrder');
    assert.equal(sent.externalId, REFERENCE);
    assert.match(String(sent.externalSystem), /-TMF622$/);
    assert.equal(sent.requestedStartDate, '2026-03-02T08:00:00.000Z', 'ISO 8601, unlike its TMF621');
    assert.deepEqual(
      (sent.productOrderItem as { action: string }[]).map((i) => i.action),
      ['add', 'change'],
    );
    assert.deepEqual((sent.relatedParty as { '@referredType': string }[]).map((p) => p['@referredType']).sort(), [
      'Customer',
      'CustomerContact',
    ]);
  });

  it('is cancelled where ServiceNow accepts cancellations, with notes of text only', async () => {
    const { client, written } = recordingOrderClient('v4', { profile: 'servicenow' });
    await client.update('productOrder', 'PO-1', { state: 'cancelled' });
    await client.comment('productOrder', 'PO-1', { id: 'c1', text: 'Any news?', author: 'Ann', visibility: 'public' });
    assert.equal(written[0]!.path, '/api/sn_ind_tmt_orm/cancelproductorder');
    assert.deepEqual(written[1]!.body, { note: [{ text: 'Any news?' }] });
  });
});
