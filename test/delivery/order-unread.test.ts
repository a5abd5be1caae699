import assert from 'node:assert/strict';
import { OrderUnreadError, requireKnownCancellations } from '../../src/delivery/order-unread.js';
import type { EndpointClient, ParsedEntity } from '../../src/endpoints/endpoint.js';
import { conversation, leg, plan } from '../conversation/orders.js';

/** The customer's order shows the first item as cancelled, in this version. */
const shown = (version: string): ParsedEntity => ({
  source: { endpoint: 'customer', entityType: 'order', id: 'O1', number: 'ORD1', version },
  record: {},
  comments: [],
  attachments: [],
  relations: [],
});
const client = {
  name: 'customer',
  cancellationsIn: () => ({ all: false, items: ['1'] }),
} as Partial<EndpointClient> as EndpointClient;

describe('a write to the order of a customer, which shows an item as cancelled', () => {
  const order = conversation(plan([leg('mobile', ['1'], { item: { notified: 'rejected' } })]), { mobile: 'M1' });
  const link = { ...order.links[0]!, entityVersion: '5' };

  it('waits until the order has been read', () => {
    assert.throws(() => requireKnownCancellations(order, link, shown('6'), client), OrderUnreadError);
  });

  it('is made where the order was read as it is: then the cancelled state is one that we wrote earlier', () => {
    requireKnownCancellations(order, link, shown('5'), client);
  });
});
