import { storeDefaults } from '../../nodes/switchboard-store/switchboard-store.config.js';
import { serviceNowEndpointDefaults, tmfEndpointDefaults } from '../nodes/defaults.js';

// Nothing listens there, so waiting deliveries keep waiting.
const NOWHERE = 'http://127.0.0.1:9';
/** The store that `seedConversations` fills, and the endpoints it refers to. */
export const CONVERSATIONS_FLOW = [
  { id: 'tab', type: 'tab', label: 'Test' },
  { id: 'store1', type: 'switchboard-store', ...storeDefaults, retentionDays: '3650' },
  {
    id: 'sn1',
    type: 'switchboard-servicenow-endpoint',
    ...serviceNowEndpointDefaults,
    name: 'Acme ServiceNow',
    store: 'store1',
    baseUrl: NOWHERE,
    auth: 'none',
  },
  {
    id: 'tmf1',
    type: 'switchboard-tmf-endpoint',
    ...tmfEndpointDefaults,
    name: 'North Telecom',
    store: 'store1',
    baseUrl: NOWHERE,
    auth: 'none',
  },
  {
    id: 'tmf2',
    type: 'switchboard-tmf-endpoint',
    ...tmfEndpointDefaults,
    name: 'South Telecom',
    store: 'store1',
    baseUrl: NOWHERE,
    auth: 'none',
  },
];
