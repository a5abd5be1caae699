import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
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
  const WAYS: [string, string, (body: string, secret: string) => Record<string, string>][] = [
    [
      'an HMAC over its body',
      'signed',
      (body, secret) => ({ 'x-signature': `sha256=${createHmac('sha256', secret).update(body).digest('hex')}` }),
    ],
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
      for (const wrong of [{}, proof(body, 'wrong'), proof(`${body} `, path === 'signed' ? secret : 'wrong')]) {
        const refused = await post(path, body, wrong as Record<string, string>);
        assert.equal(refused.status, 401);
        assert.equal(((await refused.json()) as { code: string }).code, 'SWB_UNAUTHORISED');
      }
      assert.equal((await post(path, body, proof(body, secret))).status, 202);
      await until('the ticket', () => rig.tickets(`told with ${path}`).length === 1);
      await rig.quiet();
    });
  }
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
