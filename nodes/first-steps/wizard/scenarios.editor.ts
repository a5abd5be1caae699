import ticket from '../../../examples/1-trouble-ticket.json';
import order from '../../../examples/2-order-fan-out.json';
import type { RoleName, SystemForm } from '../../../src/endpoints/form.js';
import { FORMS } from '../../../src/endpoints/forms.js';

/** A node as a flow file has it. */
export interface FlowNode {
  id: string;
  type: string;
  [setting: string]: unknown;
}

/** A party of a scenario: what it may be, and which nodes of the example are its own. */
export interface Role {
  name: 'customer' | 'provider' | 'vendor';
  /** The part that a system has to be able to take. */
  part: RoleName;
  /** Its nodes in the example name this endpoint, and this record type where the endpoint serves others too. */
  endpoint: string;
  only?: string;
  /** There may be several of it: each gets nodes like these. */
  several?: boolean;
}

export type Scenario = 'ticket' | 'order';

/** The scenarios are the examples with other parties in them, so that what the wizard creates is what is tested and documented. */
export const SCENARIOS: Record<Scenario, { example: FlowNode[]; roles: Role[] }> = {
  ticket: {
    example: ticket as FlowNode[],
    roles: [
      { name: 'customer', part: 'ticketCustomer', endpoint: 'sb1-sn' },
      { name: 'provider', part: 'ticketProvider', endpoint: 'sb1-tmf' },
    ],
  },
  order: {
    example: order as FlowNode[],
    roles: [
      { name: 'customer', part: 'orderCustomer', endpoint: 'sb2-sn', only: 'order' },
      { name: 'vendor', part: 'orderVendor', endpoint: 'sb2-mobile', several: true },
    ],
  },
};

/** The systems that can take a part, the usual one first. */
export function systemsFor({ part }: Role): SystemForm[] {
  const rank = (form: SystemForm) => form.wizard.roles[part]?.rank ?? 0;
  return FORMS.filter((form) => form.wizard.roles[part]).sort((one, other) => rank(one) - rank(other));
}

/** The record types that a party may be, the usual one first. */
export function typesFor({ part }: Role, form: SystemForm): readonly string[] {
  return form.wizard.roles[part]?.entityTypes ?? [];
}
