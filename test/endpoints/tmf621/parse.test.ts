import assert from 'node:assert/strict';
import { dialectOf } from '../../../src/endpoints/tmf621/dialect.js';
import { parse } from '../../../src/endpoints/tmf621/parse.js';
import type { Json } from '../../../src/model/message.js';

describe('a trouble ticket with the event that reported it', () => {
  const context = { endpoint: 'p', entityType: 'troubleTicket', baseUrl: 'http://p', dialect: dialectOf('v4', 'standard') };
  const told = (notes: Json[] | undefined, inEvent: Json[]) => {
    const event = {
      eventType: 'TroubleTicketAttributeValueChangeEvent',
      event: { troubleTicket: { id: 'T1', note: inEvent } },
    };
    const ticket = { id: 'T1', status: 'inProgress', ...(notes && { note: notes }) };
    return parse({ ticket, event }, context).comments.map(({ text }) => text);
  };

  it('includes a note that the provider has lost since', () => {
    assert.deepEqual(
      told(
        [{ id: '1', text: 'one' }],
        [
          { id: '1', text: 'one' },
          { id: '2', text: 'two' },
        ],
      ),
      ['one', 'two'],
    );
  });

  it('does not repeat a note whose id or text has changed since', () => {
    assert.deepEqual(told([{ id: '7', text: 'one' }], [{ id: '1', text: 'one' }]), ['one']);
    assert.deepEqual(told([{ id: '1', text: 'one, edited' }], [{ id: '1', text: 'one' }]), ['one, edited']);
  });

  it('takes nothing from the event where the ticket does not show its notes', () => {
    assert.deepEqual(told(undefined, [{ id: '1', text: 'one' }]), []);
  });
});
