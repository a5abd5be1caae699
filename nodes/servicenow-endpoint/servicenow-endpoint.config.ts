import { type EndpointConfig, endpointDefaults } from '../kit/endpoint.config.js';

/** Settings of the `servicenow-endpoint` config node. */
export interface ServiceNowEndpointConfig extends EndpointConfig {
  /** Entity types with their tables; `fields`: the only columns to read beside those of the preset, empty = all. */
  entityTypes: { name: string; table: string; fields: string }[];
}
export const serviceNowEndpointDefaults: ServiceNowEndpointConfig = {
  ...endpointDefaults,
  auth: 'basic',
  entityTypes: [
    { name: 'incident', table: 'incident', fields: '' },
    { name: 'problem', table: 'problem', fields: '' },
    { name: 'change', table: 'change_request', fields: '' },
    { name: 'request', table: 'sc_request', fields: '' },
    { name: 'requestItem', table: 'sc_req_item', fields: '' },
    { name: 'catalogTask', table: 'sc_task', fields: '' },
    { name: 'case', table: 'sn_customerservice_case', fields: '' },
    { name: 'order', table: 'sn_ind_tmt_orm_order', fields: '' },
  ],
};
