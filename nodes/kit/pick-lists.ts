import { describeFailure } from '../../src/endpoints/connection.js';
import type { EndpointClient } from '../../src/endpoints/endpoint.js';
import type { ServiceNowClient } from '../../src/endpoints/servicenow/client.js';
import type { FieldChoice, Listed, TableChoice, ValueChoice } from '../../src/endpoints/servicenow/dictionary.js';
import { PartnerError, SwitchboardError } from '../../src/errors.js';
import { compile } from '../../src/mapping/compile.js';
import { presets } from '../../src/mapping/presets/index.js';
import { serviceNowEndpointDefaults } from '../servicenow-endpoint/servicenow-endpoint.config.js';

/* What dialogs let people choose from: what the partner says of itself, and what is known beforehand while it does not answer. */

/** What a request says of the list it wants. */
type Asked = Record<string, unknown>;

/** The tables of a ServiceNow that records may be in. */
export async function tables(client: EndpointClient): Promise<Listed<TableChoice>> {
  const types = [...serviceNow(client).entityTypes, ...serviceNowEndpointDefaults.entityTypes];
  const known = [...new Set(types.map(({ table }) => table))];
  return orKnown(
    () => serviceNow(client).listTables(known),
    () => known.map((name) => ({ name, label: name })),
  );
}

/** The columns of a table, named itself or by record type. */
export async function fields(client: EndpointClient, asked: Asked): Promise<Listed<FieldChoice>> {
  const { table, entityType } = tableOf(client, asked);
  return orKnown(
    () => serviceNow(client).listFields(table),
    () => presetFields(entityType).map((name) => ({ name })),
  );
}

/** The values of a column. */
export async function choices(client: EndpointClient, asked: Asked): Promise<Listed<ValueChoice>> {
  const { table } = tableOf(client, asked);
  return orKnown(
    () => serviceNow(client).listChoices(table, String(asked.field ?? '')),
    () => [],
  );
}

/** What the partner says; while it says nothing, what is known without it, and why. */
async function orKnown<Item>(ask: () => Promise<Listed<Item>>, known: () => Item[]): Promise<Listed<Item>> {
  try {
    const listed = await ask();
    return listed.items.length > 0 ? listed : { ...listed, items: known() };
  } catch (error) {
    if (!(error instanceof PartnerError)) throw error;
    return { items: known(), note: `${describeFailure(error)} These are the ones known beforehand.` };
  }
}

function serviceNow(client: EndpointClient): ServiceNowClient {
  if (client.system === 'servicenow') return client as ServiceNowClient;
  throw new SwitchboardError(
    'SWB_CONFIG',
    `${client.name} speaks ${client.system.toUpperCase()}, whose fields are those of the standard.`,
    {
      field: 'endpoint',
      hint: 'Only a ServiceNow has tables of its own to choose from.',
    },
  );
}

function tableOf(client: EndpointClient, asked: Asked): { table: string; entityType: string } {
  const types = serviceNow(client).entityTypes;
  const found = types.find(({ name, table }) => (asked.table ? table === asked.table : name === asked.entityType));
  const table = found?.table ?? (asked.table ? String(asked.table) : '');
  if (table) return { table, entityType: found?.name ?? '' };
  throw new SwitchboardError('SWB_CONFIG', `${client.name} has no record type «${String(asked.entityType ?? '')}».`, {
    field: 'entityType',
    hint: 'Add it in the endpoint’s dialog, or name a table.',
  });
}

/** The columns that the mappings of a record type know. */
function presetFields(entityType: string): string[] {
  const known = presets.find((preset) => preset.system === 'servicenow' && preset.entityType === entityType);
  return known ? [...new Set(compile(known).reads)].sort() : [];
}
