import { plain, type Table, task } from './servicenow-table.js';

/** Tables of the service catalogue: requests with their items and tasks, and catalogue items. */
export const CATALOGUE_TABLES: Record<string, Table> = {
  sc_request: task('REQ', ['request_state', 'requested_for', 'stage', 'special_instructions'], ['1', '2', '3', '4'], {
    matrix: false,
    choices: {
      request_state: ['requested', 'in_process', 'closed_complete', 'closed_incomplete', 'closed_cancelled', 'closed_rejected'],
    },
    defaults: { request_state: 'requested' },
  }),
  sc_req_item: task(
    'RITM',
    ['request', 'requested_for', 'stage', 'cat_item', 'quantity', 'estimated_delivery'],
    ['1', '2', '-5', '3', '4', '7'],
    { matrix: false, references: { request: 'sc_request', cat_item: 'sc_cat_item' } },
  ),
  sc_task: task('SCTASK', ['request_item', 'request'], ['1', '2', '-5', '3', '4', '7'], {
    matrix: false,
    references: { request: 'sc_request', request_item: 'sc_req_item' },
  }),
  sc_cat_item: plain(['name', 'short_description', 'category', 'active']),
  /** The variables of a catalogue item. */
  item_option_new: plain(['name', 'question_text', 'cat_item'], { cat_item: 'sc_cat_item' }),
  /** The values of the variables, and the requested item each belongs to. */
  sc_item_option: plain(['item_option_new', 'value'], { item_option_new: 'item_option_new' }),
  sc_item_option_mtom: plain(['request_item', 'sc_item_option'], {
    request_item: 'sc_req_item',
    sc_item_option: 'sc_item_option',
  }),
};

/** Catalogue items with their variables. `correlation_id` identifies a request after a lost answer (docs/servicenow.md). */
export const CATALOGUE: { name: string; category: string; variables: string[] }[] = [
  { name: 'Laptop', category: 'hardware', variables: ['model', 'memory', 'keyboard', 'correlation_id'] },
  { name: 'Mobile phone', category: 'hardware', variables: ['model', 'colour', 'storage', 'correlation_id'] },
  { name: 'Building pass', category: 'facilities', variables: ['building', 'valid_from', 'correlation_id'] },
  { name: 'Desk chair', category: 'facilities', variables: ['colour'] },
];

/** States of orders (ServiceNow, order management: state values). */
const ORDER_STATES = [
  'new',
  'draft',
  'submitted',
  'enrichment_in_progress',
  'enrichment_on_hold',
  'acknowledged',
  'rejected',
  'in_progress',
  'revision_in_progress',
  'awaiting_information',
  'on_hold',
  'canceled',
  'assessing_cancellation',
  'cancellation_in_progress',
  'completed',
];

const DATES = [
  'requested_start_date',
  'requested_end_date',
  'expected_start_date',
  'expected_end_date',
  'actual_start_date',
  'actual_end_date',
];

const PARTIES = { account: 'customer_account', contact: 'customer_contact', consumer: 'csm_consumer', location: 'cmn_location' };

const order = (): Table =>
  task(
    'ORD',
    [...DATES, 'external_id', 'external_system', 'account', 'contact', 'consumer', 'location', 'order_currency', 'order_date'],
    ORDER_STATES,
    { matrix: false, references: PARTIES },
  );

const line = (orders: string, self: string): Table =>
  task(
    'ORL',
    [
      ...DATES,
      'order',
      'external_id',
      'external_system',
      'action',
      'quantity',
      'product_offering',
      'product_specification',
      'product_inventory',
      'parent_line_item',
      'account',
      'contact',
      'consumer',
      'location',
      'shipping_street',
      'shipping_city',
      'shipping_zip',
      'shipping_country',
      'category',
      'mrc',
      'nrc',
      'currency',
    ],
    [...ORDER_STATES, 'scheduled'],
    {
      matrix: false,
      choices: { action: ['add', 'change', 'delete', 'no_change', 'suspend', 'resume'] },
      defaults: { action: 'add', quantity: '1' },
      references: {
        ...PARTIES,
        order: orders,
        parent_line_item: self,
        product_offering: 'sn_prd_pm_product_offering',
        product_specification: 'sn_prd_pm_product_specification',
        product_inventory: 'sn_prd_invt_product_inventory',
      },
    },
  );

const characteristic = (lines: string): Table =>
  plain(['order_line_item', 'characteristic', 'value'], { order_line_item: lines });

/** Order management for telecom and for CSM: the same tables with two name prefixes. */
export const ORDER_TABLES: Record<string, Table> = {
  ...Object.fromEntries(
    ['sn_ind_tmt_orm', 'sn_csm_om'].flatMap((family): [string, Table][] => [
      [`${family}_order`, order()],
      [`${family}_order_line_item`, line(`${family}_order`, `${family}_order_line_item`)],
      [`${family}_order_characteristic_value`, characteristic(`${family}_order_line_item`)],
    ]),
  ),
  customer_account: plain(['name', 'number']),
  customer_contact: plain(['name', 'email', 'account'], { account: 'customer_account' }),
  csm_consumer: plain(['name', 'email']),
  cmn_location: plain(['name', 'street', 'city', 'zip', 'country']),
  sn_prd_pm_product_offering: plain(['name', 'external_id']),
  sn_prd_pm_product_specification: plain(['name', 'external_id']),
  sn_prd_invt_product_inventory: plain(['name', 'external_id']),
};
