import { setTimeout as pause } from 'node:timers/promises';
import { BrokerHost } from '../../src/delivery/broker-host.js';
import type { WriteResult } from '../../src/endpoints/endpoint.js';
import { createHttpClient } from '../../src/http/http-client.js';
import type { Json } from '../../src/model/message.js';
import { PATIENCE } from '../patience.js';
import { conversation, delivery } from '../store/records.js';
import { Partner } from './partner.js';

/**
 * A process that sends the deliveries in a folder to a partner over HTTP; it reports `open`, and why it has no store any more.
 * `count`: deliveries to queue. `rate`: requests per second.
 */
const [folder, baseUrl, name, rate, count] = process.argv.slice(2) as [string, string, string, string, string];

const host = new BrokerHost({
  id: 'b',
  name,
  folder,
  retentionDays: 90,
  retentionBytes: 1e9,
  inboxLimit: 100,
  flowTimeout: 60_000,
  lock: { heartbeat: 50, staleAfter: 400 },
});
const { availability } = host;

const http = createHttpClient({
  name,
  baseUrl,
  auth: { kind: 'none' },
  timeout: PATIENCE,
  rateLimit: Number(rate),
  concurrency: 100,
  mayWrite: () => availability.mayWrite(),
});

/** Its tickets are at the other end of the connection. */
class RemotePartner extends Partner {
  override find = async (_type: string, reference: string) => {
    const { body } = await http.request<{ found?: object }>({ method: 'GET', path: `/${reference}`, what: 'look up' });
    return body.found as never;
  };
  override async create(_type: string, fields: Record<string, Json>, reference: string): Promise<WriteResult> {
    const body = { reference, fields, from: name };
    const answer = await http.request<never>({ method: 'POST', path: '/tickets', body, what: 'create ticket' });
    return { entity: answer.body, dropped: [] };
  }
}

async function main(): Promise<void> {
  // Listening for messages keeps the process alive.
  process.on('message', () => {});
  const send = (what: object) => process.send?.(what);
  let broker = availability.broker;
  availability.watch(() => {
    if (availability.trouble) {
      send({ trouble: availability.trouble.error.message });
      // What was accepted before must not be acknowledged again either.
      broker?.inbox.accept([]).catch((error: Error & { code: string }) => send({ refused: error.code }));
    } else send({ open: true });
  });
  broker = await waitForBroker();
  for (let n = 0; n < Number(count); n++) {
    const id = `c${n}`;
    await broker.store.commit([
      { kind: 'conversation', record: conversation(id) },
      {
        kind: 'delivery',
        record: delivery(`d${n}`, { conversation: id, message: `m${n}`, part: 'entity', creates: true }),
        bodies: { request: { fields: { title: id }, changed: ['title'], defaults: [], sources: {}, generic: {} } },
      },
    ]);
  }
  broker.addEndpoint(new RemotePartner('csp'), { concurrency: 100, settling: 300, retry: { baseDelay: 20, maxDelay: 100 } });
}

async function waitForBroker() {
  while (!availability.broker) await pause(5);
  return availability.broker;
}

main().catch((error) => {
  console.error(error);
  process.exit(1);
});
