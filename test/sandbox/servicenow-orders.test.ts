import assert from 'node:assert/strict';
import { type Sandbox, startSandbox } from '../../src/sandbox/sandbox.js';
import { linesOf, placeOrder } from '../../src/sandbox/servicenow-orders.js';

const ORDER = 'sn_ind_tmt_orm_order';
const LINE = 'sn_ind_tmt_orm_order_line_item';

describe('orders at the sandbox’s ServiceNow', () => {
  let sandbox: Sandbox;
  before(async () => {
    sandbox = await startSandbox();
  });
  after(() => sandbox.close());
  beforeEach(() => sandbox.reset());
  const desk = () => sandbox.servicenow;
  const ask = async (
    method: string,
    path: string,
    body?: unknown,
    password = sandbox.environment.SANDBOX_SERVICENOW_PASSWORD,
  ) => {
    const answer = await fetch(`${sandbox.url}/servicenow${path}`, {
      method,
      headers: { Authorization: `Basic ${btoa(`switchboard:${password}`)}`, 'Content-Type': 'application/json' },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    const text = await answer.text();
    return { status: answer.status, result: (text ? JSON.parse(text) : {}).result };
  };

  it('do not change the order when a line changes, unless a rule does so', () => {
    const { order, lines } = placeOrder(desk(), { short_description: 'x' }, [{ quantity: '1' }, { quantity: '2' }]);
    const complete = (line: number) => desk().update(LINE, lines[line]!.sys_id, { state: 'completed' });
    const now = () => desk().row(ORDER, order.sys_id);
    complete(0);
    assert.deepEqual([now()?.sys_mod_count, now()?.state], ['0', 'new']);
    desk().lineChangesTouchParent = true;
    complete(0);
    assert.deepEqual([now()?.sys_mod_count, now()?.state], ['1', 'new']);
    Object.assign(desk(), { lineChangesTouchParent: false, lineStatesRollUp: true });
    complete(1);
    assert.equal(now()?.state, 'completed');
    desk().lineStatesRollUp = false;
  });

  it('can be placed through CSM’s Order API with lines and characteristics', async () => {
    const made = await ask('POST', '/api/sn_ind_tmt_orm/order', {
      short_description: 'x',
      external_id: 'E-1',
      order_line_items: [
        {
          quantity: '2',
          short_description: 'Fibre',
          order_line_characteristics: [{ characteristic: 'bandwidth', value: '1 Gbit/s' }],
        },
      ],
    });
    assert.equal(made.status, 201);
    const read = await ask('GET', `/api/sn_ind_tmt_orm/order/${made.result.order_id}`);
    const [line] = read.result.order_line_items;
    assert.deepEqual(
      [read.result.external_id, line.quantity, line.order, line.order_line_characteristics],
      ['E-1', '2', made.result.order_id, [{ characteristic: 'bandwidth', value: '1 Gbit/s' }]],
    );
    assert.equal(linesOf(desk(), made.result.sys_id, 'sn_csm_om').length, 1);
    const statuses = [
      await ask('GET', '/api/sn_ind_tmt_orm/order/ORD0'),
      await ask('POST', '/api/sn_ind_tmt_orm/order', {}),
      await ask('GET', `/api/sn_ind_tmt_orm/order/${made.result.sys_id}`, undefined, 'wrong'),
    ].map((answer) => answer.status);
    assert.deepEqual(statuses, [404, 400, 401]);
  });

  it('can be placed from the catalogue, by cart or as a single item, with only the defined variables', async () => {
    const [phone] = (await ask('GET', '/api/now/v2/table/sc_cat_item?sysparm_query=name=Mobile phone')).result;
    const path = `/api/sn_sc/servicecatalog/items/${phone.sys_id}`;
    const now = await ask('POST', `${path}/order_now`, { sysparm_quantity: '2', variables: { colour: 'red', nonesuch: 'x' } });
    const query = `request_item.request=${now.result.request_id}&sysparm_fields=sc_item_option.item_option_new.name,sc_item_option.value`;
    const variables = await ask('GET', `/api/now/v2/table/sc_item_option_mtom?sysparm_query=${query}`);
    const given = variables.result.filter((v: Record<string, string>) => v['sc_item_option.value'] !== '');
    assert.deepEqual(given, [{ 'sc_item_option.item_option_new.name': 'colour', 'sc_item_option.value': 'red' }]);
    assert.equal((await ask('POST', '/api/sn_sc/servicecatalog/cart/submit_order')).status, 400, 'the cart is empty');
    await ask('POST', `${path}/add_to_cart`, { sysparm_quantity: '1' });
    const { result } = await ask('GET', '/api/sn_sc/servicecatalog/cart');
    assert.deepEqual(
      result.items.map((item: Record<string, string>) => item.item_name),
      ['Mobile phone'],
    );
    assert.equal((await ask('DELETE', `/api/sn_sc/servicecatalog/cart/${result.items[0].cart_item_id}`)).status, 204);
    desk().readOnly.add('switchboard');
    assert.equal((await ask('POST', `${path}/order_now`, { sysparm_quantity: '1' })).status, 403);
    desk().readOnly.clear();
    desk().faults.add({ kind: 'status', status: 429, retryAfter: '7', path: 'add_to_cart', times: 1 });
    assert.equal((await ask('POST', `${path}/add_to_cart`, { sysparm_quantity: '1' })).status, 429);
  });
});
