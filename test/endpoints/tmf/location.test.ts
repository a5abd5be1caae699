import assert from 'node:assert/strict';
import { idOf } from '../../../src/endpoints/tmf/attributes.js';
import { createTmf621Client } from '../../../src/endpoints/tmf621/client.js';
import { bodyOf, failureOf, serve, TestClients, type TestServer } from '../../http/server.js';

const TICKETS = '/tmf-api/troubleTicket/v4/troubleTicket';
const REFERENCE = 'SWB-TEST00000001';
const TICKET = { description: 'no light', severity: 'Minor', ticketType: 'incident' };

describe('the Location of a created ticket', () => {
  let server: TestServer;
  /** The header, and the id of the ticket that was created. */
  let created: { location: string; id: string };
  const reads: string[] = [];
  const clients = new TestClients();
  before(async () => {
    server = await serve(async (req, res) => {
      const { location, id } = created;
      if (req.method === 'POST') {
        await bodyOf(req);
        res.writeHead(201, { Location: location.replace('<server>', server.url) }).end();
        return;
      }
      reads.push(String(req.url));
      const isTicket = req.url === `${TICKETS}/${encodeURIComponent(id)}`;
      const body = isTicket ? { id, ...TICKET, status: 'acknowledged', externalId: REFERENCE } : { code: '404', reason: 'none' };
      res.writeHead(isTicket ? 200 : 404, { 'Content-Type': 'application/json' }).end(JSON.stringify(body));
    });
  });
  after(() => server.close());
  beforeEach(() => reads.splice(0));
  afterEach(() => clients.close());
  const create = () =>
    createTmf621Client({
      ...{ id: 'p', name: 'North', http: clients.make(server.url), version: 'v4', profile: 'standard', arrayMode: 'auto' },
      clock: Date.now,
    }).create('troubleTicket', TICKET, REFERENCE);

  for (const [what, location, id] of [
    ['is a URL', `<server>${TICKETS}/TT-1`, 'TT-1'],
    ['is a path', `${TICKETS}/TT-1`, 'TT-1'],
    ['is relative', 'troubleTicket/TT-1', 'TT-1'],
    ['is relative to its folder', './troubleTicket/TT-1/', 'TT-1'],
    ['climbs', '../v4/troubleTicket/TT-1', 'TT-1'],
    ['is on a gateway’s host', 'https://gateway.example/other/troubleTicket/TT-1', 'TT-1'],
    ['is percent-encoded', `${TICKETS}/TT%2F1%20a`, 'TT/1 a'],
    ['has a percent sign that encodes nothing', `${TICKETS}/100%`, '100%'],
    ['has a percent sign before letters', `${TICKETS}/50%zz`, '50%zz'],
    ['has a query', `${TICKETS}/TT-1?fields=id`, 'TT-1'],
    ['has a fragment', `${TICKETS}/TT-1#top`, 'TT-1'],
  ] as const) {
    it(`that ${what} names the ticket`, async () => {
      created = { location, id };
      const { entity } = await create();
      assert.equal((entity.ticket as { id: string }).id, id);
      assert.deepEqual(reads, [`${TICKETS}/${encodeURIComponent(id)}`]);
    });
  }

  for (const location of ['/jobs/17', 'TT-1', 'http://[', '']) {
    it(`"${location}" names no ticket: it is not known whether it was created`, async () => {
      created = { location, id: 'TT-1' };
      assert.equal((await failureOf(create())).outcome, 'unknown');
      assert.deepEqual(reads, []);
    });
  }

  it('and any href with a percent sign can be read', () => {
    assert.equal(idOf('/hub/a%2Fb'), 'a/b');
    assert.equal(idOf('/hub/a%b'), 'a%b');
  });
});
