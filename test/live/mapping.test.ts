import assert from 'node:assert/strict';
import type { Changes, FieldLists, SampleHeading, SeenValues } from '../../nodes/mapping/designer/answers.js';
import { presets } from '../../src/endpoints/registry.js';
import type { Mapping } from '../../src/mapping/mapping.js';
import type { Preview } from '../../src/mapping/preview-result.js';
import type { Json } from '../../src/model/message.js';
import { type EditorServer, startEditor } from '../browser/editor.js';
import { HOSTILE, mappingFlow, seedMessages } from '../nodes/mapping/seed.js';
import { until } from './node-red.js';

const incident = presets().find((preset) => preset.name === 'ServiceNow incident') as Mapping;
const ticket = presets().find((preset) => preset.name === 'TMF621 v4 trouble ticket') as Mapping;
const order = presets().find((preset) => preset.name === 'TMF622 v4 product order') as Mapping;
const PASSWORD = 'secret';
const user = (username: string, permissions: string | string[]) => ({
  username,
  password: '$2b$04$lMjvzk6lsJBaByImLpHm8O5GKdZi08LXULIJzRmHuNPXwnexUXjFu', // secret
  permissions,
});

interface Answer<T> {
  status: number;
  body: T;
}

describe('the routes of the mapping designer', () => {
  let server: EditorServer;
  before(async () => {
    server = await startEditor({ flow: mappingFlow(), prepare: seedMessages });
    await until(
      'the store to be open',
      async () => (await ask<SampleHeading[]>(`samples?${INCIDENT}&direction=in`)).body.length > 0,
    );
  });
  after(() => server?.stop());

  const ask = async <T>(path: string, body?: unknown, token?: string): Promise<Answer<T>> => {
    const answer = await fetch(`${server.url}switchboard/mappings/${path}`, {
      ...(body !== undefined && { method: 'POST', body: JSON.stringify(body) }),
      headers: { 'Content-Type': 'application/json', ...(token && { Authorization: `Bearer ${token}` }) },
    });
    const text = await answer.text();
    return { status: answer.status, body: (answer.headers.get('content-type')?.includes('json') ? JSON.parse(text) : text) as T };
  };
  const run = (mapping: unknown, direction: string, sample: unknown) => ask<Preview>('preview', { mapping, direction, sample });
  const INCIDENT = 'system=servicenow&entityType=incident';
  const TICKET = 'system=tmf621&entityType=troubleTicket&version=v4';

  it('list the fields of both sides, including those seen in messages', async () => {
    const { body } = await ask<FieldLists>(`fields?${INCIDENT}`);
    const site = body.partner.find(({ path }) => path === 'u_site');
    assert.deepEqual([site?.seen, site?.example], [true, 'HH-25']);
    assert.equal(body.partner.find(({ path }) => path === 'short_description')?.required, true);
    assert.ok(body.generic.some(({ path }) => path === 'requester.name'));
    const orders = await ask<FieldLists>('fields?system=tmf622&entityType=productOrder&version=v4');
    assert.equal(orders.body.items?.field, 'productOrderItem');
    assert.ok(orders.body.items?.partner.some(({ path }) => path === 'action'));
  });

  it('return received messages as samples: records inbound, generic messages outbound', async () => {
    const list = await ask<SampleHeading[]>(`samples?${INCIDENT}&direction=in`);
    assert.equal(list.body.length, 20);
    assert.deepEqual(
      [list.body[0]?.number, list.body[0]?.title, list.body[0]?.endpoint],
      ['INC0010025', HOSTILE, 'Acme ServiceNow'],
    );
    const record = await ask<{ sample: Record<string, Json> }>(`samples/m24?${INCIDENT}&direction=in`);
    assert.deepEqual([record.body.sample.caller_id, record.body.sample.u_site], ['77ad', 'HH-24']);
    const out = await ask<SampleHeading[]>(`samples?${TICKET}&direction=out`);
    assert.equal(out.body[0]?.number, 'INC0010025', 'what went to such a partner');
    const generic = await ask<{ sample: { fields: Record<string, Json> } }>(`samples/m20?${TICKET}&direction=out`);
    assert.deepEqual(
      [generic.body.sample.fields.title, generic.body.sample.fields.state],
      ['Line 20 down in Hamburg', 'inProgress'],
    );
    assert.equal((await ask('samples/m99?system=servicenow&entityType=incident&direction=in')).status, 404);
  });

  it('have an example for every preset, which translates it without errors, both ways', async () => {
    for (const preset of presets()) {
      const subject = new URLSearchParams({
        system: preset.system,
        entityType: preset.entityType,
        version: preset.version ?? '',
      });
      for (const direction of ['in', 'out']) {
        const { body } = await ask<{ sample: Json }>(`samples/example?${subject}&direction=${direction}`);
        const { body: made } = await run(preset, direction, body.sample);
        assert.deepEqual(
          made.problems.filter(({ level }) => level === 'error'),
          [],
          `${preset.name} ${direction}`,
        );
        assert.ok(Object.keys(made.marks).length > 3, `${preset.name} ${direction}`);
      }
    }
  });

  it('preview the result of rules for a record, a pasted response and a generic message', async () => {
    const record = { result: { short_description: 'Down', state: '2', caller_id: { link: 'x', value: '77' } } };
    const incoming = await run(incident, 'in', record);
    assert.deepEqual(incoming.body.result, { state: 'inProgress', title: 'Down', requester: { id: '77' } });
    assert.equal(incoming.body.sample.caller_id, '77', 'the record without what it was wrapped in');
    const outgoing = await run(ticket, 'out', { title: 'Down', severity: 'major' });
    assert.equal(outgoing.body.result.name, 'Down');
    const refused = await run(order, 'out', { description: 'no items' });
    assert.match(refused.body.problems.map(({ text }) => text).join(), /productOrderItem is missing/);
  });

  it('store nothing: a preview changes neither the store nor the counters nor the flow', async () => {
    const before = await (await fetch(`${server.url}flows`)).text();
    await run(incident, 'in', { state: 'never seen' });
    const { body } = await ask<SeenValues>('values', { mapping: { ...incident, name: 'Ours' }, table: 'order', rule: 0 });
    assert.equal(
      body.partner.some(({ value }) => value[0] === 'never seen'),
      false,
    );
    assert.equal(await (await fetch(`${server.url}flows`)).text(), before);
  });

  it('return the values a field had, including counted ones', async () => {
    const { body } = await ask<SeenValues>('values', { mapping: { ...incident, name: 'Ours' }, table: 'order', rule: 0 });
    assert.deepEqual(body.partner, [
      { value: ['2', ''], times: 15 },
      { value: ['42', ''], times: 5 },
      { value: ['99', '7'], times: 3 },
    ]);
  });

  it('compare edited rules with the deployed ones on the last 20 messages', async () => {
    const same = await ask<Changes>('changes', { id: 'own', mapping: incident });
    assert.deepEqual([same.body.against, same.body.compared, same.body.changed, same.body.worse], ['deployed', 20, 0, 0]);
    const [state, ...rest] = incident.rules;
    const values = [...(state?.values ?? []), { partner: ['42', '*'], generic: 'held' }];
    const edited = await ask<Changes>('changes', { id: 'own', mapping: { ...incident, rules: [{ ...state, values }, ...rest] } });
    assert.deepEqual([edited.body.changed, edited.body.worse, edited.body.better], [5, 0, 5]);
    assert.deepEqual(edited.body.messages[0]?.differences, [{ path: 'state', after: 'held' }]);
    const fresh = await ask<Changes>('changes', { id: 'not-deployed', mapping: incident });
    assert.deepEqual([fresh.body.against, fresh.body.changed], ['preset', 0]);
  });

  it('stop an endless expression and continue', async () => {
    const loop = { field: 'a', generic: 'title', expression: { in: '($f := function($x){$f($x+1)}; $f(1))' } };
    const { body } = await run({ ...incident, rules: [loop, { field: 'b', generic: 'description' }] }, 'in', { b: 'text' });
    assert.deepEqual(body.result, { description: 'text' });
    assert.equal(body.problems[0]?.code, 'expression');
  });

  it('refuse what would take long, in words with the limit, and others go on', async () => {
    const rules = Array.from({ length: 8_000 }, (_, i) => ({ field: `f${i}`, generic: `custom.x${i}`, required: 'both' }));
    const many = await ask<{ code: string; message: string }>('preview', {
      mapping: { ...incident, rules },
      direction: 'in',
      sample: {},
    });
    assert.deepEqual([many.status, many.body.code], [413, 'SWB_TOO_LARGE']);
    assert.match(many.body.message, /There are 8000 rules; a preview takes at most 2000/);
    const large = await ask<{ message: string }>('preview', {
      mapping: incident,
      direction: 'in',
      sample: { a: 'x'.repeat(1_500_000) },
    });
    assert.equal(large.status, 413);
    const endless = { field: 'a', generic: 'title', expression: { in: '($f := function($x){$f($x+1)}; $f(1))' } };
    const slow = Array.from({ length: 20 }, () =>
      run({ ...incident, rules: Array.from({ length: 50 }, () => endless) }, 'in', { b: 'text' }),
    );
    const answers = await Promise.all(slow);
    assert.ok(answers.some(({ status }) => status === 503));
    assert.ok(answers.every(({ status }) => status === 200 || status === 503));
  });

  it('explain what is wrong with a request', async () => {
    const wrong: [unknown, string][] = [
      [{ mapping: { ...incident, rules: 'x' }, direction: 'in', sample: {} }, 'mapping'],
      [{ mapping: incident, direction: 'up', sample: {} }, 'direction'],
      [{ mapping: incident, direction: 'in', sample: [] }, 'sample'],
      [{ mapping: { ...incident, system: 'x' }, direction: 'in', sample: {} }, 'system'],
      [{}, 'mapping'],
    ];
    for (const [body, field] of wrong) {
      const { status, body: answer } = await ask<{ code: string; message: string }>('preview', body);
      assert.deepEqual([status, answer.code], [400, 'SWB_PAYLOAD'], field);
      assert.match(answer.message, new RegExp(`Mapping preview: ${field}`));
    }
    assert.equal((await ask('fields?system=x')).status, 400);
  });
});

describe('the routes of the mapping designer with adminAuth', () => {
  let server: EditorServer;
  before(async () => {
    const users = [user('reader', 'switchboard.read'), user('stranger', ['flows.read'])];
    server = await startEditor({
      flow: mappingFlow(),
      prepare: seedMessages,
      settings: { adminAuth: { type: 'credentials', users } },
    });
  });
  after(() => server?.stop());

  const tokenOf = async (username: string) => {
    const body = new URLSearchParams({
      client_id: 'node-red-editor',
      grant_type: 'password',
      scope: '',
      username,
      password: PASSWORD,
    });
    const answer = await fetch(`${server.url}auth/token`, { method: 'POST', body });
    assert.equal(answer.status, 200, await answer.clone().text());
    return ((await answer.json()) as { access_token: string }).access_token;
  };

  it('respond only to users who may see messages', async () => {
    const tokens = { reader: await tokenOf('reader'), stranger: await tokenOf('stranger'), nobody: '' };
    const asked: [path: string, body?: unknown][] = [
      ['fields?system=servicenow&entityType=incident'],
      ['samples?system=servicenow&entityType=incident&direction=in'],
      ['samples/m20?system=servicenow&entityType=incident&direction=in'],
      ['preview', { mapping: incident, direction: 'in', sample: {} }],
      ['values', { mapping: incident, table: 'order', rule: 0 }],
      ['changes', { id: 'own', mapping: incident }],
    ];
    const headers = { Authorization: `Bearer ${tokens.reader}` };
    await until('the store to be open', async () => (await fetch(`${server.url}switchboard/messages/m20`, { headers })).ok);
    for (const [path, body] of asked) {
      for (const [who, token] of Object.entries(tokens)) {
        const answer = await fetch(`${server.url}switchboard/mappings/${path}`, {
          ...(body !== undefined && { method: 'POST', body: JSON.stringify(body) }),
          headers: { 'Content-Type': 'application/json', ...(token && { Authorization: `Bearer ${token}` }) },
        });
        const text = await answer.text();
        assert.equal(answer.status, who === 'reader' ? 200 : 401, `${who} ${path}: ${text.slice(0, 200)}`);
        if (who !== 'reader') assert.doesNotMatch(text, /Hamburg/);
      }
    }
  });
});
