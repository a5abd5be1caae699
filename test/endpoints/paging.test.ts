import assert from 'node:assert/strict';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { LIST } from '../../src/budgets.js';
import { Api } from '../../src/endpoints/api.js';
import { Paging } from '../../src/endpoints/paging.js';
import { pages as rowPages } from '../../src/endpoints/servicenow/pages.js';
import { pages } from '../../src/endpoints/tmf/list.js';
import type { PartnerError } from '../../src/errors.js';
import { serve, TestClients, type TestServer } from '../http/server.js';

describe('a list', () => {
  let server: TestServer;
  let answer: (request: IncomingMessage, response: ServerResponse) => void;
  const clients = new TestClients();
  before(async () => {
    server = await serve((request, response) => answer(request, response));
  });
  after(() => server.close());
  afterEach(() => clients.close());

  const shape = { id: 'id', failure: () => undefined, isOwnError: () => true };
  const tableShape = { ...shape, id: 'sys_id', envelope: 'result' };
  const drained = async (list: AsyncGenerator<unknown[]>) => {
    let read = 0;
    try {
      for await (const page of list) read += page.length;
    } catch (error) {
      return { read, error: error as PartnerError };
    }
    return { read };
  };

  // Each page has other records, so that nothing but the budget ends the list.
  it('without an end is refused in words after its pages, by the API that all systems use', async () => {
    let page = 0;
    answer = (_, response) => response.end(JSON.stringify([{ id: `T${++page}` }]));
    const { read, error } = await drained(pages(new Api(clients.make(server.url), shape), '/t', {}, 'list tickets'));
    assert.equal(read, 1_000);
    assert.deepEqual([error?.code, error?.retry], ['SWB_TOO_LARGE', false]);
    assert.match(error?.message ?? '', /^Acme: list tickets: the list has more than 1000 pages\./);
  });

  it('without an end is refused for rows, too', async () => {
    let page = 0;
    const next = { Link: '<next>; rel="next"' };
    answer = (_, response) => response.writeHead(200, next).end(JSON.stringify({ result: [{ sys_id: `r${++page}` }] }));
    const request = { method: 'GET', path: '/t', query: { sysparm_query: '' }, what: 'list rows' } as const;
    const { error } = await drained(rowPages(new Api(clients.make(server.url), tableShape), request, 1));
    assert.match(error?.message ?? '', /list rows: the list has more than 1000 pages/);
  });

  it('is refused when its pages are too large together', async () => {
    const body = JSON.stringify([{ id: 'T1', text: 'x'.repeat(1000) }]);
    answer = (_, response) => response.end(body);
    const api = new Api(clients.make(server.url), shape);
    const page = new Paging({ ...LIST, bytes: 1500 });
    const read = () => api.list({ method: 'GET', path: '/t', what: 'list tickets' }, { page });
    await read();
    await assert.rejects(read(), { code: 'SWB_TOO_LARGE' });
  });

  it('is refused when its pages have too many records together', () => {
    const page = new Paging({ ...LIST, records: 3 });
    const read = () => page.got({ records: 2, size: 4 }, 'Acme', { what: 'list tickets' });
    read();
    assert.throws(read, { code: 'SWB_TOO_LARGE', message: /list tickets: the list has more than 3 records\./ });
  });

  it('is refused when it takes too long', () => {
    const page = new Paging({ ...LIST, time: -1 });
    assert.throws(() => page.next('Acme', { what: 'list tickets' }), /the list takes longer than/);
  });
});
