import { field } from '../../mapping/catalog/field.js';
import type { Mapping } from '../../mapping/mapping.js';
import { PLAIN_NOTATION } from '../../mapping/mapping.js';
import { say } from '../../text/say.js';
import type { System } from '../system.js';
import { unwrapRecord } from '../unwrap.js';
import { createToyClient } from './client.js';
import { toy as form } from './form.js';

const PRESET: Mapping = {
  name: 'toy-case',
  system: 'toy',
  entityType: 'toyCase',
  rules: [
    { field: 'subject', generic: 'title', required: 'both' },
    { field: 'text', generic: 'description' },
    {
      field: 'status',
      generic: 'state',
      values: [
        { partner: 'open', generic: 'inProgress' },
        { partner: 'closed', generic: 'closed' },
      ],
    },
  ],
};

export const toy: System = {
  ...form,
  createClient: ({ id, name, http, clock }) => createToyClient({ id, name, http: http(), clock }),
  capabilities: () => ({
    webhook: false,
    hub: false,
    poll: true,
    lookUp: true,
    attachments: { in: false, out: false },
    internalNotes: { in: false, out: false },
    items: false,
    cancel: false,
    optimisticLock: false,
    deletes: false,
    relations: { in: false, out: false },
    parentTickets: false,
    notices: false,
  }),
  presets: [PRESET],
  catalog: () => ({
    fields: [
      field('text', 'subject', 'Short summary', { required: true, example: 'Line down' }),
      field('text', 'text', 'Details', { example: 'No signal since 08:15' }),
      field('text', 'status', 'State', { values: ['open', 'closed'], example: 'open' }),
    ],
  }),
  people: { names: ['reporter'] },
  notation: () => PLAIN_NOTATION,
  validate: (_entityType, body) =>
    body.subject ? [] : [{ level: 'error', code: 'schema', field: 'subject', text: say`subject is missing.` }],
  unwrap: (pasted) => unwrapRecord(pasted, ['case']),
  kindOf: () => 'case',
  raw: { field: 'case', identify: (id) => ({ id }) },
  authorsInText: true,
  signInAs: { deskKey: ({ need }) => ({ kind: 'apiKey', header: 'x-desk-key', key: need('deskKey') }) },
  help: 'docs/development.md',
};
