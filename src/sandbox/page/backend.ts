import type { ComparedLine, ComparedOrder, Price, VendorItem } from '../compared-order.js';

export type { ComparedLine, Price, VendorItem };
export type Row = Record<string, string> & { sys_id: string };
export interface CustomerTicket extends Record<string, unknown> {
  sys_id: string;
  journal: Row[];
  attachments: Row[];
}
export type ProviderTicket = Record<string, unknown> & { id: string };
/** An order of the customer, compared with what the vendors have of it. */
export interface CustomerOrder extends Record<string, unknown>, ComparedOrder {
  sys_id: string;
  journal: Row[];
}
/** An order at a vendor; `choices` are the selectable states. */
export interface VendorOrder extends Record<string, unknown> {
  id: string;
  word: string;
  choices: string[];
  items: (Record<string, unknown> & { id: string; word: string; choices: string[] })[];
  unstoppable: boolean;
  cancellation?: { id: string; cancellationReason?: string };
}
export interface Vendor extends SimulationState {
  name: string;
  version: string;
  auto: boolean;
  orders: VendorOrder[];
}
export interface Fault {
  kind: string;
  status?: number;
}
export interface Behaviour {
  name: string;
  kind?: string;
}
/** The active faults and behaviours of a desk, and the available behaviours by kind of request. */
export interface SimulationState {
  faults: Fault[];
  behaviours: Behaviour[];
  choices: Record<string, string[]>;
  /** What this partner can make of orders. */
  orderChoices: string[];
}

type Incidents = SimulationState & { tickets: CustomerTicket[] };
type Tickets = SimulationState & { hubs: number; tickets: ProviderTicket[] };

export interface State {
  customer: Incidents & { orders: CustomerOrder[] };
  providers: Record<string, Tickets>;
  /** The desks of the routing view, by name. */
  routed: { customers: Record<string, Incidents>; providers: Record<string, Tickets> };
  vendors: Record<string, Vendor>;
}

export async function state(): Promise<State> {
  const answer = await fetch('_sandbox/state');
  return (await answer.json()) as State;
}

/** Runs an action of a desk; rejects with the error message of the sandbox. */
export async function act(path: string, values: Record<string, string> = {}): Promise<Record<string, unknown>> {
  const answer = await fetch(`_sandbox/${path}`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify(values),
  });
  const body = (await answer.json()) as Record<string, unknown>;
  if (!answer.ok) throw new Error(String(body.message));
  return body;
}

/** Calls back after each change, and when the event stream connects or disconnects. */
export function watch(changed: () => void, connected: (on: boolean) => void): void {
  const source = new EventSource('_sandbox/events');
  source.onmessage = () => {
    connected(true);
    changed();
  };
  source.onerror = () => connected(false);
}
