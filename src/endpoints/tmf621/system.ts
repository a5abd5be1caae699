import type { EntityKind, Json } from '../../model/message.js';
import type { System } from '../system.js';
import { capabilities, clientOptions, TMF_SYSTEM, versionAndProfile, versionAndProfileOf } from '../tmf/system.js';
import { unwrapRecord } from '../unwrap.js';
import { createTmf621Client } from './client.js';
import { dialectOf } from './dialect.js';
import { FIELDS } from './fields.js';
import { tmf621 as form } from './form.js';
import { PRESETS } from './presets.js';
import { validateTicketCreate } from './schema.js';

/** ticketType is free text; these values are common in practice (TMF621 §1.2; ServiceNow, Trouble Ticket Open API). */
const TICKET_TYPES: [RegExp, EntityKind][] = [
  [/problem/i, 'problem'],
  [/change/i, 'change'],
  [/case|complaint/i, 'case'],
  [/request/i, 'request'],
];

/** TMF621 Trouble Ticket Management, v4 and v5. */
export const tmf621: System = {
  ...form,
  ...TMF_SYSTEM,
  createClient: (options) => createTmf621Client(clientOptions(options)),
  capabilities: (settings) => {
    const dialect = dialectOf(...versionAndProfile(settings));
    return capabilities(dialect, dialect.attachments, false);
  },
  presets: PRESETS,
  catalog: (_entityType, dialect = 'v4') => FIELDS[dialect] ?? { fields: [] },
  // ServiceNow's variant uses the time format of its tables.
  notation: (dialect) => ({
    time: (iso) => (dialect === 'servicenow' ? iso.slice(0, 19).replace('T', ' ') : iso),
    typed: dialect === 'v5',
  }),
  validate: (_entityType, body, dialect) => validateTicketCreate(...versionAndProfileOf(dialect), body),
  unwrap: (pasted) => unwrapRecord(pasted, ['event', 'ticket', 'troubleTicket']),
  kindOf: (_entityType, { ticketType }: Record<string, Json>) =>
    (typeof ticketType === 'string' && TICKET_TYPES.find(([pattern]) => pattern.test(ticketType))?.[1]) || 'incident',
  raw: { field: 'ticket', identify: (id) => ({ id }) },
  help: 'docs/tmf621.md',
};
