import assert from 'node:assert/strict';
import { unknownCancellation } from '../../src/delivery/order-unread.js';
import type { ConversationRecord, ItemCancellation, Link } from '../../src/store/store.js';
import { Partner } from './partner.js';

const SHOWN = { id: 'O1', fields: { state: 'cancelled' }, comments: [], files: [], version: 1 };

/** Whether the state of a cancelled order may be overwritten. `lastKnown`: its last state known here, by its own word or by our write. */
function mayOverwrite(cancellation: ItemCancellation['state'], lastKnown: string): boolean {
  const client = new Partner('customer');
  const link: Link = {
    endpoint: 'customer',
    entityType: 'troubleTicket',
    leg: '',
    id: 'O1',
    origin: 'theirs',
    lastKnown: { state: lastKnown },
    raw: {},
    writtenBy: {},
    seen: [],
    since: '',
  };
  const item = { id: '1', leg: 'mobile', cancellation: { state: cancellation, of: 'order' as const, since: '' } };
  const plan = { node: 'n', onFailure: 'keep' as const, legs: [{ leg: 'mobile' }], items: [item] };
  const conversation = { plan, links: [link] } as unknown as ConversationRecord;
  return unknownCancellation(conversation, link, client.parse(SHOWN), client) === undefined;
}

describe('the cancellation of an order that its customer’s system shows', () => {
  it('is known while it is under way', () => {
    assert.ok(mayOverwrite('requested', 'inProgress'));
  });

  it('is known after it was refused, until something else was written over it', () => {
    assert.ok(mayOverwrite('refused', 'cancelled'));
  });

  it('is a new one after something else was written over the refused one', () => {
    assert.ok(!mayOverwrite('refused', 'inProgress'));
    assert.ok(!mayOverwrite('withoutEffect', 'inProgress'));
  });
});
