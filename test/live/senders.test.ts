import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { brotliCompressSync, gzipSync } from 'node:zlib';
import type { Readiness } from '../../src/health/readiness.js';
import type { RefusalCount } from '../../src/http/refusals.js';
import { type FlowNode, until } from './node-red.js';
import { LiveRig } from './rig.js';

const EVENTS = ['Create', 'AttributeValueChange', 'StatusChange', 'Delete', 'Resolved', 'InformationRequired'];

/** Further in nodes for the same endpoint, each protected in another way. */
const hook = (id: string, changes: object): FlowNode => ({
  id,
  type: 'switchboard-servicenow-in',
  z: 'sb1-flow',
  name: id,
  x: 100,
  y: 100,
  endpoint: 'sb1-sn',
  entityType: 'incident',
  webhook: true,
  path: `hooks/${id}`,
  webhookHeader: 'x-signature',
  hmacPrefix: '',
  webhookLimit: '16',
  poll: false,
  wires: [['sb1-norm-sn']],
  ...changes,
});

describe('a webhook', () => {
  let rig: LiveRig;
  before(async () => {
    const secret = `\${SANDBOX_WEBHOOK_SECRET}`;
    rig = await LiveRig.start({ version: 'v4', customer: 'webhook', provider: 'hub' }, {}, [
      hook('signed', { webhookAuth: 'hmac', hmacPrefix: 'sha256=', credentials: { secret } }),
      hook('timed', { webhookAuth: 'timed', credentials: { secret: `\${SANDBOX_SERVICENOW_PASSWORD}`, formerSecret: secret } }),
      hook('basic', {
        webhookAuth: 'basic',
        credentials: { webhookUser: `\${SANDBOX_SERVICENOW_USER}`, webhookPassword: secret },
      }),
    ]);
    rig.sandbox.servicenow.webhook = undefined;
  });
  after(() => rig?.stop());

  const post = (path: string, body: string, headers: Record<string, string>) =>
    fetch(`${rig.live.url}/hooks/${path}`, { method: 'POST', headers: { 'Content-Type': 'application/json', ...headers }, body });
  it('is read however it is packed, and may report several records', async () => {
    const secret = rig.sandbox.environment.SANDBOX_WEBHOOK_SECRET!;
    const titles = ['packed one', 'packed two', 'packed three', 'packed four'];
    const [one, two, three, four] = titles.map((title) => rig.open(title));
    const rows = [
      { table: 'task', sys_class_name: { value: 'incident', display_value: 'Incident' }, sys_id: one!.sys_id },
      { type: 'record.changed', data: { table: 'incident', sys_id: two!.sys_id } },
    ];
    const user = rig.sandbox.environment.SANDBOX_SERVICENOW_USER;
    const headers = { Authorization: `Basic ${Buffer.from(`${user}:${secret}`).toString('base64')}` };
    const send = (body: Buffer | string, more: Record<string, string>) =>
      fetch(`${rig.live.url}/hooks/basic`, {
        method: 'POST',
        headers: { ...headers, ...more },
        body: new Uint8Array(Buffer.from(body)),
      });
    const packed = gzipSync(`\ufeff${JSON.stringify(rows)}`);
    assert.equal((await send(packed, { 'Content-Type': 'text/plain', 'Content-Encoding': 'gzip' })).status, 202);
    const form = `payload=${encodeURIComponent(JSON.stringify({ table: 'incident', number: three!.number }))}`;
    assert.equal((await send(form, { 'Content-Type': 'application/x-www-form-urlencoded' })).status, 202);
    const file = JSON.stringify({ table: 'sys_attachment', table_name: 'incident', table_sys_id: four!.sys_id });
    assert.equal((await send(`${JSON.stringify(file)}\n\0`, { 'Content-Type': 'text/plain' })).status, 202);
    for (const title of titles) await until(title, () => rig.tickets(title).length === 1);
    await rig.quiet();
    for (const title of titles) assert.equal(rig.tickets(title).length, 1);
  });

  const stamped = (body: string, secret: string) => {
    const t = Math.floor(Date.now() / 1000);
    return { 'x-signature': `t=${t},v1=${createHmac('sha256', secret).update(`${t}.${body}`).digest('hex')}` };
  };
  const WAYS: [string, string, (body: string, secret: string) => Record<string, string>][] = [
    [
      'an HMAC over its body',
      'signed',
      (body, secret) => ({ 'x-signature': `sha256=${createHmac('sha256', secret).update(body).digest('hex')}` }),
    ],
    ['an HMAC over time and body, made with the former secret', 'timed', stamped],
    [
      'user and password',
      'basic',
      (_body, secret) => ({ Authorization: `Basic ${Buffer.from(`switchboard:${secret}`).toString('base64')}` }),
    ],
  ];
  for (const [what, path, proof] of WAYS) {
    it(`with ${what} is accepted and delivers the ticket; with a wrong one it is rejected`, async () => {
      const secret = rig.sandbox.environment.SANDBOX_WEBHOOK_SECRET!;
      const { sys_id } = rig.open(`told with ${path}`);
      // Not as JSON.stringify would write it: the signature is over the bytes as they came.
      const body = `{ "table": "incident",\n "sys_id": "${sys_id}", "note": "é" }`;
      for (const wrong of [{}, proof(body, 'wrong'), proof(`${body} `, path === 'basic' ? 'wrong' : secret)]) {
        const refused = await post(path, body, wrong as Record<string, string>);
        assert.equal(refused.status, 401);
        assert.equal(((await refused.json()) as { code: string }).code, 'SWB_UNAUTHORISED');
      }
      assert.equal((await post(path, body, proof(body, secret))).status, 202);
      await until('the ticket', () => rig.tickets(`told with ${path}`).length === 1);
      await rig.quiet();
    });
  }

  it('that comes again with the same signature and time is answered as before, and has no effect', async () => {
    const body = JSON.stringify({ table: 'incident', sys_id: rig.open('sent twice').sys_id });
    const proof = stamped(body, rig.sandbox.environment.SANDBOX_SERVICENOW_PASSWORD!);
    const stored = async () => Object.values((await rig.counts()).messages).reduce((a, b) => a + b, 0);
    const [first, again] = [await post('timed', body, proof), await post('timed', body, proof)];
    assert.deepEqual([first.status, again.status, await again.text()], [202, 202, await first.text()]);
    await until('the ticket', () => rig.tickets('sent twice').length === 1);
    await rig.quiet();
    const before = await stored();
    assert.equal((await post('timed', body, proof)).status, 202);
    assert.equal(await stored(), before);
  });

  it('says in the health check when its former secret was last used, and counts what it refused', async () => {
    const { partners } = await rig.get<Readiness>('/switchboard/health/ready');
    const former = partners.flatMap(({ receiving }) => receiving).find(({ name }) => name === 'timed')?.formerSecret;
    assert.ok(former?.lastUsed && former.lastUsed >= former.since, JSON.stringify(former));
    const { inbound } = await rig.get<{ inbound: { refused: RefusalCount[] } }>('/switchboard/health');
    assert.equal(inbound.refused.find(({ path }) => path === 'hooks/timed')?.unauthorised, 3);
    assert.ok(!JSON.stringify(partners).includes(rig.sandbox.environment.SANDBOX_WEBHOOK_SECRET!));
  });
});

for (const version of ['v4', 'v5'] as const) {
  describe(`the listener for events of a ${version} provider`, () => {
    let rig: LiveRig;
    let callback: string;
    before(async () => {
      rig = await LiveRig.start({ version, customer: 'webhook', provider: 'hub' });
      callback = String(rig.sandbox.tmf(version).hubs()[0]?.callback);
      rig.sandbox.tmf(version).events.lose = true;
    });
    after(() => rig?.stop());

    const titled = (title: string) => {
      const typed = version === 'v5' ? { '@type': 'TroubleTicket' } : {};
      return rig.sandbox
        .tmf(version)
        .create({ ...typed, name: title, description: 'x', severity: 'Minor', ticketType: 'incident' });
    };
    const PACKED: [string, (id: string) => { body: string | Buffer; headers: Record<string, string> }][] = [
      [
        'a batch of CloudEvents of the vendor’s own type',
        (id) => ({
          body: JSON.stringify([{ specversion: '1.0', id: 'e', type: 'vendor.ticket.changed', subject: id, data: { x: 1 } }]),
          headers: { 'Content-Type': 'application/cloudevents-batch+json' },
        }),
      ],
      [
        'a binary CloudEvent, brotli',
        (id) => ({
          body: brotliCompressSync(JSON.stringify({ troubleTicket: { id } })),
          headers: { 'ce-specversion': '1.0', 'ce-type': 'x', 'ce-id': 'e', 'Content-Encoding': 'br' },
        }),
      ],
      [
        'a binary CloudEvent without content',
        (id) => ({
          body: '',
          headers: { 'ce-specversion': '1.0', 'ce-type': 'x', 'ce-id': 'e', 'ce-source': `/v4/troubleTicket/${id}` },
        }),
      ],
      [
        'a binary CloudEvent with a text',
        (id) => ({ body: 'ticket changed', headers: { 'Content-Type': 'text/plain', 'ce-type': 'x', 'ce-subject': id } }),
      ],
      [
        'the path of a ticket instead of it',
        (id) => ({
          body: JSON.stringify({
            eventType: 'TroubleTicketStatusChangeEvent',
            event: { troubleTicket: `/v4/troubleTicket/${id}` },
          }),
          headers: {},
        }),
      ],
      [
        'an entity reference, in a JSON text that ends with a zero byte',
        (id) => ({
          body: `${JSON.stringify(JSON.stringify({ event: { entity: { id, '@referredType': 'TroubleTicket' } } }))}\n\0`,
          headers: {},
        }),
      ],
      [
        'capitalised JSON in each line, with a list of tickets',
        (id) => ({
          body: `{"TroubleTicketId":"${id}"}\n${JSON.stringify({ Event: { TroubleTicket: [{ Id: id }, { Id: id, Href: 'x' }] } })}`,
          headers: { 'Content-Type': 'application/x-ndjson' },
        }),
      ],
      [
        'a multipart form',
        (id) => ({
          body: `--part-7f3a\r\nContent-Disposition: form-data; name="event"; filename="e.json"\r\n\r\n{"troubleTicketId":"${id}"}\r\n--part-7f3a--`,
          headers: { 'Content-Type': 'multipart/form-data; boundary=part-7f3a' },
        }),
      ],
      [
        'only a path',
        (id) => ({
          body: JSON.stringify({ resourcePath: `/troubleTicket/${id}` }),
          headers: { 'Content-Type': 'text/plain; charset=iso-8859-1' },
        }),
      ],
    ];
    for (const [what, pack] of PACKED)
      it(`accepts ${what}`, async () => {
        const ticket = titled(what);
        const { body, headers } = pack(String(ticket.id));
        const answer = await fetch(callback, { method: 'POST', headers, body: new Uint8Array(Buffer.from(body)) });
        assert.equal(answer.status, version === 'v5' ? 204 : 201);
        await until('the incident', () => rig.sandbox.servicenow.rows('incident').some((row) => row.short_description === what));
        await rig.quiet();
      });

    for (const kind of EVENTS) {
      for (const [where, path] of [
        ['its own path', `/listener/troubleTicket${kind}Event`],
        ['the callback itself', ''],
      ]) {
        it(`accepts ${kind} at ${where} and responds as ${version} requires`, async () => {
          const title = `${kind} at ${where}`;
          const provider = rig.sandbox.tmf(version);
          const typed = version === 'v5' ? { '@type': 'TroubleTicket' } : {};
          const ticket = provider.create({ ...typed, name: title, description: 'x', severity: 'Minor', ticketType: 'incident' });
          const eventType = `TroubleTicket${kind}Event`;
          const event = {
            ...(version === 'v5' && { '@type': eventType, '@baseType': 'Event' }),
            eventId: `${kind}${path}`,
            eventTime: new Date().toISOString(),
            eventType,
            event: { troubleTicket: { ...typed, id: ticket.id } },
          };
          const answer = await fetch(`${callback}${path}`, {
            method: 'POST',
            headers: { 'Content-Type': 'application/json' },
            body: JSON.stringify(event),
          });
          assert.equal(answer.status, version === 'v5' ? 204 : 201);
          const told = () => rig.sandbox.servicenow.rows('incident').some((row) => row.short_description === title);
          if (kind === 'Delete') {
            await until('the message', () => rig.message(String(ticket.id), (m) => m.state === 'ignored'));
            assert.ok(!told(), 'what was deleted before it was seen is no news');
          } else await until('the incident', told);
          await rig.quiet();
        });
      }
    }
  });
}
