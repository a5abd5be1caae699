import assert from 'node:assert/strict';
import type { Attributes } from '../../../src/endpoints/tmf/attributes.js';
import { withoutContent } from '../../../src/endpoints/tmf621/attachment.js';
import { readEvent } from '../../../src/endpoints/tmf621/events.js';

const content = Buffer.from('hello').toString('base64');
const ticket: Attributes = {
  id: 'TT-1',
  attachment: [
    { id: '1', name: 'a.txt', content },
    { id: '2', name: 'b.txt', url: 'http://x/b' },
  ],
};

describe('attachments given by value', () => {
  it('are replaced by their size', () => {
    assert.deepEqual(withoutContent(ticket), {
      id: 'TT-1',
      attachment: [
        { id: '1', name: 'a.txt', size: { amount: 5, units: 'bytes' } },
        { id: '2', name: 'b.txt', url: 'http://x/b' },
      ],
    });
  });

  it('keep the size that the provider gives', () => {
    const size = { amount: 6, units: 'bytes' };
    const [attachment] = withoutContent({ attachment: [{ name: 'a', content, size }] }).attachment as object[];
    assert.deepEqual(attachment, { name: 'a', size });
  });

  for (const [kind, event] of [
    ['a whole event', { troubleTicket: ticket }],
    ['an event with another spelling', { resource: ticket }],
    ['a bare ticket as event', ticket],
  ] as const) {
    it(`are not stored with ${kind}`, () => {
      const { hint } = readEvent({ eventId: 'e', eventType: 'TroubleTicketStatusChangeEvent', event });
      assert.equal(hint.id, 'TT-1');
      assert.ok(!JSON.stringify(hint.payload).includes(content));
    });
  }
});
