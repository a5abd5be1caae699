import assert from 'node:assert/strict';
import { BatchingHttp } from '../../../src/endpoints/servicenow/batch.js';
import { PartnerError } from '../../../src/errors.js';
import type { HttpAnswer, HttpClient, HttpRequest } from '../../../src/http/http.js';

type Item = { id: string; status_code: number; body: string; headers?: { name: string; value: string }[] };

/** An instance that answers each path with its own name; `change` makes its batch answers strange. */
class Instance {
  readonly requests: string[] = [];
  change: (items: Item[]) => unknown = (items) => ({ serviced_requests: items, unserviced_requests: [] });

  readonly http = {
    name: 'instance',
    request: (request: HttpRequest) => this.answer(request),
    mask: (text: string) => text,
  } as unknown as HttpClient;

  private async answer({ method, path, query, body }: HttpRequest): Promise<HttpAnswer> {
    this.requests.push(`${method} ${path}`);
    const headers = { date: 'Sun, 29 Nov 2026 12:00:00 GMT' };
    if (!path.endsWith('/batch')) return { status: 200, headers, body: { result: [path, query ?? {}] } };
    const { rest_requests } = body as { rest_requests: { id: string; url: string }[] };
    const items = rest_requests.map(({ id, url }) => {
      const [path, query = ''] = url.split('?');
      const result = [path, Object.fromEntries(new URLSearchParams(query))];
      return { id, status_code: 200, body: Buffer.from(JSON.stringify({ result })).toString('base64') };
    });
    return { status: 200, headers, body: this.change(items) };
  }
}

describe('reads that are requested together', () => {
  let instance: Instance;
  let http: BatchingHttp;
  beforeEach(() => {
    instance = new Instance();
    http = new BatchingHttp(instance.http);
  });
  const read = (...paths: string[]) =>
    Promise.all(paths.map((path) => http.request({ method: 'GET', path, query: { q: `a=${path}^b` }, what: 'read' })));
  const paths = (answers: HttpAnswer[]) => answers.map(({ body }) => (body as { result: [string, { q: string }] }).result);
  const expected = (...names: string[]) => names.map((path) => [path, { q: `a=${path}^b` }]);

  it('are one request, and each gets its own answer with the date of the whole', async () => {
    const answers = await read('/a', '/b', '/c');
    assert.deepEqual(paths(answers), expected('/a', '/b', '/c'));
    assert.equal(answers[1]?.headers.date, 'Sun, 29 Nov 2026 12:00:00 GMT');
    assert.deepEqual(instance.requests, ['POST /api/now/v1/batch']);
  });

  it('get their own answers in whatever order they come', async () => {
    instance.change = (items) => ({ serviced_requests: items.reverse() });
    assert.deepEqual(paths(await read('/a', '/b')), expected('/a', '/b'));
  });

  it('are sent as ever where there is only one, and where something is written', async () => {
    await read('/a');
    await Promise.all(['/b', '/c'].map((path) => http.request({ method: 'PATCH', path, body: {}, what: 'write' })));
    assert.deepEqual(instance.requests, ['GET /a', 'PATCH /b', 'PATCH /c']);
  });

  const strange: Record<string, (item: Item) => Item[]> = {
    'is missing': () => [],
    failed: (item) => [{ ...item, status_code: 404 }],
    'is not JSON': (item) => [{ ...item, body: Buffer.from('<html>').toString('base64') }],
    'is another one': (item) => [{ ...item, id: '7' }],
  };
  for (const [how, change] of Object.entries(strange))
    it(`are requested singly where the answer ${how}, and only those`, async () => {
      instance.change = ([first, ...rest]) => ({ serviced_requests: [...change(first as Item), ...rest] });
      assert.deepEqual(paths(await read('/a', '/b')), expected('/a', '/b'));
      assert.deepEqual(instance.requests, ['POST /api/now/v1/batch', 'GET /a']);
    });

  it('are requested singly from then on where there is no Batch API', async () => {
    instance.change = () => {
      throw new PartnerError('SWB_PARTNER_NOT_FOUND', 'no such resource', { outcome: 'notDone', retry: false, status: 404 });
    };
    assert.deepEqual(paths(await read('/a', '/b')), expected('/a', '/b'));
    await read('/c', '/d');
    assert.deepEqual(instance.requests, ['POST /api/now/v1/batch', 'GET /a', 'GET /b', 'GET /c', 'GET /d']);
  });

  it('fail together where the instance does not answer, and nothing is in doubt', async () => {
    instance.change = () => {
      throw new PartnerError('SWB_PARTNER_UNAVAILABLE', 'the answer was lost', { outcome: 'unknown', retry: true });
    };
    await assert.rejects(read('/a', '/b'), (error: PartnerError) => error.retry && error.outcome === 'notDone');
  });
});
