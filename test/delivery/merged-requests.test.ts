import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { defaultsOf } from '../../src/endpoints/form.js';
import { tmf621 } from '../../src/endpoints/tmf621/system.js';
import { createHttpClient } from '../../src/http/http-client.js';
import { until } from '../live/node-red.js';
import { PATIENCE } from '../patience.js';
import type { Partner } from './partner.js';
import { Rig } from './rig.js';
import { TicketServer } from './ticket-server.js';

const UPDATES = 200;

describe('200 updates of one ticket while its provider is down', () => {
  let folder: string;
  let rig: Rig;
  let version: number;
  const server = new TicketServer();
  let end: () => Promise<void>;
  before(async () => {
    end = await server.start();
  });
  after(() => end());
  beforeEach(async () => {
    server.tickets.clear();
    server.requests.length = 0;
    server.down = false;
    version = 1;
    folder = mkdtempSync(join(tmpdir(), 'switchboard-merging-'));
    rig = await start();
  });
  afterEach(async () => {
    await rig.stop().catch(() => undefined);
    rmSync(folder, { recursive: true, force: true });
  });

  async function start(): Promise<Rig> {
    const made = new Rig(folder);
    const client = tmf621.createClient({
      id: 'provider',
      name: 'provider',
      settings: defaultsOf(tmf621.endpoint),
      credentials: {},
      http: () =>
        createHttpClient({
          name: 'provider',
          baseUrl: server.url,
          auth: { kind: 'none' },
          timeout: PATIENCE,
          rateLimit: 0,
          concurrency: 8,
        }),
      clock: Date.now,
    });
    // The rig only passes it on.
    made.provider = client as unknown as Partner;
    return made.start();
  }

  async function change(fields: Record<string, string>, comments?: string[]): Promise<void> {
    await rig.receive('customer', { id: 'A', version: String(version++), fields, comments });
    await until('the message to have left its flow', async () => (await rig.store.counts()).messages.received === 0);
  }

  const bodies = (method: string, status: number) =>
    server.requests.filter((one) => one.method === method && one.status === status).map(({ body }) => body);

  async function updateWhileDown(): Promise<void> {
    await change({ name: 'one', description: 'line down', severity: 'Minor', ticketType: 'incident' });
    await rig.idle();
    server.down = true;
    for (let n = 1; n <= UPDATES; n++)
      await change({
        name: `title ${n}`,
        description: n < UPDATES / 2 ? 'line down' : 'line is slow',
        severity: n % 2 ? 'Minor' : 'Major',
      });
  }

  async function expectFewWrites(): Promise<void> {
    server.down = false;
    await rig.idle();
    const { delivered, merged, failed } = (await rig.store.counts()).deliveries;
    assert.equal(delivered + merged, UPDATES + 1);
    assert.equal(failed, 0);
    const written = bodies('PATCH', 200);
    assert.ok(written.length <= 5, `${written.length} requests`);
    const [ticket, ...more] = [...server.tickets.values()];
    assert.deepEqual(more, []);
    assert.deepEqual([ticket?.name, ticket?.description, ticket?.severity], [`title ${UPDATES}`, 'line is slow', 'Major']);
  }

  it('become a few requests', async () => {
    await updateWhileDown();
    await expectFewWrites();
  });

  it('become a few requests after a restart, too', async () => {
    await updateWhileDown();
    await rig.stop();
    rig = await start();
    await expectFewWrites();
  });
});
