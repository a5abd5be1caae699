import type { SystemForm } from '../../src/endpoints/form.js';
import { hasTypes } from './in.config.js';

/** Settings of the out nodes. */
export interface OutConfig {
  name: string;
  endpoint: string;
  /** The record type to create; only if the system has several. */
  entityType?: string;
  /** Also creates records for conversations that began elsewhere: for updates from a party where the conversation did not begin. */
  joinsOthers?: boolean;
}

export function outDefaults(form: SystemForm): OutConfig {
  return { name: '', endpoint: '', ...(hasTypes(form) && { entityType: form.entityTypes[0] }), joinsOthers: false };
}
