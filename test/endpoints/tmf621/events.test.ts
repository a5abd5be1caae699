import assert from 'node:assert/strict';
import { readEvent } from '../../../src/endpoints/tmf621/events.js';
import { spec } from '../../specs.js';

const KINDS = ['Create', 'AttributeValueChange', 'StatusChange', 'Delete', 'Resolved', 'InformationRequired'];

describe('a hub event', () => {
  for (const kind of KINDS) {
    it(`of kind ${kind} is read in the forms of v4 and v5`, () => {
      const ticket = { id: 'TT-1', description: 'x', severity: 'Minor', ticketType: 'incident' };
      const eventType = `TroubleTicket${kind}Event`;
      const v4 = { eventId: 'e1', eventTime: '2026-03-01T08:00:00.000Z', eventType, event: { troubleTicket: ticket } };
      const v5 = {
        '@type': eventType,
        ...v4,
        event: { '@type': `TroubleTicket${kind}EventPayload`, troubleTicket: { '@type': 'TroubleTicket', ...ticket } },
      };
      for (const event of [v4, v5]) {
        const read = readEvent(event);
        assert.deepEqual(
          [read.eventType, read.ticketId, read.eventId, read.deleted],
          [eventType, 'TT-1', 'e1', kind === 'Delete'],
        );
        assert.equal(read.hint.key, readEvent(structuredClone(event)).hint.key, 'a repeat is the same');
        const other = { ...event, eventTime: '2026-03-02T08:00:00.000Z' };
        assert.notEqual(read.hint.key, readEvent(other).hint.key, 'an id used again for something else is another');
      }
      const official = spec('TMF621 v4');
      if (official) assert.deepEqual(official.problems(eventType, v4), [], 'what the test sends is what the standard means');
    });
  }

  it('is read by the end of the path where it has no type', () => {
    const read = readEvent({ event: { troubleTicket: { id: '7' } } }, 'listener/troubleTicketStatusChangeEvent');
    assert.equal(read.eventType, 'TroubleTicketStatusChangeEvent');
    assert.equal(readEvent(read.hint.payload).eventType, read.eventType, 'and again from what was kept of it');
  });

  it('is read where it is only a reference', () => {
    assert.equal(
      readEvent({
        eventType: 'TroubleTicketCreateEvent',
        event: { troubleTicket: { href: 'http://x/troubleTicket/TT-8?fields=id' } },
      }).ticketId,
      'TT-8',
    );
  });

  it('has the same key whenever it is repeated, and another key for other content', () => {
    const event = { eventType: 'TroubleTicketStatusChangeEvent', event: { troubleTicket: { id: '1', status: 'a' } } };
    assert.equal(readEvent(event).hint.key, readEvent(structuredClone(event)).hint.key);
    assert.notEqual(
      readEvent(event).hint.key,
      readEvent({ ...event, event: { troubleTicket: { id: '1', status: 'b' } } }).hint.key,
    );
  });

  for (const [what, event, says] of [
    ['not an object', 'x', /not an object/],
    ['another kind', { eventType: 'ProductOrderCreateEvent', event: {} }, /ProductOrderCreateEvent/],
    ['no ticket', { eventType: 'TroubleTicketCreateEvent', event: {} }, /does not say which ticket/],
  ] as [string, unknown, RegExp][]) {
    it(`that is ${what} is refused with an explanation`, () => {
      assert.throws(() => readEvent(event), { code: 'SWB_PAYLOAD', message: says });
    });
  }
});
