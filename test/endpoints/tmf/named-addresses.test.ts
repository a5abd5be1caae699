import assert from 'node:assert/strict';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createTmf621Client } from '../../../src/endpoints/tmf621/client.js';
import { SwitchboardError } from '../../../src/errors.js';
import { bodyOf, serve, TestClients, type TestServer } from '../../http/server.js';

const BASE = '/tmf-api/troubleTicket/v4';
const TICKETS = `${BASE}/troubleTicket`;
const CALLBACK = 'https://broker.example/in/secret';

describe('an address in the answers of a provider', () => {
  let partner: TestServer;
  let internal: TestServer;
  let asked: string[];
  let inside: string[];
  let answer: (req: IncomingMessage, res: ServerResponse) => void;
  const clients = new TestClients();
  before(async () => {
    partner = await serve(async (req, res) => {
      asked.push(`${req.method} ${req.url}`);
      await bodyOf(req);
      res.setHeader('Content-Type', 'application/json');
      answer(req, res);
    });
    internal = await serve((req, res) => {
      inside.push(String(req.url));
      res.end('[]');
    });
  });
  after(() => Promise.all([partner.close(), internal.close()]));
  beforeEach(() => {
    asked = [];
    inside = [];
  });
  afterEach(() => {
    assert.deepEqual(inside, []);
    clients.close();
  });
  const client = () =>
    createTmf621Client({
      ...{ id: 'p', name: 'North', http: clients.make(partner.url), version: 'v4', profile: 'standard', arrayMode: 'auto' },
      clock: Date.now,
    });
  const ticket = (id: string) => ({
    ...{ id, href: `${internal.url}${TICKETS}/${id}`, description: 'no light', severity: 'Minor', ticketType: 'incident' },
    ...{ status: 'acknowledged', lastUpdate: '2026-03-01T12:00:00Z' },
  });

  it('as the link to a next page is not followed, wherever it leads', async () => {
    answer = (req, res) => {
      const isFirst = new URL(String(req.url), partner.url).searchParams.get('offset') === '0';
      const next = `${internal.url}${TICKETS}?offset=1`;
      res.writeHead(206, { Link: `<${next}>; rel="next"`, 'Content-Location': next, Date: new Date().toUTCString() });
      res.end(JSON.stringify({ items: isFirst ? [ticket('TT-1')] : [], next, total: isFirst ? 2 : 0 }));
    };
    await client()
      .poll('troubleTicket', undefined)
      .catch((error) => assert.ok(error instanceof SwitchboardError, String(error)));
    assert.ok(asked.length > 0 && asked.every((one) => one.startsWith(`GET ${TICKETS}?`)), asked.join());
  });

  it('as the link of a ticket is not followed', async () => {
    answer = (_req, res) => res.end(JSON.stringify(ticket('TT-1')));
    await client().read('troubleTicket', 'TT-1');
    assert.deepEqual(asked, [`GET ${TICKETS}/TT-1`]);
  });

  for (const [what, location] of [
    ['another origin', () => `${internal.url}/subscriptions/7`],
    ['another origin that begins like its own', () => `${partner.url}1/subscriptions/7`],
  ] as const)
    it(`as the Location of a registration at ${what} is not followed`, async () => {
      answer = (req, res) => res.writeHead(req.method === 'POST' ? 201 : 204, { Location: location() }).end();
      const { id } = await client().registerHub(CALLBACK);
      assert.equal(id, undefined);
    });

  for (const id of ['<internal>/subscriptions/7', '<partner>1/7', '//<internal>/7', 'http:<internal>'])
    it(`as the id of a registration (${id}) is only a text`, async () => {
      const given = id.replace('<internal>', internal.url).replace('<partner>', partner.url);
      answer = (req, res) =>
        req.method === 'POST'
          ? res.writeHead(201).end(JSON.stringify({ id: given, callback: CALLBACK }))
          : res.writeHead(204).end();
      const registered = await client().registerHub(CALLBACK);
      await client().unregisterHub(String(registered.id));
      assert.deepEqual(asked, [`POST ${BASE}/hub`, `DELETE ${BASE}/hub/${encodeURIComponent(given)}`]);
    });

  for (const id of ['.', '..'])
    it(`as an id (${id}) does not lead to another path`, async () => {
      answer = (_req, res) => res.end('{}');
      const refused = { code: 'SWB_PAYLOAD', message: /leads elsewhere/ };
      await assert.rejects(client().unregisterHub(id), refused);
      await assert.rejects(client().read('troubleTicket', id), refused);
      await assert.rejects(client().update('troubleTicket', id, { name: 'x' }), refused);
      assert.deepEqual(asked, []);
    });
});
