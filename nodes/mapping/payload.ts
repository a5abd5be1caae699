import { validateServiceNowFields } from '../../src/endpoints/servicenow/schema.js';
import type { Profile, Version } from '../../src/endpoints/tmf/dialect.js';
import { validateTicketCreate } from '../../src/endpoints/tmf621/schema.js';
import { validateOrderCreate } from '../../src/endpoints/tmf622/schema.js';
import type { Problem } from '../../src/mapping/mapping.js';
import type { Json } from '../../src/model/message.js';
import type { Subject } from './kept-messages.js';

const TMF = { tmf621: validateTicketCreate, tmf622: validateOrderCreate };

/** What the partner would refuse in a new record, as the map node checks it for an endpoint; empty when nothing. */
export function payloadProblems({ system, entityType, version }: Subject, body: Record<string, Json>): Problem[] {
  if (system === 'servicenow') return validateServiceNowFields(entityType, body);
  const [standard, profile]: [Version, Profile] = version === 'servicenow' ? ['v4', 'servicenow'] : [version ?? 'v4', 'standard'];
  return TMF[system](standard, profile, body);
}
