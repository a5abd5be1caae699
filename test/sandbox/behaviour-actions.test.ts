import assert from 'node:assert/strict';
import { type Behaviour, KINDS } from '../../src/sandbox/behaviours.js';
import { type Sandbox, startSandbox } from '../../src/sandbox/sandbox.js';
import { ask, PARTNERS, type Partner } from './partners.js';

describe('behaviours of the sandbox', () => {
  let sandbox: Sandbox;
  before(async () => {
    sandbox = await startSandbox();
  });
  after(() => sandbox.close());
  const [servicenow] = PARTNERS as [Partner];
  const desk = () => sandbox.servicenow.behaviours;
  const status = async (method: string, path?: string) => (await ask(sandbox, servicenow, method, path)).status;
  beforeEach(() => sandbox.reset());

  it('apply to the matching requests, for the given number of times', async () => {
    desk().add({ name: 'accepted', kind: 'list', path: 'sys_journal_field' });
    assert.equal(await status('GET'), 200);
    desk().clear();
    desk().add({ name: 'accepted', method: 'PATCH' });
    assert.equal(await status('GET'), 200);
    desk().clear();
    desk().add({ name: 'accepted', kind: 'list', times: 2 });
    assert.deepEqual([await status('GET'), await status('GET'), await status('GET')], [202, 202, 200]);
    assert.deepEqual(desk().all(), []);
    desk().add({ name: 'html' });
    sandbox.reset();
    assert.deepEqual(desk().all(), []);
  });

  it('apply to lists of comments and attachments too, but not to tokens or subscriptions', async () => {
    desk().add({ name: 'accepted' });
    const get = async (path: string) => (await ask(sandbox, { ...servicenow, path }, 'GET')).status;
    assert.deepEqual([await get('/api/now/attachment'), await get('/api/now/table/sys_journal_field')], [202, 202]);
    for (const kind of KINDS)
      for (const name of sandbox.tmf('v4').behaviours.names(kind)) sandbox.tmf('v4').behaviours.add({ name });
    const token = await fetch(`${sandbox.url}/oauth/token`, {
      method: 'POST',
      body: new URLSearchParams({
        grant_type: 'client_credentials',
        client_id: sandbox.environment.SANDBOX_TMF_CLIENT_ID ?? '',
        client_secret: sandbox.environment.SANDBOX_TMF_CLIENT_SECRET ?? '',
      }),
    });
    assert.equal(token.status, 200);
    const tickets = PARTNERS.find((p) => p.name === 'tmf4') as Partner;
    const hub = { ...tickets, path: '/tmf-api/troubleTicket/v4/hub' };
    assert.equal((await ask(sandbox, hub, 'POST', '', { callback: 'http://127.0.0.1:9/' })).status, 201);
  });

  it('can be set by programs too, with an error that lists the valid names', async () => {
    const post = async (path: string, values: object = {}) => {
      const answer = await fetch(`${sandbox.url}/_sandbox/${path}`, {
        method: 'POST',
        headers: { 'Content-Type': 'application/json' },
        body: JSON.stringify(values),
      });
      return { status: answer.status, text: await answer.text() };
    };
    const desks = {
      servicenow: sandbox.servicenow,
      csm: sandbox.csm,
      v4: sandbox.tmf('v4'),
      v5: sandbox.tmf('v5'),
      orders4: sandbox.orders('v4'),
      orders5: sandbox.orders('v5'),
      orderssn: sandbox.orders('servicenow'),
    };
    for (const [name, { behaviours }] of Object.entries(desks)) {
      const values = { name: 'lag', kind: 'list', times: '3', ms: '20', path: 'x', method: 'GET' };
      assert.equal((await post(`${name}/behaviour`, values)).status, 200);
      assert.deepEqual(behaviours.all(), [{ ...values, times: 3, ms: 20 }]);
    }
    const state = await (await fetch(`${sandbox.url}/_sandbox/state`)).json();
    const shown = [state.customer, state.csm, ...Object.values(state.providers), ...Object.values(state.vendors)];
    for (const { behaviours } of shown as { behaviours: Behaviour[] }[]) assert.equal(behaviours[0]?.name, 'lag');
    for (const name of Object.keys(desks)) await post(`${name}/clearBehaviours`);
    assert.deepEqual(
      Object.values(desks).flatMap((one) => one.behaviours.all()),
      [],
    );
    for (const wrong of [{ name: 'nonesuch' }, { name: 'lag', kind: 'change' }, { name: 'split' }, { name: 'lag', kind: 'x' }]) {
      const { status: refused, text } = await post('v4/behaviour', wrong);
      assert.equal(refused, 400);
      assert.match(text, /Use one of/);
    }
  });
});
