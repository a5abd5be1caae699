import assert from 'node:assert/strict';
import { serviceNowEndpointDefaults } from '../../nodes/servicenow-endpoint/servicenow-endpoint.config.js';
import { storeDefaults } from '../../nodes/switchboard-store/switchboard-store.config.js';
import type { Listed as AnyListed, TableChoice } from '../../src/endpoints/servicenow/dictionary.js';
import { type EditorServer, startEditor } from '../browser/editor.js';
import { LiveRig } from './rig.js';

type Listed = AnyListed<TableChoice>;

describe('what dialogs let people choose from', () => {
  let rig: LiveRig;
  before(async () => {
    rig = await LiveRig.start({ version: 'v4', customer: 'webhook', provider: 'hub' });
  });
  after(() => rig?.stop());
  afterEach(() => rig.sandbox.servicenow.faults.clear());

  const ask = async (path: string, body?: object) => {
    const answer = await fetch(`${rig.live.url}/switchboard/endpoints/${path}`, {
      ...(body && { method: 'POST', body: JSON.stringify(body), headers: { 'Content-Type': 'application/json' } }),
    });
    return { status: answer.status, body: (await answer.json()) as Listed & { message?: string } };
  };
  const names = ({ body }: { body: Listed }) => body.items.map(({ name }) => name);

  it('tables, columns by record type or table, and choices of a deployed ServiceNow', async () => {
    assert.ok(names(await ask('sb1-sn/tables')).includes('incident'));
    assert.ok(names(await ask('sb1-sn/fields?entityType=incident')).includes('hold_reason'));
    assert.ok(names(await ask('sb1-sn/fields?table=problem')).includes('problem_state'));
    const { body } = await ask('sb1-sn/choices?entityType=incident&field=state');
    assert.deepEqual(body.items[0], { value: '1', label: 'New' });
  });

  it('with the settings as they stand in the dialog, and the deployed password', async () => {
    const typed = { type: 'switchboard-servicenow-endpoint', credentials: { password: '__PWRD__' } };
    const there = await ask('sb1-sn/tables', { ...typed, config: { baseUrl: `${rig.sandbox.url}/servicenow`, auth: 'basic' } });
    assert.ok(names(there).includes('sn_customerservice_case'));
    assert.equal(there.body.note, undefined);
    const gone = await ask('sb1-sn/tables', { ...typed, config: { baseUrl: 'http://127.0.0.1:9', auth: 'basic' } });
    assert.ok(names(gone).includes('change_request'), 'the known ones are there all the same');
    assert.match(gone.body.note ?? '', /known beforehand/);
  });

  it('what is known while the partner is down: the columns that its mappings name', async () => {
    rig.sandbox.servicenow.faults.add({ kind: 'status', status: 503 });
    const { body, status } = await ask('sb1-sn/fields?entityType=incident');
    assert.equal(status, 200);
    assert.ok(body.items.some(({ name }) => name === 'short_description'));
    assert.match(body.note ?? '', /503.*known beforehand/);
  });

  it('what cannot be asked is said in words', async () => {
    const tmf = await ask('sb1-tmf/tables');
    assert.equal(tmf.status, 400);
    assert.match(tmf.body.message ?? '', /TMF621.*Only a ServiceNow/);
    assert.match((await ask('sb1-sn/fields?entityType=order99')).body.message ?? '', /no record type «order99»/);
    assert.match((await ask('nobody/tables')).body.message ?? '', /no endpoint/);
  });
});

describe('who may ask what there is to choose from', () => {
  const PASSWORD = '$2b$04$lMjvzk6lsJBaByImLpHm8O5GKdZi08LXULIJzRmHuNPXwnexUXjFu'; // secret
  const users = [
    { username: 'nothing', password: PASSWORD, permissions: 'flows.read' },
    { username: 'looker', password: PASSWORD, permissions: 'switchboard.read' },
    { username: 'anna', password: PASSWORD, permissions: ['read', 'switchboard.write'] },
  ];
  const FLOW = [
    { id: 'tab', type: 'tab', label: 'Test' },
    { id: 'store1', type: 'switchboard-store', ...storeDefaults },
    {
      id: 'sn1',
      type: 'switchboard-servicenow-endpoint',
      ...serviceNowEndpointDefaults,
      store: 'store1',
      baseUrl: 'http://127.0.0.1:9',
      auth: 'none',
    },
  ];
  const tokens: Record<string, string> = {};
  let server: EditorServer;
  before(async () => {
    server = await startEditor({ flow: FLOW, settings: { adminAuth: { type: 'credentials', users } } });
    for (const { username } of users) {
      const body = { client_id: 'node-red-editor', grant_type: 'password', scope: '', username, password: 'secret' };
      const answer = await fetch(`${server.url}auth/token`, {
        method: 'POST',
        headers: { 'Content-Type': 'application/json' },
        body: JSON.stringify(body),
      });
      tokens[username] = ((await answer.json()) as { access_token: string }).access_token;
    }
  });
  after(() => server?.stop());

  const status = async (path: string, user?: string, body?: object) => {
    const headers = { 'Content-Type': 'application/json', ...(user && { Authorization: `Bearer ${tokens[user]}` }) };
    const method = body ? 'POST' : 'GET';
    return (
      await fetch(`${server.url}switchboard/endpoints/sn1/${path}`, {
        method,
        headers,
        ...(body && { body: JSON.stringify(body) }),
      })
    ).status;
  };

  for (const path of ['tables', 'fields?entityType=incident', 'choices?entityType=incident&field=state']) {
    it(`who may read asks for ${path}, nobody else`, async () => {
      for (const user of [undefined, 'nothing']) assert.equal(await status(path, user), 401, user);
      for (const user of ['looker', 'anna']) assert.equal(await status(path, user), 200, user);
    });
  }

  it('with an address of one’s own only who may write: the deployed password would go there', async () => {
    const body = { type: 'switchboard-servicenow-endpoint', config: { baseUrl: 'http://127.0.0.1:9', auth: 'none' } };
    for (const user of [undefined, 'nothing', 'looker']) assert.equal(await status('tables', user, body), 401, user);
    assert.equal(await status('tables', 'anna', body), 200);
  });
});
