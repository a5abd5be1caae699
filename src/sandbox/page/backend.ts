export type Row = Record<string, string> & { sys_id: string };
export interface CustomerTicket extends Record<string, unknown> {
  sys_id: string;
  journal: Row[];
  attachments: Row[];
}
export type ProviderTicket = Record<string, unknown> & { id: string };
export interface CustomerOrder extends Record<string, unknown> {
  sys_id: string;
  journal: Row[];
  lines: (Row & { offering: string })[];
}
/** Of a vendor; `choices` are the states a person may choose. */
export interface VendorOrder extends Record<string, unknown> {
  id: string;
  choices: string[];
  items: (Record<string, unknown> & { id: string; choices: string[] })[];
  unstoppable: boolean;
  cancellation?: { id: string; cancellationReason?: string };
}
export interface Vendor extends Strangeness {
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
/** What goes wrong at a desk, how it behaves, and how it could: names by the kind of request. */
export interface Strangeness {
  faults: Fault[];
  behaviours: Behaviour[];
  choices: Record<string, string[]>;
}

export interface State {
  customer: Strangeness & { tickets: CustomerTicket[]; orders: CustomerOrder[] };
  providers: Record<string, Strangeness & { hubs: number; tickets: ProviderTicket[] }>;
  vendors: Record<string, Vendor>;
}

export async function state(): Promise<State> {
  const answer = await fetch('_sandbox/state');
  return (await answer.json()) as State;
}

/** Does something on a desk; rejects with the sandbox's words. */
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

/** Calls back whenever something changed; tells whether the stream is alive. */
export function watch(changed: () => void, alive: (on: boolean) => void): void {
  const source = new EventSource('_sandbox/events');
  source.onmessage = () => {
    alive(true);
    changed();
  };
  source.onerror = () => alive(false);
}
