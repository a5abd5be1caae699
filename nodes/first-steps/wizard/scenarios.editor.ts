import ticket from '../../../examples/1-trouble-ticket.json';
import order from '../../../examples/2-order-fan-out.json';

export type Settings = Record<string, unknown>;

/** A node as a flow file has it. */
export interface FlowNode {
  id: string;
  type: string;
  [setting: string]: unknown;
}

export type System = 'servicenow' | 'tmf621' | 'tmf622';

/** A party of a scenario: what it may be, and which nodes of the example are its own. */
export interface Role {
  name: 'customer' | 'provider' | 'vendor';
  systems: System[];
  /** Record types that it may be at a ServiceNow, the usual one first; and whatever else an endpoint has that we do not know. */
  entityTypes: string[];
  /** Its nodes in the example name this endpoint, and this record type where the endpoint serves others too. */
  endpoint: string;
  only?: string;
  /** There may be several of it: each gets nodes like these. */
  several?: boolean;
}

export type Scenario = 'ticket' | 'order';

const TICKETS = ['incident', 'case', 'problem', 'change', 'request', 'requestItem', 'catalogTask'];

/** The scenarios are the examples with other parties in them, so that what the wizard lays down is what is tested and documented. */
export const SCENARIOS: Record<Scenario, { example: FlowNode[]; roles: Role[] }> = {
  ticket: {
    example: ticket as FlowNode[],
    roles: [
      { name: 'customer', systems: ['servicenow', 'tmf621'], entityTypes: TICKETS, endpoint: 'sb1-sn' },
      {
        name: 'provider',
        systems: ['tmf621', 'servicenow'],
        entityTypes: ['case', ...TICKETS.filter((type) => type !== 'case')],
        endpoint: 'sb1-tmf',
      },
    ],
  },
  order: {
    example: order as FlowNode[],
    roles: [
      { name: 'customer', systems: ['servicenow'], entityTypes: ['order', 'request'], endpoint: 'sb2-sn', only: 'order' },
      {
        name: 'vendor',
        systems: ['tmf622', 'servicenow'],
        entityTypes: ['request', 'order'],
        endpoint: 'sb2-mobile',
        several: true,
      },
    ],
  },
};
