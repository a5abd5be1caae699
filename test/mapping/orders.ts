import type { GenericFields, GenericMessage, ItemProgress } from '../../src/model/message.js';

/** An order with everything that the generic model has, as people may fill it in. */
export const FULL: GenericFields = {
  title: 'Two lines for Ghent',
  description: 'Internet access and a router for the new office in Ghent.',
  priority: 'high',
  category: 'B2B',
  channel: 'portal',
  customer: { id: 'C-7', name: 'Funco Intl' },
  contact: { id: 'P-1', name: 'Sally Thomas', email: 'sally@example.com', phone: '+32 9 000 00 00' },
  requestedStartAt: '2026-03-02T08:00:00.000Z',
  requestedCompletionAt: '2026-04-01T17:00:00.000Z',
  items: [
    {
      id: '10',
      action: 'add',
      quantity: 1,
      offering: { id: 'OF-1', name: 'Business Internet' },
      specification: { id: 'SP-1', name: 'Internet access' },
      product: { name: 'Line Ghent' },
      characteristics: {
        bandwidth: 500,
        technology: 'fibre',
        redundant: true,
        vlans: [10, 20],
        tags: ['a', 'b'],
        sla: { class: 'gold' },
      },
      place: { street: 'Veldstraat 1', postcode: '9000', city: 'Gent', country: 'BE' },
      contact: { name: 'Joe Doe', email: 'joe@example.com', phone: '+32 9 111 11 11' },
      price: { oneTime: 100, recurring: 49.5, period: 'month', currency: 'EUR' },
    },
    {
      id: '20',
      action: 'modify',
      quantity: 2,
      offering: { id: 'OF-2', name: 'Router' },
      specification: { id: 'SP-2' },
      product: { id: 'PR-9' },
      place: { id: 'PL-3', name: 'Office Ghent' },
      reliesOn: ['10'],
    },
  ],
};

/** A minimal order. */
export const LEAST: GenericFields = {
  title: 'One line',
  customer: { name: 'Funco' },
  items: [{ id: '1', action: 'add', offering: { id: 'OF-1' }, specification: { id: 'SP-1' } }],
};

export function orderMessage(fields: GenericFields, more: Partial<GenericMessage> = {}): GenericMessage {
  return {
    entity: 'order',
    event: 'created',
    source: { endpoint: 'c', entityType: 'order', id: 'O-1', number: 'ORD0001' },
    fields,
    comments: [],
    attachments: [],
    relations: [],
    ...more,
  };
}

export const cancelled = (id: string): ItemProgress => ({ id, state: 'cancelled' });
