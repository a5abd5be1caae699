import assert from 'node:assert/strict';
import type { Api } from '../../../src/endpoints/api.js';
import { serviceNowApi } from '../../../src/endpoints/servicenow/answers.js';
import { listChoices, listFields, listTables } from '../../../src/endpoints/servicenow/dictionary.js';
import { createHttpClient } from '../../../src/http/http-client.js';
import { type Sandbox, startSandbox } from '../../../src/sandbox/sandbox.js';
import { PATIENCE } from '../../patience.js';

describe('the metadata of a ServiceNow instance', () => {
  let sandbox: Sandbox;
  let api: Api;
  before(async () => {
    sandbox = await startSandbox();
    api = serviceNowApi(
      createHttpClient({
        name: 'Acme',
        baseUrl: `${sandbox.url}/servicenow`,
        auth: { kind: 'basic', user: 'switchboard', password: sandbox.environment.SANDBOX_SERVICENOW_PASSWORD! },
        timeout: PATIENCE,
        rateLimit: 0,
        concurrency: 8,
      }),
    );
  });
  after(async () => {
    api.http.close();
    await sandbox.close();
  });
  beforeEach(() => sandbox.reset());
  const hide = (table: string) =>
    sandbox.servicenow.faults.add({ method: 'GET', path: `/table/${table}`, kind: 'status', status: 403 });
  const names = (items: { name: string }[]) => items.map(({ name }) => name);

  it('lists the tables that hold tasks, by label, and the known ones', async () => {
    const { items, note } = await listTables(api, ['incident', 'u_own']);
    assert.ok(names(items).includes('sn_customerservice_case'));
    assert.ok(!names(items).includes('sys_user'), 'not just any table');
    assert.equal(items.find(({ name }) => name === 'incident')?.label, 'Incident');
    assert.deepEqual(items.at(-1), { name: 'u_own', label: 'u_own' });
    assert.equal(new Set(names(items)).size, items.length);
    assert.equal(note, undefined);
  });

  it('lists only the known tables where the list may not be read, and says so', async () => {
    hide('sys_db_object');
    const { items, note } = await listTables(api, ['incident']);
    assert.deepEqual(names(items), ['incident']);
    assert.match(note ?? '', /sys_db_object/);
  });

  it('lists the columns of a table and of those it extends, with the details that people need', async () => {
    const { items } = await listFields(api, 'incident');
    assert.deepEqual(
      items.find(({ name }) => name === 'caller_id'),
      { name: 'caller_id', label: 'Caller id', type: 'reference', maxLength: 40, reference: 'sys_user' },
    );
    const title = items.find(({ name }) => name === 'short_description');
    assert.deepEqual([title?.mandatory, title?.maxLength], [true, 160]);
    assert.equal(items.find(({ name }) => name === 'sys_id')?.readOnly, true);
    assert.ok(!names(items).includes('problem_state'), 'none of another table');
  });

  it('lists the columns of a record where the dictionary may not be read, and none where there is no record either', async () => {
    hide('sys_dictionary');
    assert.deepEqual((await listFields(api, 'incident')).items, []);
    sandbox.servicenow.create('incident', { short_description: 'x' });
    const { items, note } = await listFields(api, 'incident');
    assert.ok(names(items).includes('caller_id'));
    assert.match(note ?? '', /sys_dictionary/);
  });

  it('lists choices, those of the table before those of a table that it extends', async () => {
    const states = await listChoices(api, 'incident', 'state');
    assert.deepEqual(states.items[2], { value: '3', label: 'On Hold' });
    const impact = await listChoices(api, 'incident', 'impact');
    assert.deepEqual(impact.items[0], { value: '1', label: '1 - High' });
    const none = await listChoices(api, 'incident', 'short_description');
    assert.deepEqual(none.items, []);
    assert.match(none.note ?? '', /sys_choice/);
  });

  it('accepts no name that could become another URL or another query', async () => {
    await assert.rejects(listFields(api, '../sys_user'), { code: 'SWB_PAYLOAD' });
    await assert.rejects(listChoices(api, 'incident', 'state^ORname=sys_user'), { code: 'SWB_PAYLOAD' });
    assert.ok(!names((await listTables(api, ['a^ORnameISNOTEMPTY'])).items).includes('sys_user'));
  });

  it('fails where the partner cannot be reached', async () => {
    sandbox.servicenow.faults.add({ method: 'GET', kind: 'status', status: 401 });
    await assert.rejects(listTables(api, []), { code: 'SWB_PARTNER_AUTH' });
  });
});
