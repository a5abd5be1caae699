import assert from 'node:assert/strict';
import { isTicketDeletion, readEvent } from '../../../src/endpoints/tmf621/events.js';
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

  const TICKET = { id: 'TT-7', status: 'inProgress' };
  const CHANGE = 'TroubleTicketStatusChangeEvent';
  for (const [what, event] of [
    ['in a CloudEvent', { specversion: '1.0', id: 'e1', type: 'vendor.ticket.changed', data: { troubleTicket: TICKET } }],
    ['as the subject of a CloudEvent', { specversion: '1.0', id: 'e1', type: 'vendor.changed', subject: 'TT-7', data: { a: 1 } }],
    [
      'beside a ticket without an id, in a CloudEvent',
      { specversion: '1.0', id: 'e1', type: 'x', subject: 'TT-7', data: { troubleTicket: { status: 'held' } } },
    ],
    [
      'in the source of a CloudEvent',
      { specversion: '1.0', id: 'e1', type: 'x', source: '/tmf-api/troubleTicket/v4/troubleTicket/TT-7' },
    ],
    ['in a payload', { eventType: 'TicketUpdated', payload: { event: { troubleTicket: TICKET } } }],
    ['in a resource path', { eventType: 'ticket.updated', resourcePath: '/tmf-api/troubleTicket/v4/troubleTicket/TT-7' }],
    [
      'in the path of a part',
      { eventType: 'TicketNoteAdded', event: { href: 'https://x/v4/troubleTicket/TT-7/note/3', note: { id: '3' } } },
    ],
    ['by a part', { eventType: 'TroubleTicketNoteCreateEvent', event: { note: { id: '3', troubleTicket: { id: 'TT-7' } } } }],
    ['beside a ticket without one', { eventType: CHANGE, event: { id: 'TT-7', troubleTicket: { status: 'held' } } }],
    ['under a name of its own', { eventType: 'x', id: 'e1', data: { ticketId: 'TT-7' } }],
    ['instead of the ticket', { eventType: CHANGE, event: { troubleTicket: 'TT-7' } }],
    [
      'by a path instead of the ticket',
      { eventType: CHANGE, event: { troubleTicket: '/tmf-api/troubleTicket/v4/troubleTicket/TT-7' } },
    ],
    [
      'by a URL instead of its id',
      { eventType: CHANGE, event: { troubleTicketId: 'https://x/v4/TroubleTicket/TT-7?fields=id' } },
    ],
    ['by a path as its id', { eventType: CHANGE, event: { troubleTicket: { id: '/troubleTicket/v4/troubleTicket/TT-7' } } }],
    ['by a relative path', { eventType: CHANGE, event: { troubleTicket: { href: 'troubleTicket/TT-7' } } }],
    ['by a path instead of an event', { eventType: 'x', event: '/tmf-api/troubleTicket/v4/troubleTicket/TT-7' }],
    ['in the subject of a CloudEvent with text', { specversion: '1.0', type: 'x', subject: 'TT-7', data: 'changed' }],
    [
      'by a reference of TMF630',
      { eventType: 'x', event: { id: 'e1', entity: { id: 'TT-7', '@referredType': 'TroubleTicket' } } },
    ],
    ['by a reference beside a type', { eventType: CHANGE, id: 'e1', about: { id: 'TT-7', '@type': 'TroubleTicketRef' } }],
    [
      'by a reference in a list (v5, RelatedEntity)',
      { eventType: 'x', event: { relatedEntity: [{ role: 'cause', entity: { id: 'TT-7', '@referredType': 'TroubleTicket' } }] } },
    ],
    ['by an event that is a reference', { eventType: 'x', event: { id: 'TT-7', '@referredType': 'TroubleTicket' } }],
    ['in an envelope of another name', { type: 'x', Envelope: { parts: [{ troubleTicket: TICKET }] } }],
    ['by its id in an envelope of another name', { eventType: CHANGE, id: 'e1', Envelope: { ticketId: 'TT-7' } }],
    ['by a path under another name', { eventType: 'x', about: { self: 'https://x/v4/troubleTicket/TT-7' } }],
    ['in a list of one', { eventType: CHANGE, event: { troubleTicket: [TICKET] } }],
    ['in a ticket without an envelope', { type: 'updated', ...TICKET, severity: 'Minor' }],
    ['with capitalised names', { EventId: 'e1', EventType: CHANGE, Event: { TroubleTicket: { Id: 'TT-7', Status: 'held' } } }],
    ['with capitalised names, and a type of its own', { EventType: 'x', ID: 'e1', Payload: { TroubleTicketId: 'TT-7' } }],
    ['as a part of a form', { sender: 'x', json: { troubleTicket: TICKET } }],
    ['with a type in an envelope', { type: `org.tmforum.${CHANGE}.v1`, data: { resource: TICKET } }],
  ] as const)
    it(`names its ticket ${what}, and still does as it is kept`, () => {
      const read = readEvent(event);
      assert.equal(read.ticketId, 'TT-7');
      assert.ok(!read.deleted);
      const kept = readEvent(read.hint.payload);
      assert.deepEqual([kept.ticketId, kept.eventType, kept.ticket], [read.ticketId, read.eventType, read.ticket]);
    });

  it('is read by the path where it has nothing but an id', () => {
    for (const path of ['listener/troubleTicketStatusChangeEvent', 'listener/troubleTicket', 'troubleTicketEvent'])
      for (const event of [{ id: 'TT-7' }, { Id: 'TT-7', '@type': 'TroubleTicket' }]) {
        const read = readEvent(event, path);
        assert.equal(read.ticketId, 'TT-7');
        assert.equal(readEvent(read.hint.payload).ticketId, 'TT-7', 'and again from what was kept of it');
      }
    assert.equal(readEvent({ id: 'TT-7', '@type': 'TroubleTicket' }).ticketId, 'TT-7');
  });

  it('with a bare id never counts as a deletion before the ticket was read: the id may be that of the event', () => {
    for (const event of [{ id: 'TT-7' }, { id: 'TT-7', eventType: 'TroubleTicketDeleteEvent' }]) {
      const read = readEvent(event, 'listener/troubleTicketDeleteEvent');
      assert.deepEqual([read.ticketId, read.deleted], ['TT-7', false]);
      assert.ok(!isTicketDeletion(read.hint.payload));
    }
    assert.ok(isTicketDeletion({ eventType: 'TroubleTicketDeleteEvent' }), 'what stands for a ticket whose read found nothing');
    assert.ok(isTicketDeletion({ EventType: 'TroubleTicketDeleteEvent', Event: { TroubleTicket: { Id: 'TT-7' } } }));
  });

  it('has the id of its envelope for itself', () => {
    const path = 'listener/troubleTicketStatusChangeEvent';
    for (const event of [
      { id: 'e1', event: {} },
      { id: 'e1', specversion: '1.0', type: CHANGE, source: 'https://provider.example' },
      { id: 'e1', eventType: CHANGE, event: { a: 1 } },
      { id: 'e1', '@type': 'TroubleTicketEvent', data: { a: 1 } },
    ])
      assert.throws(() => readEvent(event, path), { code: 'SWB_PAYLOAD', message: /does not say which ticket/ });
    assert.throws(() => readEvent({ id: 'e1', '@type': 'Event' }), { code: 'SWB_PAYLOAD' });
  });

  it('with an id that has a slash keeps it', () => {
    assert.equal(readEvent({ eventType: CHANGE, event: { troubleTicket: 'INC/2026/7' } }).ticketId, 'INC/2026/7');
    assert.equal(readEvent({ eventType: CHANGE, event: { troubleTicket: { id: 'INC/2026/7' } } }).ticketId, 'INC/2026/7');
  });

  it('is about its ticket, whatever other tickets that refers to', () => {
    const others = [{ id: 'TT-9', '@referredType': 'TroubleTicket', href: '/v4/troubleTicket/TT-9' }];
    for (const ticket of [TICKET, { id: 'TT-7', '@type': 'TroubleTicket' }])
      assert.equal(readEvent({ ...ticket, troubleTicketRelationship: others }).ticketId, 'TT-7');
  });

  it('never counts as a deletion where the ticket was only found somewhere in it', () => {
    const event = { eventType: 'TroubleTicketDeleteEvent', a: { b: { ticketId: 'TT-7' } } };
    assert.deepEqual([readEvent(event).ticketId, readEvent(event).deleted, isTicketDeletion(event)], ['TT-7', false, false]);
  });

  it('of a type of its own never counts as a deletion: a part may have been deleted', () => {
    for (const eventType of ['TroubleTicketNoteDeleteEvent', 'attachment.deleted', 'vendor.ticket.deleted'])
      assert.ok(!readEvent({ eventType, event: { troubleTicket: TICKET } }).deleted, eventType);
    assert.ok(readEvent({ type: 'org.x.TroubleTicketDeleteEvent', data: { troubleTicket: TICKET } }).deleted);
  });

  for (const [what, event] of [
    [
      'of another resource',
      { eventType: 'TroubleTicketSpecificationCreateEvent', event: { troubleTicketSpecification: { id: '7' } } },
    ],
    ['with its own id only', { specversion: '1.0', id: 'e1', type: 'vendor.ping', source: '/tmf-api/troubleTicket/v4' }],
    [
      'with a path to something else',
      { type: 'x', '@schemaLocation': 'https://x/troubleTicket/Event.schema.json', href: '/a/7' },
    ],
    ['with a path to all tickets', { eventType: CHANGE, event: { troubleTicket: '/tmf-api/troubleTicket/v4/troubleTicket' } }],
    ['with another thing in an envelope of another name', { type: 'x', Envelope: { id: '7', status: 'held' } }],
    ['with several mentioned', { type: 'x', Batch: [{ ticketId: '1' }, { ticketId: '2' }] }],
    ['with an id of something', { id: '7', text: 'hello' }],
  ] as const)
    it(`${what} names no ticket`, () => assert.throws(() => readEvent(event), { code: 'SWB_PAYLOAD' }));

  for (const [what, event, says] of [
    ['not an object', 'x', /not an object/],
    ['without a type', { text: 'hello' }, /has no type, and does not name a trouble ticket/],
    ['another kind', { eventType: 'ProductOrderCreateEvent', event: {} }, /ProductOrderCreateEvent/],
    ['no ticket', { eventType: 'TroubleTicketCreateEvent', event: {} }, /does not say which ticket/],
  ] as [string, unknown, RegExp][]) {
    it(`that is ${what} is refused with an explanation`, () => {
      assert.throws(() => readEvent(event), { code: 'SWB_PAYLOAD', message: says });
    });
  }
});
