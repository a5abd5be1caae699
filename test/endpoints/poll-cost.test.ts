import assert from 'node:assert/strict';
import type { EndpointClient } from '../../src/endpoints/endpoint.js';
import { createServiceNowClient } from '../../src/endpoints/servicenow/client.js';
import { createTmf622Client } from '../../src/endpoints/tmf622/client.js';
import type { HttpClient } from '../../src/http/http.js';
import { createHttpClient } from '../../src/http/http-client.js';
import type { Json } from '../../src/model/message.js';
import { type Sandbox, startSandbox } from '../../src/sandbox/sandbox.js';
import { placeOrder } from '../../src/sandbox/servicenow-orders.js';
import { PATIENCE } from '../patience.js';

const OPEN = 1_000;
const ORDERS = 'sn_ind_tmt_orm_order';
const LINES = 'sn_ind_tmt_orm_order_line_item';
const CONCURRENCY = 8;

describe(`polls of partners with ${OPEN} open orders`, () => {
  let sandbox: Sandbox;
  let client: EndpointClient;
  let http: HttpClient;
  before(async () => {
    sandbox = await startSandbox();
  });
  after(() => sandbox.close());
  beforeEach(() => sandbox.reset());
  afterEach(() => client.close());

  /** One poll: its position, the orders that it found, and the requests that it took. */
  const poll = async (entityType: string, from: { requests: unknown[] }, since?: Json) => {
    from.requests.length = 0;
    const ids = new Set<string>();
    let cursor = since;
    for (let more = true; more; ) {
      const result = await client.poll(entityType, cursor);
      for (const { id } of result.hints) ids.add(id);
      ({ cursor, more } = result);
    }
    return { cursor, ids: [...ids], requests: from.requests.length };
  };

  describe('TMF622', () => {
    const desk = () => sandbox.orders('v4');
    const connect = (rateLimit = 0) => {
      const { SANDBOX_TMF_CLIENT_ID: clientId = '', SANDBOX_TMF_CLIENT_SECRET: clientSecret = '' } = sandbox.environment;
      const auth = { kind: 'oauthClientCredentials', tokenUrl: `${sandbox.url}/oauth/token`, clientId, clientSecret } as const;
      http = createHttpClient({
        name: 'North',
        baseUrl: `${sandbox.url}/orders4`,
        auth,
        timeout: PATIENCE,
        rateLimit,
        concurrency: CONCURRENCY,
      });
      return createTmf622Client({
        id: 'p',
        name: 'North',
        http,
        version: 'v4',
        profile: 'standard',
        arrayMode: 'replace',
        clock: Date.now,
      });
    };
    const place = (count: number) =>
      Array.from({ length: count }, (_, i) =>
        String(
          desk().create({
            externalId: `SWB-TEST${String(i).padStart(8, '0')}/north`,
            productOrderItem: [{ id: '1', action: 'add', quantity: 1 }],
          } as never).id,
        ),
      );

    it('keep to the rate limit, and leave half of it to writes, however much is to be read', async () => {
      const rate = 100;
      client = connect(rate);
      const ids = place(OPEN);
      await client.read('productOrder', ids[0]!);
      desk().requests.length = 0;
      const began = performance.now();
      const polled = client.poll('productOrder', undefined);
      const read = ids.slice(0, 150).map((id) => client.read('productOrder', id));
      const change = (id: string) =>
        http.request({
          method: 'PATCH',
          path: `/tmf-api/productOrderingManagement/v4/productOrder/${id}`,
          body: { description: 'x' },
          what: 'change',
        });
      const written = ids.slice(0, 10).map(change);
      await Promise.all([polled, ...read, ...written]);
      const took = performance.now() - began;
      const methods = desk().requests.map(({ method }) => method);
      const writes = methods.filter((method) => method !== 'GET').length;
      assert.equal(writes, 10);
      assert.ok(took >= ((methods.length - 2) * 1000) / rate, `${methods.length} requests in ${took} ms`);
      const last = methods.findLastIndex((method) => method !== 'GET');
      assert.ok(last <= 2 * writes + 2 * CONCURRENCY, `the last write was request ${last + 1} of ${methods.length}`);
    });
  });

  describe('ServiceNow', () => {
    const desk = () => sandbox.servicenow;
    const connect = () =>
      createServiceNowClient({
        id: 'c',
        name: 'Acme',
        http: createHttpClient({
          name: 'Acme',
          baseUrl: `${sandbox.url}/servicenow`,
          auth: { kind: 'basic', user: 'switchboard', password: sandbox.environment.SANDBOX_SERVICENOW_PASSWORD! },
          timeout: PATIENCE,
          rateLimit: 0,
          concurrency: CONCURRENCY,
        }),
        entityTypes: [{ name: 'order', table: ORDERS, fields: [] }],
        integrationUser: 'switchboard',
        clock: Date.now,
      });
    /** Orders that nobody has changed for long. */
    const place = (count: number) => {
      for (let i = 0; i < count; i++) placeOrder(desk(), { short_description: `Order ${i}` }, [{ external_id: '1' }] as never);
      for (const table of [ORDERS, LINES]) for (const row of desk().rows(table)) row.sys_updated_on = '2026-01-01 08:00:00';
      return desk().rows(ORDERS);
    };
    const costs = async (count: number) => {
      sandbox.reset();
      client?.close();
      client = connect();
      const rows = place(count);
      const first = await poll('order', desk());
      const idle = await poll('order', desk(), first.cursor);
      assert.deepEqual(idle.ids, []);
      const changed = rows.slice(0, 5).map(({ sys_id }) => sys_id);
      for (const id of changed) desk().update(ORDERS, id, { priority: '1' }, 'agent');
      const busy = await poll('order', desk(), idle.cursor);
      assert.deepEqual(busy.ids.sort(), changed.sort());
      return [idle.requests, busy.requests];
    };

    it('take as many requests as those of ten orders', async () => {
      const few = await costs(10);
      assert.deepEqual(await costs(OPEN), few);
      console.log(`      ${few.join(' and ')} requests`);
    });
  });
});
