import assert from 'node:assert/strict';
import { OrderUnreadError, requireRecentReading, unknownCancellation } from '../../src/delivery/order-unread.js';
import type { EndpointClient, ParsedEntity } from '../../src/endpoints/endpoint.js';
import { createIdSource } from '../../src/store/id.js';
import type { DeliveryRecord, Link } from '../../src/store/store.js';
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
    assert.ok(unknownCancellation(order, link, shown('6'), client) instanceof OrderUnreadError);
  });

  it('is made where we have written the cancelled state ourselves', () => {
    const written = { ...link, writtenItems: { lines: { 1: { entry: 'a', state: 'b|cancelled' } } } };
    assert.equal(unknownCancellation(order, written, shown('6'), client), undefined);
  });

  it('is made where the order was read as it is: then the cancelled state is one that we wrote earlier', () => {
    assert.equal(unknownCancellation(order, link, shown('5'), client), undefined);
  });
});

describe('an order for a vendor', () => {
  const NOW = Date.parse('2026-05-04T12:00:00Z');
  const idAt = (time: number) => createIdSource(() => time)();
  const delivery = { id: idAt(NOW - 60_000), leg: 'mobile' } as DeliveryRecord;
  /** `age`: of the last reading, seconds. */
  const send = (age: number, { newer = false, startedAgo = 3_600 } = {}) => {
    const readAt = idAt(NOW - age * 1_000);
    const order: Link = { ...conversation(undefined, { mobile: 'O1' }).links[0]!, origin: 'theirs', leg: '', readAt };
    requireRecentReading({ ...conversation(plan([leg('mobile', ['1'])])), links: [order] }, delivery, {
      now: NOW,
      started: idAt(NOW - startedAgo * 1_000),
      hasNewer: ({ id }, since) => newer && id === 'O1' && since === readAt,
    });
  };

  it('is sent by what was read a moment ago', () => {
    send(14);
    send(1, { newer: true });
  });

  it('waits until the customer’s order has been read where that was longer ago, or before a restart', () => {
    assert.throws(() => send(16), OrderUnreadError);
    assert.throws(() => send(5, { startedAgo: 4 }), OrderUnreadError);
  });

  it('waits for a newer message about the customer’s order', () => {
    assert.throws(() => send(3, { newer: true }), OrderUnreadError);
  });
});
