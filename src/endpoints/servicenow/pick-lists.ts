import { PartnerError, SwitchboardError } from '../../errors.js';
import { compile } from '../../mapping/compile.js';
import { say } from '../../text/say.js';
import { describeFailure } from '../connection.js';
import type { EndpointClient } from '../endpoint.js';
import type { PickListResult } from '../system.js';
import type { ServiceNowClient } from './client.js';
import type { FieldChoice, TableChoice, ValueChoice } from './dictionary.js';
import { ENTITY_TYPES } from './form.js';
import { PRESETS } from './presets/index.js';

/* What dialogs let people choose from: what the instance says of itself, and what is known beforehand while it does not answer. */

/** What a request says of the list it wants. */
type Asked = Record<string, unknown>;

/** The tables that records may be in. */
export async function tables(client: EndpointClient): Promise<PickListResult<TableChoice>> {
  const instance = client as ServiceNowClient;
  const types = [...instance.entityTypes, ...ENTITY_TYPES];
  const known = [...new Set(types.map(({ table }) => table))];
  return orKnown(
    () => instance.listTables(known),
    () => known.map((name) => ({ name, label: name })),
  );
}

/** The columns of a table, named itself or by record type. */
export async function fields(client: EndpointClient, asked: Asked): Promise<PickListResult<FieldChoice>> {
  const instance = client as ServiceNowClient;
  const { table, entityType } = tableOf(instance, asked);
  return orKnown(
    () => instance.listFields(table),
    () => presetFields(entityType).map((name) => ({ name })),
  );
}

/** The values of a column. */
export async function choices(client: EndpointClient, asked: Asked): Promise<PickListResult<ValueChoice>> {
  const instance = client as ServiceNowClient;
  const { table } = tableOf(instance, asked);
  return orKnown(
    () => instance.listChoices(table, String(asked.field ?? '')),
    () => [],
  );
}

/** What the partner says; while it says nothing, what is known without it, and why. */
async function orKnown<Item>(ask: () => Promise<PickListResult<Item>>, known: () => Item[]): Promise<PickListResult<Item>> {
  try {
    const listed = await ask();
    return listed.items.length > 0 ? listed : { ...listed, items: known() };
  } catch (error) {
    if (!(error instanceof PartnerError)) throw error;
    return { items: known(), note: say`${describeFailure(error)} These are the ones known beforehand.` };
  }
}

function tableOf({ name, entityTypes }: ServiceNowClient, asked: Asked): { table: string; entityType: string } {
  const found = entityTypes.find((type) => (asked.table ? type.table === asked.table : type.name === asked.entityType));
  const table = found?.table ?? (asked.table ? String(asked.table) : '');
  if (table) return { table, entityType: found?.name ?? '' };
  throw new SwitchboardError('SWB_CONFIG', say`${name} has no record type "${String(asked.entityType ?? '')}".`, {
    field: 'entityType',
    hint: say`Add it in the endpoint’s dialog, or name a table.`,
  });
}

/** The columns that the mappings of a record type know. */
function presetFields(entityType: string): string[] {
  const known = PRESETS.find((preset) => preset.entityType === entityType);
  return known ? [...new Set(compile(known).reads)].sort() : [];
}
