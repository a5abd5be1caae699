import ticket from '../../../examples/1-trouble-ticket.json';
import order from '../../../examples/2-order-fan-out.json';
import routing from '../../../examples/3-routing.json';
import type { RoleName, SystemForm } from '../../../src/endpoints/form.js';
import { FORMS } from '../../../src/endpoints/forms.js';
import type { Side } from '../../../src/model/message.js';

/** A node in a flow file. */
export interface FlowNode {
  id: string;
  type: string;
  [setting: string]: unknown;
}

/** A party of a scenario: the systems it may use, and its nodes in the example. */
export interface Role {
  name: 'customer' | 'provider' | 'vendor';
  /** The role that the party's system must support. */
  systemRole: RoleName;
  /** The endpoint of the party's nodes in the example, and their record type if the endpoint is used for others too. */
  endpoint: string;
  only?: string;
  /** There may be several of these parties; each gets a copy of the nodes. */
  several?: boolean;
  /** Categories decide what goes to the party: which items of an order, or which new cases. */
  takes?: 'items' | 'cases';
  /** The side of the endpoint, which the rules of a route node refer to. */
  side?: Side;
}

export type Scenario = 'ticket' | 'routing' | 'addCustomer' | 'addProvider' | 'order';

interface ScenarioSetup {
  example: FlowNode[];
  roles: Role[];
  /** The flow has a route node; `add`: it exists, and gets one more party. */
  routes?: 'create' | 'add';
}

const CUSTOMER: Role = { name: 'customer', systemRole: 'ticketCustomer', endpoint: 'sb3-acme', side: 'customer' };
const PROVIDER: Role = {
  name: 'provider',
  systemRole: 'ticketProvider',
  endpoint: 'sb3-north',
  side: 'provider',
  takes: 'cases',
};

/** The scenarios are the examples with other parties, so that the wizard creates flows that are tested and documented. */
export const SCENARIOS: Record<Scenario, ScenarioSetup> = {
  ticket: {
    example: ticket as FlowNode[],
    roles: [
      { name: 'customer', systemRole: 'ticketCustomer', endpoint: 'sb1-sn' },
      { name: 'provider', systemRole: 'ticketProvider', endpoint: 'sb1-tmf' },
    ],
  },
  routing: {
    example: routing as FlowNode[],
    roles: [
      { ...CUSTOMER, several: true },
      { ...PROVIDER, several: true },
    ],
    routes: 'create',
  },
  addCustomer: { example: routing as FlowNode[], roles: [CUSTOMER], routes: 'add' },
  addProvider: { example: routing as FlowNode[], roles: [PROVIDER], routes: 'add' },
  order: {
    example: order as FlowNode[],
    roles: [
      { name: 'customer', systemRole: 'orderCustomer', endpoint: 'sb2-sn', only: 'order' },
      { name: 'vendor', systemRole: 'orderVendor', endpoint: 'sb2-mobile', several: true, takes: 'items' },
    ],
  },
};

/** The systems that support a role, the suggested one first. */
export function systemsFor({ systemRole }: Role): SystemForm[] {
  const rank = (form: SystemForm) => form.wizard.roles[systemRole]?.rank ?? 0;
  return FORMS.filter((form) => form.wizard.roles[systemRole]).sort((one, other) => rank(one) - rank(other));
}

/** The record types that a role supports, the suggested one first. */
export function typesFor({ systemRole }: Role, form: SystemForm): readonly string[] {
  return form.wizard.roles[systemRole]?.entityTypes ?? [];
}
