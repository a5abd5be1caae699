import type { AuditTarget, AuditEntry as StoredEntry } from '../store/audit-entry.js';

/** Who did what, to which target, and when, as shown to people. */
export interface AuditEntry {
  at: string;
  /** Name of the Node-RED user; empty where the editor has no sign-in. */
  by: string;
  action: string;
  outcome: StoredEntry['outcome'];
  source: StoredEntry['source'];
  /** `name`: a number or a name; absent if it was erased. */
  target: AuditTarget & { name?: string };
  reason?: string;
  /** What was looked for; absent if it was erased, found nothing, or the user sees people's data masked. */
  search?: string;
  /** Name of the endpoint that a delivery is for. */
  endpoint?: string;
  /** People's data was not masked. */
  people?: true;
  /** Name of the store, if there are several. */
  store?: string;
}
