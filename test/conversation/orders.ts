import type { FanOutRules } from '../../src/conversation/fan-out-rules.js';
import type { GenericFields, GenericMessage, ItemProgress, OrderItem } from '../../src/model/message.js';
import type { ConversationRecord, Plan, PlannedItem, PlannedLeg } from '../../src/store/store.js';

/** A new colleague's order: one item for each of four vendors. */
export const ITEMS: OrderItem[] = [
  { id: '1', action: 'add', quantity: 1, category: 'device', offering: { id: 'PH-15', name: 'Phone 15' } },
  { id: '2', action: 'add', quantity: 1, category: 'connectivity', offering: { id: 'SIM-5G', name: 'SIM 5G' } },
  { id: '3', action: 'add', quantity: 1, category: 'device', offering: { id: 'CV-15', name: 'Cover 15' } },
  { id: '4', action: 'add', quantity: 1, category: 'logistics', offering: { id: 'DELIVERY', name: 'Delivery' } },
];

export const RULES: FanOutRules = {
  by: 'item',
  onFailure: 'keep',
  legs: [
    { name: 'mobile', takes: [{ field: 'category', is: ['connectivity'] }] },
    { name: 'devices', takes: [{ field: 'category', is: ['device'] }] },
    { name: 'delivery', takes: [{ field: 'offering.id', is: ['DELIV*'] }], after: [{ leg: 'mobile', states: ['completed'] }] },
  ],
};

export function order(fields: GenericFields = {}, more: Partial<GenericMessage> = {}): GenericMessage {
  return {
    entity: 'order',
    event: 'created',
    source: { endpoint: 'customer', entityType: 'order', id: 'O1', number: 'ORD1' },
    fields: { title: 'New colleague', items: ITEMS, ...fields },
    comments: [],
    attachments: [],
    relations: [],
    ...more,
  };
}

/** A leg with its items. */
interface LegWithItems {
  leg: PlannedLeg;
  items: PlannedItem[];
}

/** `progress`: what its vendor has reported of the items; `item`: what holds for all of them. */
export function leg(
  name: string,
  items: string[],
  { progress = [], item, ...more }: Partial<PlannedLeg> & { progress?: ItemProgress[]; item?: Partial<PlannedItem> } = {},
): LegWithItems {
  const reported = (id: string) => progress.find((one) => one.id === id);
  return {
    leg: { leg: name, ...more },
    items: items.map((id) => ({ id, leg: name, ...(reported(id) && { ordered: true, reported: reported(id) }), ...item })),
  };
}

export function plan(legs: LegWithItems[], more: Partial<Plan> = {}): Plan {
  return {
    node: 'fan-out',
    onFailure: 'keep',
    legs: legs.map(({ leg }) => leg),
    items: legs.flatMap(({ items }) => items),
    ...more,
  };
}

export function says(...states: [string, ItemProgress['state'], string?][]): ItemProgress[] {
  return states.map(([id, state, stateReason]) => ({ id, state, ...(stateReason && { stateReason }) }));
}

export function conversation(of: Plan | undefined, vendors: Record<string, string> = {}): ConversationRecord {
  return {
    id: 'SWB-1',
    version: 1,
    reference: 'SWB-1',
    entity: 'order',
    title: 'New colleague',
    state: 'open',
    links: Object.entries(vendors).map(([name, number]) => ({
      endpoint: `at-${name}`,
      entityType: 'productOrder',
      leg: name,
      id: number,
      number,
      origin: 'ours',
      lastKnown: {},
      raw: {},
      writtenBy: {},
      seen: [],
      since: '',
    })),
    written: [],
    plan: of,
    createdAt: '',
    updatedAt: '',
  };
}
