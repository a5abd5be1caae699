import { validateServiceNowFields } from '../../src/endpoints/servicenow/schema.js';
import type { Profile, Version } from '../../src/endpoints/tmf621/dialect.js';
import { validateTicketCreate } from '../../src/endpoints/tmf621/schema.js';
import type { Mapping, Problem } from '../../src/mapping/mapping.js';
import type { Json, System } from '../../src/model/message.js';

/** For whom a payload is: a mapping says so, and an endpoint's client with an entity type. */
export interface Recipient {
  system: System;
  entityType: string;
  version?: Mapping['version'];
}

/** What the partner would refuse of a new record; empty where nothing, or where nothing is known of that system. */
export function payloadProblems({ system, entityType, version }: Recipient, body: Record<string, Json>): Problem[] {
  if (system === 'servicenow') return validateServiceNowFields(entityType, body);
  if (system !== 'tmf621') return [];
  const [standard, profile]: [Version, Profile] = version === 'servicenow' ? ['v4', 'servicenow'] : [version ?? 'v4', 'standard'];
  return validateTicketCreate(standard, profile, body);
}
