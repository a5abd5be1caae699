import type { SystemForm } from '../form.js';
import { HTTP_SIGN_IN_METHODS } from '../sign-in.js';

/** A record type with its table; `fields`: the columns to read in addition to those of the preset, empty = all columns. */
export type EntityTypeRow = Record<'name' | 'table' | 'fields', string>;

/** The record types and tables of most instances. */
export const ENTITY_TYPES: readonly EntityTypeRow[] = [
  { name: 'incident', table: 'incident', fields: '' },
  { name: 'problem', table: 'problem', fields: '' },
  { name: 'change', table: 'change_request', fields: '' },
  { name: 'request', table: 'sc_request', fields: '' },
  { name: 'requestItem', table: 'sc_req_item', fields: '' },
  { name: 'catalogTask', table: 'sc_task', fields: '' },
  { name: 'case', table: 'sn_customerservice_case', fields: '' },
  { name: 'order', table: 'sn_ind_tmt_orm_order', fields: '' },
];

const TICKETS = ['incident', 'case', 'problem', 'change', 'request', 'requestItem', 'catalogTask'];
/** A provider uses ServiceNow CSM, where tickets are cases. */
const PROVIDER_TICKETS = ['case', ...TICKETS.filter((type) => type !== 'case')];

export const servicenow: SystemForm = {
  id: 'servicenow',
  label: 'ServiceNow',
  color: '#66AAAF',
  endpoint: {
    node: 'servicenow-endpoint',
    label: 'ServiceNow',
    address: { example: 'https://acme.service-now.com' },
    signIn: HTTP_SIGN_IN_METHODS,
    defaults: { auth: 'basic', apiKeyHeader: 'x-sn-apikey' },
    settings: [],
    folds: [
      {
        name: 'types',
        settings: [
          {
            kind: 'rows',
            name: 'entityTypes',
            default: ENTITY_TYPES,
            columns: [
              { name: 'name', required: true, unique: true },
              { name: 'table', required: true, suggest: { list: 'tables' } },
              { name: 'fields', suggest: { list: 'fields', of: 'table' } },
            ],
          },
        ],
      },
    ],
  },
  entityTypes: ENTITY_TYPES.map(({ name }) => name),
  receive: { webhook: { limit: '1024' }, poll: { interval: '30' } },
  newOnlyExample: "category = 'network'",
  wizard: {
    choices: [{ id: '', label: 'ServiceNow', settings: {} }],
    roles: {
      ticketCustomer: { rank: 0, entityTypes: TICKETS },
      ticketProvider: { rank: 1, entityTypes: PROVIDER_TICKETS },
      orderCustomer: { rank: 0, entityTypes: ['order', 'request'] },
      orderVendor: { rank: 1, entityTypes: ['request', 'order'] },
    },
  },
};
