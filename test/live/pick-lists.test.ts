import assert from 'node:assert/strict';
import type { TableChoice } from '../../src/endpoints/servicenow/dictionary.js';
import type { PickListResult } from '../../src/endpoints/system.js';
import { LiveRig } from './rig.js';

type Tables = PickListResult<TableChoice>;

describe('the pick lists of dialogs', () => {
  let rig: LiveRig;
  before(async () => {
    rig = await LiveRig.start({ version: 'v4', customer: 'webhook', provider: 'hub' });
  });
  after(() => rig?.stop());
  afterEach(() => rig.sandbox.servicenow.faults.clear());

  const ask = async (path: string, body: object) => {
    const answer = await fetch(`${rig.live.url}/switchboard/endpoints/${path}`, {
      method: 'POST',
      body: JSON.stringify(body),
      headers: { 'Content-Type': 'application/json' },
    });
    return { status: answer.status, body: (await answer.json()) as Tables & { message?: string } };
  };
  const names = ({ body }: { body: Tables }) => body.items.map(({ name }) => name);

  it('offer columns by record type or table, and choices, of a deployed ServiceNow', async () => {
    assert.ok(names(await ask('sb1-sn/lists/fields', { entityType: 'incident' })).includes('hold_reason'));
    assert.ok(names(await ask('sb1-sn/lists/fields', { table: 'problem' })).includes('problem_state'));
    const { body } = await ask('sb1-sn/lists/choices', { entityType: 'incident', field: 'state' });
    assert.deepEqual(body.items[0], { value: '1', label: 'New' });
  });

  it('offer tables with the settings in the dialog and the deployed password', async () => {
    const typed = { type: 'switchboard-servicenow-endpoint', credentials: { password: '__PWRD__' } };
    const there = await ask('sb1-sn/typed/tables', {
      ...typed,
      config: { baseUrl: `${rig.sandbox.url}/servicenow`, auth: 'basic' },
    });
    assert.ok(names(there).includes('sn_customerservice_case'));
    assert.equal(there.body.note, undefined);
    const elsewhere = { baseUrl: 'http://127.0.0.1:9', auth: 'basic' };
    const gone = await ask('sb1-sn/typed/tables', { ...typed, config: elsewhere, credentials: { user: 'me', password: 'mine' } });
    assert.ok(names(gone).includes('change_request'), 'the known ones are there all the same');
    assert.match(gone.body.note ?? '', /the connection was refused\. These are the ones known beforehand/);
  });

  it('offer the columns of its mappings while the partner is down', async () => {
    rig.sandbox.servicenow.faults.add({ kind: 'status', status: 503 });
    const { body, status } = await ask('sb1-sn/lists/fields', { entityType: 'incident' });
    assert.equal(status, 200);
    assert.ok(body.items.some(({ name }) => name === 'short_description'));
    assert.match(body.note ?? '', /503: Service Unavailable\. These are the ones known beforehand/);
  });

  it('explain why a request is invalid', async () => {
    const tmf = await ask('sb1-tmf/lists/fields', { entityType: 'incident' });
    assert.equal(tmf.status, 409);
    assert.match(tmf.body.message ?? '', /TMF621.*has no pick list of fields/);
    assert.match((await ask('sb1-sn/lists/fields', { entityType: 'order99' })).body.message ?? '', /no record type "order99"/);
    assert.match((await ask('nobody/lists/fields', {})).body.message ?? '', /This endpoint is not deployed/);
  });
});
