import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TmfOptions } from '../../../src/endpoints/tmf/client.js';
import { withChanges } from '../../../src/endpoints/tmf/whole-resource.js';
import { createTmf621Client } from '../../../src/endpoints/tmf621/client.js';
import { bodyOf, failureOf, serve, TestClients, type TestServer } from '../../http/server.js';

const TICKETS = '/tmf-api/troubleTicket/v4/troubleTicket';
const ENTITY = 'troubleTicket';

type Ticket = Record<string, unknown> & {
  note: { id: string; text: string }[];
  attachment: { name: string; content?: string }[];
};

/** A provider of trouble tickets that can be replaced but not patched. */
class NoPatchProvider {
  /** What PATCH is answered with; undefined: it works. */
  patch: number | undefined = 405;
  etags = true;
  /** What a PUT is answered with, once done. */
  put: 200 | 204 = 200;
  /** Called before each PUT: what others do meanwhile. */
  beforePut: (ticket: Ticket) => void = () => undefined;
  readonly log: string[] = [];
  readonly ticket: Ticket = {
    id: 'TT-1',
    href: `${TICKETS}/TT-1`,
    status: 'inProgress',
    severity: 'Minor',
    ticketType: 'incident',
    description: 'no light',
    vendorSpecific: { site: 'B7', lines: [1, 2] },
    note: [{ id: 'n1', text: 'first' }],
    attachment: [{ name: 'log.txt', content: 'YQ==' }],
  };
  private notes = 1;

  readonly answer = async (req: IncomingMessage, res: ServerResponse): Promise<void> => {
    const body = await bodyOf(req);
    const json = (status: number, content?: object) => {
      const tag = this.etags ? { ETag: this.etag } : {};
      res.writeHead(status, { 'Content-Type': 'application/json', ...tag }).end(content && JSON.stringify(content));
    };
    if (req.method !== 'GET') this.log.push(`${req.method} ${req.headers['if-match'] ? 'if-match' : '-'}`);
    if (req.method === 'PATCH' && this.patch !== undefined)
      return json(this.patch, { code: String(this.patch), reason: 'no PATCH' });
    if (req.url?.startsWith(`${TICKETS}?`)) return json(200, [this.ticket]);
    if (req.url !== `${TICKETS}/TT-1`) return json(404, { code: '404', reason: 'no such ticket' });
    if (req.method === 'PUT') {
      this.beforePut(this.ticket);
      if (req.headers['if-match'] !== this.etag) return json(412, { code: '412', reason: 'it was changed' });
      this.replace(JSON.parse(body) as Ticket);
      return this.put === 204 ? json(204) : json(200, this.ticket);
    }
    if (req.method === 'PATCH') this.replace({ ...this.ticket, ...(JSON.parse(body) as Ticket) });
    json(200, this.ticket);
  };

  addNote(text: string): void {
    this.ticket.note.push({ id: `n${++this.notes}`, text });
  }

  private replace(content: Ticket): void {
    for (const name of Object.keys(this.ticket)) delete this.ticket[name];
    Object.assign(this.ticket, content);
    for (const note of this.ticket.note) note.id ??= `n${++this.notes}`;
  }

  private get etag(): string {
    return `"${createHash('sha256').update(JSON.stringify(this.ticket)).digest('hex').slice(0, 16)}"`;
  }
}

describe('a provider without PATCH', () => {
  let provider: NoPatchProvider;
  let server: TestServer;
  const clients = new TestClients();
  beforeEach(async () => {
    provider = new NoPatchProvider();
    server = await serve(provider.answer);
  });
  afterEach(async () => {
    clients.close();
    await server.close();
  });
  const connect = (more: Partial<TmfOptions> = {}) =>
    createTmf621Client({
      ...{ id: 'p', name: 'North', http: clients.make(server.url), version: 'v4', profile: 'standard', arrayMode: 'auto' },
      ...{ putsWhole: true, clock: Date.now },
      ...more,
    });
  const comment = (text: string) => ({ id: 'c1', text, visibility: 'public' as const });
  const texts = () => provider.ticket.note.map(({ text }) => text);

  for (const status of [405, 501]) {
    it(`that answers ${status} gets the whole ticket by PUT, on condition that it is unchanged`, async () => {
      provider.patch = status;
      const before = structuredClone(provider.ticket);
      const { dropped } = await connect().update(ENTITY, 'TT-1', { description: 'no light at all' });
      assert.deepEqual(provider.ticket, { ...before, description: 'no light at all' });
      assert.deepEqual([provider.log, dropped], [['PATCH -', 'PUT if-match'], []]);
    });
  }

  it('that answers a PUT without the ticket is read', async () => {
    provider.put = 204;
    const { entity } = await connect().update(ENTITY, 'TT-1', { description: 'no light at all' });
    assert.equal((entity.ticket as Ticket).description, 'no light at all');
  });

  it('keeps what others changed between our read and our PUT', async () => {
    let changes = 2;
    provider.beforePut = (ticket) => {
      if (changes-- > 0) ticket.severity = `Major ${changes}`;
    };
    await connect().update(ENTITY, 'TT-1', { description: 'no light at all' });
    assert.deepEqual([provider.ticket.severity, provider.ticket.description], ['Major 0', 'no light at all']);
    assert.deepEqual(provider.log, ['PATCH -', 'PUT if-match', 'PUT if-match', 'PUT if-match']);
  });

  it('that others change all the time is tried again later; nothing was done', async () => {
    let changes = 0;
    provider.beforePut = (ticket) => {
      ticket.severity = `Major ${changes++}`;
    };
    const error = await failureOf(connect().update(ENTITY, 'TT-1', { description: 'no light at all' }));
    assert.deepEqual([error.outcome, error.retry, error.concernsRecord, error.status], ['notDone', true, true, 412]);
    assert.equal(provider.ticket.description, 'no light');
  });

  it('gets notes in the whole ticket, without losing one that others add meanwhile', async () => {
    let added = false;
    provider.beforePut = () => {
      if (!added) provider.addNote('theirs');
      added = true;
    };
    const { id } = await connect().comment(ENTITY, 'TT-1', comment('ours'));
    assert.deepEqual(texts().sort(), ['first', 'ours', 'theirs']);
    assert.equal(id, provider.ticket.note.find(({ text }) => text === 'ours')?.id);
    assert.deepEqual(provider.ticket.attachment, [{ name: 'log.txt', content: 'YQ==' }]);
    assert.deepEqual(provider.ticket.vendorSpecific, { site: 'B7', lines: [1, 2] });
  });

  it('gets files in the whole ticket', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'switchboard-put-'));
    try {
      const path = join(folder, 'a');
      writeFileSync(path, 'content of the file');
      const hash = createHash('sha256').update('content of the file').digest('hex');
      const file = { id: 'f1', name: 'a.txt', mimeType: 'text/plain', size: 19, hash, path };
      await connect().attach(ENTITY, 'TT-1', file);
      const sent = provider.ticket.attachment.find(({ name }) => name === 'a.txt');
      assert.equal(Buffer.from(sent?.content ?? '', 'base64').toString(), 'content of the file');
      assert.deepEqual([provider.ticket.attachment.length, texts(), provider.ticket.description], [2, ['first'], 'no light']);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });

  it('is asked for PATCH again at the next change: the refusal may have been a gateway’s', async () => {
    const client = connect();
    await client.update(ENTITY, 'TT-1', { description: 'one' });
    provider.patch = undefined;
    await client.update(ENTITY, 'TT-1', { description: 'two' });
    assert.deepEqual(provider.log, ['PATCH -', 'PUT if-match', 'PATCH -']);
  });

  it('and without ETags gets nothing, because what others change would be lost', async () => {
    provider.etags = false;
    const error = await failureOf(connect().update(ENTITY, 'TT-1', { description: 'no light at all' }));
    assert.deepEqual([error.code, error.outcome, error.retry], ['SWB_PARTNER_REFUSED', 'notDone', false]);
    assert.match(error.message, /Acme: update ticket: the provider has no PATCH, and no ETag.*Ask the provider/);
    assert.deepEqual(provider.log, ['PATCH -']);
  });

  it('gets no PUT where the endpoint does not allow it', async () => {
    const error = await failureOf(connect({ putsWhole: false }).update(ENTITY, 'TT-1', { description: 'x' }));
    assert.deepEqual([error.status, error.outcome, provider.log], [405, 'notDone', ['PATCH -']]);
  });

  it('gets no PUT where it appends what lists contain', async () => {
    const error = await failureOf(connect({ arrayMode: 'append' }).update(ENTITY, 'TT-1', { description: 'x' }));
    assert.deepEqual([error.status, provider.log], [405, ['PATCH -']]);
  });

  for (const [putsWhole, ok, words] of [
    [true, 'warning', /has no PATCH \(status 405\): changes are sent by PUT/],
    [false, false, /has no PATCH \(status 405\)\. If it shows ETags, allow PUT/],
  ] as const) {
    it(`is shown by the connection test, PUT ${putsWhole ? 'allowed' : 'not allowed'}`, async () => {
      const checks = await connect({ putsWhole }).test();
      const check = checks.find(({ name }) => name === 'Write tickets');
      assert.equal(check?.ok, ok, JSON.stringify(checks));
      assert.match(check?.text ?? '', words);
    });
  }
});

describe('the changes of a whole resource', () => {
  const before = { id: '1', a: 1, sub: { x: 1, y: 2 }, list: [{ id: 'n' }] };
  it('replace values and lists, and merge objects', () => {
    assert.deepEqual(withChanges(before, { a: 2, sub: { y: 3 }, list: [] }), { id: '1', a: 2, sub: { x: 1, y: 3 }, list: [] });
  });
  it('remove what is null', () =>
    assert.deepEqual(withChanges(before, { a: null, sub: { x: null } }), { id: '1', sub: { y: 2 }, list: [{ id: 'n' }] }));
  it('leave the resource as it was', () => {
    withChanges(before, { a: 2, sub: { y: 3 } });
    assert.deepEqual(before.sub, { x: 1, y: 2 });
  });
});
