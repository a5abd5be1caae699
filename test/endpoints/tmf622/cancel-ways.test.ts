import assert from 'node:assert/strict';
import type { EndpointClient } from '../../../src/endpoints/endpoint.js';
import { tmf622 } from '../../../src/endpoints/tmf622/system.js';
import type { Json } from '../../../src/model/message.js';
import { type Sandbox, startSandbox } from '../../../src/sandbox/sandbox.js';
import { contractClient, oauth } from '../contract-client.js';

const TYPE = 'productOrder';
const CANCEL = { state: 'cancelled', cancellationReason: 'Moved' };
const REFERENCE = 'SWB-TEST00000001/north';

const item = (id: string, more: Record<string, Json> = {}) => ({
  id,
  action: 'add',
  quantity: 1,
  productOffering: { id: `offering ${id}` },
  product: { productSpecification: { id: 'S' } },
  ...more,
});

describe('a cancellation at a vendor of the sandbox', () => {
  let sandbox: Sandbox;
  before(async () => {
    sandbox = await startSandbox();
  });
  after(() => sandbox.close());
  beforeEach(() => sandbox.reset());

  for (const [profile, path] of [
    ['standard', 'orders4'],
    ['servicenow', 'orderssn'],
  ] as const)
    describe(`with the profile ${profile}`, () => {
      const desk = () => sandbox.orders(profile === 'servicenow' ? 'servicenow' : 'v4');
      const clientFor = (cancelBy = 'request') =>
        contractClient(tmf622, {
          url: `${sandbox.url}/${path}`,
          auth: oauth(sandbox),
          settings: { version: 'v4', profile, arrayMode: 'replace', cancelBy },
        });
      const place = async (client: EndpointClient) => {
        const fields: Record<string, Json> = {
          description: 'x',
          orderCurrency: 'EUR',
          channel: [{ id: '1' }],
          relatedParty: [{ id: 'C-1', '@referredType': 'Customer' }],
          productOrderItem: [item('1'), item('2')],
        };
        return client.parse((await client.create(TYPE, fields, REFERENCE)).entity).source.id;
      };
      const states = (id: string) =>
        ((desk().order(id)?.productOrderItem ?? []) as { state: string }[]).map(({ state }) => state);

      it('of an item is done in the vendor’s way, and shows', async () => {
        const client = clientFor();
        const id = await place(client);
        const { entity, dropped } = await client.update(TYPE, id, { productOrderItem: [item('2', { state: 'cancelled' })] });
        assert.deepEqual([states(id)[1], dropped], ['cancelled', []]);
        assert.deepEqual(client.cancellationsIn?.(TYPE, client.parse(entity).record)?.items, ['2']);
      });

      it('is checked by the connection test, where requests of it can be read', async () => {
        const cancelling = async (by?: string) => (await clientFor(by).test()).find(({ name }) => name === 'Cancel orders');
        const isReadable = profile === 'standard';
        assert.equal((await cancelling())?.ok, isReadable ? true : undefined);
        assert.equal(await cancelling('delete'), undefined);
        desk().behaviours.add({ name: 'cancelMissing' });
        assert.equal((await cancelling())?.ok, isReadable ? 'warning' : undefined);
      });

      for (const name of ['cancelIgnored', 'cancelPretended'] as const)
        it(`of an item that has no effect (${name}) does not show`, async () => {
          const client = clientFor();
          const id = await place(client);
          desk().behaviours.add({ name });
          const { entity } = await client.update(TYPE, id, { productOrderItem: [item('2', { state: 'cancelled' })] });
          assert.deepEqual(client.cancellationsIn?.(TYPE, client.parse(entity).record)?.items, []);
        });

      it('of the order that is done, by its task, without effect is not proven', async () => {
        const client = clientFor();
        const id = await place(client);
        desk().behaviours.add({ name: 'cancelPretended' });
        await assert.rejects(client.update(TYPE, id, CANCEL), { notVisible: true });
      });

      it('of the order is requested', async () => {
        const client = clientFor();
        const id = await place(client);
        assert.equal((await client.update(TYPE, id, CANCEL)).refused, undefined);
        assert.equal(desk().order(id)?.state, 'assessingCancellation');
      });

      it('of the order for which there is no resource is for a person, or goes by a note', async () => {
        const client = clientFor();
        const id = await place(client);
        desk().behaviours.add({ name: 'cancelMissing' });
        await assert.rejects(client.update(TYPE, id, CANCEL), { kind: 'cancelling' });
        const byNote = clientFor('note');
        for (let i = 0; i < 2; i++) assert.equal((await byNote.update(TYPE, id, CANCEL)).undecided, true);
        const notes = desk().order(id)?.note as { text: string }[];
        assert.equal(notes.filter(({ text }) => /please cancel this order\. Reason: Moved/.test(text)).length, 1);
      });
    });

  it('of the order by deleting it is done when it is gone', async () => {
    const client = contractClient(tmf622, {
      url: `${sandbox.url}/orders4`,
      auth: oauth(sandbox),
      settings: { version: 'v4', profile: 'standard', arrayMode: 'replace', cancelBy: 'delete' },
    });
    const created = await client.create(TYPE, { productOrderItem: [item('1')] }, REFERENCE);
    const { id } = client.parse(created.entity).source;
    assert.equal((await client.update(TYPE, id, CANCEL)).deleted, true);
    assert.equal(sandbox.orders('v4').order(id), undefined);
    assert.equal(await client.findCancellation?.(TYPE, id), 'deleted');
  });
});
