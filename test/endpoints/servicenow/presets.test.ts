import assert from 'node:assert/strict';
import { compileMapping } from '../../../src/endpoints/registry.js';
import { createServiceNowClient, type ServiceNowClient } from '../../../src/endpoints/servicenow/client.js';
import { createHttpClient } from '../../../src/http/http-client.js';
import { type GenericMessage, ORDER_STATES, type State, TICKET_STATES } from '../../../src/model/message.js';
import { type Sandbox, startSandbox } from '../../../src/sandbox/sandbox.js';
import { serviceNowPresets } from '../../mapping/records.js';
import { PATIENCE } from '../../patience.js';

const TABLES: Record<string, string> = {
  incident: 'incident',
  problem: 'problem',
  change: 'change_request',
  request: 'sc_request',
  requestItem: 'sc_req_item',
  catalogTask: 'sc_task',
  case: 'sn_customerservice_case',
  order: 'sn_ind_tmt_orm_order',
};

describe('what the presets write to ServiceNow', () => {
  let sandbox: Sandbox;
  let client: ServiceNowClient;
  before(async () => {
    sandbox = await startSandbox();
    client = createServiceNowClient({
      id: 'c',
      name: 'Acme',
      http: createHttpClient({
        name: 'Acme',
        baseUrl: `${sandbox.url}/servicenow`,
        auth: { kind: 'basic', user: 'switchboard', password: sandbox.environment.SANDBOX_SERVICENOW_PASSWORD! },
        timeout: PATIENCE,
        rateLimit: 0,
        concurrency: 8,
      }),
      entityTypes: Object.entries(TABLES).map(([name, table]) => ({ name, table, fields: [] })),
      clock: Date.now,
    });
  });
  after(async () => {
    client.close();
    await sandbox.close();
  });

  for (const preset of serviceNowPresets) {
    const compiled = compileMapping(preset);
    const outgoing = async (state: State) => {
      const message: GenericMessage = {
        entity: 'incident',
        event: 'updated',
        source: { endpoint: 'p', entityType: 'troubleTicket', id: 'TT-1', number: 'TT-1' },
        fields: {
          title: 'No dial tone',
          description: 'Since this morning.',
          state,
          severity: 'major',
          stateReason: 'because',
          resolution: 'Card replaced',
        },
        comments: [],
        attachments: [],
        relations: [],
      };
      const { body, problems } = await compiled.fromGeneric(message);
      assert.deepEqual(
        problems.filter((p) => p.level === 'error'),
        [],
      );
      return body;
    };

    it(`${preset.name}: a create is kept completely, and found by our reference`, async () => {
      const reference = `SWB-${preset.entityType.toUpperCase()}`;
      const { entity, dropped } = await client.create(preset.entityType, await outgoing('acknowledged'), reference);
      assert.deepEqual(dropped, []);
      const { fields } = await compiled.toGeneric(client.parse(entity).record);
      assert.deepEqual([fields.title, fields.state], ['No dial tone', 'acknowledged']);
      assert.ok(await client.find(preset.entityType, reference));
    });

    for (const state of preset.items ? [...new Set([...TICKET_STATES, ...ORDER_STATES])] : TICKET_STATES) {
      it(`${preset.name}: ${state} is kept completely, and comes back as a state that ServiceNow has for it`, async () => {
        const { entity } = await client.create(
          preset.entityType,
          await outgoing('acknowledged'),
          `SWB-${preset.entityType}-${state}`.toUpperCase(),
        );
        const { id } = client.parse(entity).source;
        const fields = await outgoing(state);
        const { entity: updated, dropped } = await client.update(preset.entityType, id, fields);
        assert.deepEqual(dropped, [], JSON.stringify(fields));
        const back = (await compiled.toGeneric(client.parse(updated).record)).fields.state!;
        const again = await outgoing(back);
        const words = preset.rules.filter((r) => r.generic === 'state').flatMap((r) => [r.field].flat());
        for (const word of words) assert.deepEqual(again[word], fields[word], `${state} came back as ${back}`);
      });
    }
  }
});
