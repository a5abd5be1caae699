import { SwitchboardError } from '../../errors.js';
import type { Mapping } from '../mapping.js';
import * as servicenow from './servicenow.js';
import * as servicenowOrders from './servicenow-orders.js';
import * as tmf621 from './tmf621.js';
import * as tmf622 from './tmf622.js';

/** Every mapping that ships, each between one system's entity type and the generic model: any two of them make a pair. */
export const presets: readonly Mapping[] = [
  servicenow.incident,
  servicenow.problem,
  servicenow.change,
  servicenowOrders.request,
  servicenow.requestItem,
  servicenow.catalogTask,
  servicenow.customerCase,
  servicenowOrders.order,
  tmf621.tmf621v4,
  tmf621.tmf621v5,
  tmf621.tmf621ServiceNow,
  tmf622.tmf622v4,
  tmf622.tmf622v5,
  tmf622.tmf622ServiceNow,
];

/** The preset of a system's entity type; the TM Forum APIs have one for each version and one for ServiceNow's dialect. */
export function preset(system: Mapping['system'], entityType: string, version?: Mapping['version']): Mapping {
  const found = presets.find(
    (p) => p.system === system && p.entityType === entityType && (system === 'servicenow' || p.version === version),
  );
  if (found) return found;
  throw new SwitchboardError('SWB_CONFIG', `There is no preset for ${system} ${entityType}${version ? ` ${version}` : ''}.`, {
    hint: 'Add a mapping of your own and choose it in the node.',
  });
}
