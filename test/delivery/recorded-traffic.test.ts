import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Exchange } from '../../src/http/exchange.js';
import type { HttpClient } from '../../src/http/http.js';
import { createHttpClient } from '../../src/http/http-client.js';
import { options, serve, type TestServer } from '../http/server.js';
import { until } from '../live/node-red.js';
import { Rig } from './rig.js';

describe('the HTTP exchanges of a delivery', () => {
  let folder: string;
  let rig: Rig;
  let server: TestServer;
  let client: HttpClient;
  let statuses: number[];
  before(async () => {
    server = await serve((_req, res) => res.writeHead(statuses.shift() ?? 200).end('{"a":1}'));
    client = createHttpClient(options(server.url, { auth: { kind: 'bearer', token: 'the-secret-token' } }));
  });
  after(async () => {
    client.close();
    await server.close();
  });
  beforeEach(async () => {
    statuses = [];
    folder = await mkdtemp(join(tmpdir(), 'switchboard-traffic-'));
    rig = new Rig(folder);
    rig.provider.gate = async () => {
      await client.request({ method: 'GET', path: '/before', what: 'read' });
      await client.request({ method: 'POST', path: '/tickets', body: { title: 'x' }, what: 'create' });
    };
  });
  afterEach(async () => {
    await rig.stop();
    await rm(folder, { recursive: true, force: true });
  });
  /** Delivers a ticket; returns for each attempt the status of each request that is stored with it. */
  const deliver = async () => {
    await rig.start();
    await rig.receive('customer', { id: 'INC1', version: '1', fields: { title: 'x' } });
    const record = await until('the delivery', async () =>
      (await rig.deliveries()).find(({ state }) => state === 'delivered' || state === 'failed'),
    );
    const bodies = await rig.store.bodies('delivery', record.id);
    assert.ok(!JSON.stringify(bodies).includes('the-secret-token'));
    const stored = ({ http }: { http?: number }) =>
      (bodies[`http${http}`] as Exchange[] | undefined)?.map(({ method, got }) => `${method} ${got?.status}`);
    return record.attempts.map(stored);
  };

  it('are not stored if it succeeds', async () => {
    assert.deepEqual(await deliver(), [undefined]);
  });

  it('are stored for a request that fails, and only for that', async () => {
    statuses = [200, 422];
    assert.deepEqual(await deliver(), [['POST 422']]);
  });

  it('are stored with the attempt that failed, and not with the one that succeeds', async () => {
    statuses = [503];
    assert.deepEqual(await deliver(), [['GET 503'], undefined]);
  });

  it('are all stored where the endpoint records its traffic', async () => {
    rig.recordTraffic = true;
    statuses = [200, 429];
    assert.deepEqual(await deliver(), [
      ['GET 200', 'POST 429'],
      ['GET 200', 'POST 200'],
    ]);
  });
});
