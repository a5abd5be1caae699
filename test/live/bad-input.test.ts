import assert from 'node:assert/strict';
import { request } from 'node:http';
import { gzipSync } from 'node:zlib';
import type { MessageList, MessageView } from '../../nodes/sidebar/views.js';
import type { FlowNode } from './node-red.js';
import { until } from './node-red.js';
import { LiveRig } from './rig.js';

interface Answer {
  status: number;
  headers: Record<string, string | string[] | undefined>;
  body: { code?: string; message?: string };
}

/** A request as it is, whatever is wrong with it. */
function post(url: string, body: string | Buffer, headers: Record<string, string>, method = 'POST'): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const req = request(url, { method, headers: { 'Content-Length': String(Buffer.byteLength(body)), ...headers } }, (res) => {
      let text = '';
      res.on('data', (chunk) => {
        text += chunk;
      });
      res.on('end', () => resolve({ status: res.statusCode ?? 0, headers: res.headers, body: text ? JSON.parse(text) : {} }));
    });
    req.once('error', reject);
    req.end(body);
  });
}

describe('bad input', () => {
  let rig: LiveRig;
  let hook: string;
  let good: Record<string, string>;
  before(async () => {
    rig = await LiveRig.start(
      { version: 'v4', customer: 'webhook', provider: 'hub' },
      { 'sb1-sn-in': { webhookLimit: '4' }, 'sb1-tmf-in': { eventLimit: '4' } },
    );
    hook = `${rig.live.url}/switchboard/customer`;
    good = { 'Content-Type': 'application/json', 'x-switchboard-secret': rig.sandbox.environment.SANDBOX_WEBHOOK_SECRET! };
  });
  after(() => rig?.stop());

  const hint = JSON.stringify({ table: 'incident', sys_id: '0c5f3cece1b12010f877971dea0b1449', operation: 'insert' });
  const kept = async () => Object.values((await rig.counts()).messages).reduce((a, b) => a + b, 0);

  const CASES: [string, () => Promise<Answer>, number, string, RegExp][] = [
    ['malformed JSON', () => post(hook, '{"table": "incident", ', good), 400, 'SWB_PAYLOAD', /not valid JSON/],
    ['an empty body', () => post(hook, '', good), 400, 'SWB_PAYLOAD', /empty/],
    ['prose', () => post(hook, 'hello', { ...good, 'Content-Type': 'text/plain' }), 400, 'SWB_PAYLOAD', /not valid JSON/],
    ['deep nesting', () => post(hook, `${'['.repeat(1000)}${']'.repeat(1000)}`, good), 413, 'SWB_TOO_LARGE', /nested/],
    [
      'a body that is too large when it is unpacked',
      () => post(hook, gzipSync(Buffer.alloc(1_000_000, ' ')), { ...good, 'Content-Encoding': 'gzip' }),
      413,
      'SWB_TOO_LARGE',
      /larger than 4 KB/,
    ],
    [
      'a body that is too large',
      () => post(hook, JSON.stringify({ x: 'x'.repeat(5000) }), good),
      413,
      'SWB_TOO_LARGE',
      /larger than 4 KB/,
    ],
    ['a wrong secret', () => post(hook, hint, { ...good, 'x-switchboard-secret': 'guess' }), 401, 'SWB_UNAUTHORISED', /secret/i],
    [
      'no secret',
      () => post(hook, hint, { 'Content-Type': 'application/json' }),
      401,
      'SWB_UNAUTHORISED',
      /The header x-switchboard-secret is missing/,
    ],
    ['an empty list', () => post(hook, '[]', good), 400, 'SWB_PAYLOAD', /./],
    ['another method', () => post(hook, '', good, 'PUT'), 405, 'SWB_PAYLOAD', /POST/],
  ];
  for (const [what, send, status, code, says] of CASES) {
    it(`with ${what} at the webhook is rejected with a reason, and nothing is stored`, async () => {
      const before = await kept();
      const answer = await send();
      assert.equal(answer.status, status, JSON.stringify(answer.body));
      assert.equal(answer.body.code, code);
      assert.match(answer.body.message ?? '', says);
      assert.equal(await kept(), before);
    });
  }

  it('in chunks that exceed the announced size is rejected', async () => {
    const answer = await new Promise<number>((resolve) => {
      const req = request(hook, { method: 'POST', headers: good }, (res) => resolve(res.statusCode ?? 0));
      req.once('error', () => resolve(413));
      for (let i = 0; i < 10; i++) req.write('x'.repeat(1000));
      req.end();
    });
    assert.equal(answer, 413);
  });

  /** What is kept in a message whose event names nothing; the newest. */
  const unidentified = async () => {
    const { messages } = await rig.get<MessageList>('/switchboard/messages');
    const newest = messages.find(({ number, state }) => number === 'unknown' && state === 'failed');
    return newest && (await rig.get<MessageView>(`/switchboard/messages/${newest.id}`));
  };

  for (const [what, body, says] of [
    ['an unknown table', hint.replace('incident', 'alm_asset'), /"alm_asset" is not an entity type/],
    ['no sys_id', '{"table":"incident"}', /sys_id is missing/],
    ['nothing known', '{"ping":true}', /sys_id is missing/],
  ] as const)
    it(`with ${what} is acknowledged, kept and reported, and can be skipped`, async () => {
      assert.equal((await post(hook, body, good)).status, 202);
      const message = await until('the failed message', unidentified);
      assert.match(message!.error?.message ?? '', says);
      assert.match(JSON.stringify(message), /alm_asset|incident|ping/, 'what was received can be seen');
      await until('the catch node to have it', () => says.test(rig.live.output()));
      await rig.act('messages', message!.id, 'skip');
      assert.equal(await unidentified(), undefined);
    });

  it('at the hub callback without a ticket, or of another API, is acknowledged, kept and reported', async () => {
    const callback = String(rig.sandbox.tmf('v4').hubs()[0]?.callback);
    for (const [event, says] of [
      [{ eventId: '1', eventType: 'TroubleTicketStatusChangeEvent', event: {} }, /does not say which ticket/],
      [
        { eventType: 'ProductOrderStateChangeEvent', event: { productOrder: { id: '7' } } },
        /is not an event of a trouble ticket/,
      ],
    ] as const) {
      const answer = await post(callback, JSON.stringify(event), { 'Content-Type': 'application/json' });
      assert.equal(answer.status, 201);
      const message = await until('the failed message', unidentified);
      assert.match(message!.error?.message ?? '', says);
      await rig.act('messages', message!.id, 'skip');
    }
  });

  it('at the hub callback is rejected: wrong secret, no JSON, too large', async () => {
    const [registered] = rig.sandbox.tmf('v4').hubs();
    const callback = String(registered?.callback);
    const json = { 'Content-Type': 'application/json' };
    const event = { eventId: '1', eventType: 'TroubleTicketStatusChangeEvent', event: { troubleTicket: { id: 'TT-9' } } };
    const cases: [string, string, number][] = [
      [callback.replace(/[^/]+$/, 'wrong'), JSON.stringify(event), 401],
      [callback, '{', 400],
      [callback, JSON.stringify({ ...event, filler: 'x'.repeat(5000) }), 413],
    ];
    for (const [url, body, status] of cases) assert.equal((await post(url, body, json)).status, status, body.slice(0, 80));
  });

  it('is reported on the node and in the log, without the secret', async () => {
    await post(hook, hint, { ...good, 'x-switchboard-secret': 'a-guess-of-a-secret' });
    await until('the warning', () => rig.live.output().includes('A webhook was rejected'));
    assert.ok(!rig.live.output().includes('a-guess-of-a-secret'));
  });

  it('about a missing record makes the message fail with a reason, and it can be skipped', async () => {
    const answer = await post(hook, hint, good);
    assert.equal(answer.status, 202);
    const message = await until('the failure', () =>
      rig.message('0c5f3cece1b12010f877971dea0b1449', (m) => m.state === 'failed'),
    );
    assert.match(message?.error?.message ?? '', /Customer \(ServiceNow\): read incident .* returned 404/);
    await rig.act('messages', message!.id, 'skip');
    assert.equal((await rig.message(message!.id))?.state ?? 'skipped', 'skipped');
  });
});

describe('an incomplete mapping', () => {
  const RULES = [
    { field: 'name', generic: 'title' },
    { field: 'description', generic: 'description' },
    { field: 'severity', generic: 'severity', values: [{ partner: 'Major', generic: 'major' }], required: 'out' },
    {
      field: 'status',
      generic: 'state',
      values: [{ partner: 'acknowledged', generic: 'acknowledged' }],
      default: { in: 'acknowledged' },
    },
  ];
  const mapping = (rules: object[]): FlowNode => ({
    id: 'own-mapping',
    type: 'switchboard-mapping',
    name: 'Own',
    preset: '',
    mapping: { name: 'Own', system: 'tmf621', version: 'v4', entityType: 'troubleTicket', rules },
  });
  let rig: LiveRig;
  before(async () => {
    rig = await LiveRig.start(
      { version: 'v4', customer: 'webhook', provider: 'hub' },
      { 'sb1-map-tmf': { mapping: 'own-mapping', wires: [['sb1-tmf-out'], []] } },
      [mapping(RULES)],
    );
  });
  after(() => rig?.stop());

  /** Changes the mapping as a person would, and deploys. */
  const deploy = (rules: object[]) => rig.deploy((flows) => flows.map((n) => (n.id === 'own-mapping' ? mapping(rules) : n)));

  it('fails the message with all errors; once it is corrected, a replay sends the ticket once', async () => {
    const { number } = rig.open('lacking');
    const message = await until('the failure', () => rig.message(number!, (m) => m.state === 'failed'));
    // impact 2, urgency 2 is priority 3, minor: no row for it; and no rule gives the ticket's type.
    assert.match(message?.error?.message ?? '', /severity "minor" has no row in its value map/);
    assert.match(message?.error?.message ?? '', /ticketType/);
    assert.equal(rig.tickets('lacking').length, 0);
    await until('the catch node to have it', () => rig.live.output().includes('has no row in its value map'));
    const severity = { ...RULES[2], values: [{ partner: 'Minor', generic: 'minor' }] };
    await deploy([
      RULES[0]!,
      RULES[1]!,
      severity,
      RULES[3]!,
      { field: 'ticketType', generic: 'custom.type', direction: 'out', constant: 'incident' },
    ]);
    await rig.act('messages', message!.id, 'replay');
    await until('the ticket', () => rig.tickets('lacking').length === 1);
    await rig.quiet();
    assert.equal(rig.tickets('lacking').length, 1);
    const { failed, needsDecision } = (await rig.counts()).messages;
    assert.deepEqual([failed, needsDecision], [0, 0]);
  });

  it('does not pass on a state without a row; a warning says so and the rest arrives', async () => {
    const incident = rig.open('unmapped state');
    await until('the ticket', () => rig.tickets('unmapped state').length === 1);
    rig.sandbox.servicenow.update('incident', incident.sys_id, { state: '2', description: 'new words' }, 'agent');
    await until('the new description', () => rig.tickets('unmapped state')[0]?.description === 'new words');
    assert.equal(rig.tickets('unmapped state')[0]?.status, 'acknowledged');
    await rig.quiet();
  });
});
