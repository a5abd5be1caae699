import assert from 'node:assert/strict';
import { type Sandbox, startSandbox } from '../../src/sandbox/sandbox.js';
import { ask, type Partner, SERVICENOW_ORDERS } from './partners.js';

const REFERENCE = 'SWB-TEST00000001';
type Item = { id: string; state: string; quantity: number };
type Order = Record<string, unknown> & { id: string; state: string; productOrderItem: Item[]; note: { text: string }[] };

describe('a vendor that runs ServiceNow with its own TMF622', () => {
  let sandbox: Sandbox;
  before(async () => {
    sandbox = await startSandbox();
  });
  after(() => sandbox.close());
  beforeEach(() => sandbox.reset());
  const vendor = SERVICENOW_ORDERS;
  const cancels: Partner = { ...vendor, path: '/api/sn_ind_tmt_orm/cancelproductorder' };
  const desk = () => sandbox.orders('servicenow');
  const go = (method: string, path = '', body?: unknown) => ask(sandbox, vendor, method, path, body);
  const place = async (): Promise<Order> => {
    const { status, body } = await go('POST', '', vendor.body(REFERENCE));
    assert.equal(status, 201, JSON.stringify(body));
    return body as Order;
  };
  const read = async (id: string) => (await go('GET', `/${id}`)).body as Order;
  const states = ({ state, productOrderItem }: Order) => [state, ...productOrderItem.map((item) => item.state)];
  const cancel = (id: string) => ask(sandbox, cancels, 'POST', '', { productOrder: { id } });

  it('has orders with states in its words, found by our reference', async () => {
    const { id } = await place();
    assert.deepEqual(states(await read(id)), ['new', 'new', 'new']);
    desk().setItemState(id, '1', 'inProgress');
    desk().setItemState(id, '2', 'held');
    const found = (await go('GET', `?externalId=${REFERENCE}`)).body as Order[];
    assert.deepEqual(found.map(states), [['in_progress', 'in_progress', 'on_hold']]);
    assert.deepEqual((await go('GET', '?externalId=other')).body, []);
    assert.equal((await go('GET', '/PO-0')).status, 404);
  });

  it('requires what ServiceNow requires', async () => {
    for (const name of ['channel', 'orderCurrency', 'relatedParty', 'productOrderItem', 'externalSystem']) {
      const { [name]: _, ...lacking } = vendor.body(REFERENCE);
      const { status, body } = await go('POST', '', lacking);
      assert.equal(status, 400, name);
      assert.match((body as { message: string }).message, new RegExp(name));
    }
  });

  it('takes changes of single items, and cancels one by its own operation; a state is ignored', async () => {
    const { id } = await place();
    const patch = (items: object[]) => go('PATCH', `/${id}`, { productOrderItem: items });
    assert.equal((await patch([{ id: '1', quantity: 5 }])).status, 201);
    await patch([{ id: '2', state: 'canceled' }]);
    assert.deepEqual(states(await read(id)), ['new', 'new', 'new']);
    await patch([{ id: '2', revisionOperation: 'cancel' }]);
    const now = await read(id);
    assert.deepEqual(states(now), ['new', 'new', 'canceled']);
    assert.deepEqual(
      now.productOrderItem.map((item) => item.quantity),
      [5, 1],
    );
    desk().behaviours.add({ name: 'cancelIgnored' });
    await patch([{ id: '1', quantity: 6, revisionOperation: 'cancel' }]);
    assert.deepEqual(states(await read(id)), ['new', 'new', 'canceled']);
  });

  it('shows notes without ids, newest first', async () => {
    const { id } = await place();
    for (const text of ['one', 'two']) await go('PATCH', `/${id}`, { note: [{ text }] });
    const { note } = await read(id);
    assert.deepEqual(
      note.map((n) => n.text),
      ['two', 'one'],
    );
    assert.ok(note.every((n) => !('id' in n)));
  });

  it('confirms a cancellation as done when it is only requested; the task cannot be read', async () => {
    const { id } = await place();
    const { status, body } = await cancel(id);
    assert.deepEqual([status, (body as Order).id, (body as Order).state], [200, id, 'done']);
    assert.equal((await read(id)).state, 'assessing_cancellation');
    assert.equal((await ask(sandbox, cancels, 'GET')).status, 405);
    const task = desk().cancels.all()[0];
    desk().cancels.accept(String(task?.id));
    desk().cancels.finish(String(task?.id));
    assert.deepEqual(states(await read(id)), ['canceled', 'canceled', 'canceled']);
    assert.equal((await cancel(id)).status, 400);
    desk().behaviours.add({ name: 'cancelMissing' });
    assert.equal((await cancel(id)).status, 404);
  });

  it('only queues an order if it is set to', async () => {
    desk().behaviours.add({ name: 'queued', ms: 3_600_000 });
    const { status, body } = await go('POST', '', vendor.body(REFERENCE));
    const { id } = body as Order;
    assert.equal(status, 202);
    for (const early of [await go('PATCH', `/${id}`, { description: 'y' }), await cancel(id)])
      assert.match((early.body as { message: string }).message, /yet to be created/);
    desk().release();
    assert.equal((await read(id)).state, 'new');
  });
});
