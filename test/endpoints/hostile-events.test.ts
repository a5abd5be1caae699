import assert from 'node:assert/strict';
import { hintsOf, type PostedEvent, postedEvents } from '../../src/endpoints/posted-events.js';
import { readWebhook } from '../../src/endpoints/servicenow/webhook.js';
import { readEvent as readTicketEvent } from '../../src/endpoints/tmf621/events.js';
import { readEvent as readOrderEvent } from '../../src/endpoints/tmf622/events.js';
import { SwitchboardError } from '../../src/errors.js';
import type { Json } from '../../src/model/message.js';
import { randomFrom } from '../store/random.js';

const NAMES = [
  'event',
  'data',
  'payload',
  'message',
  'records',
  'id',
  'href',
  'type',
  'eventType',
  '@type',
  'specversion',
  'subject',
  'source',
  'resourcePath',
  'troubleTicket',
  'productOrder',
  'cancelProductOrder',
  'productOrderItem',
  'note',
  'attachment',
  'status',
  'state',
  'lastUpdate',
  'eventTime',
  'informationRequired',
  'table',
  'sys_id',
  'sys_class_name',
  'number',
  'value',
  '__proto__',
  'constructor',
];
const SCALARS: Json[] = [
  null,
  true,
  0,
  '',
  'TT-1',
  '%',
  'http://x/troubleTicket/%E0%A4%A',
  '/troubleTicket/',
  'TroubleTicketCreateEvent',
  'incident',
  'a'.repeat(32),
  '{"a":',
  '{"id":"7"}',
  '2026-01-01T00:00:00Z',
  '2026-99-99',
  'ProductOrderStateChangeEvent',
];

describe('whatever a partner posts', () => {
  it('is read, or called unreadable in words', () => {
    const seed = Number(process.env.SEED ?? Date.now());
    const random = randomFrom(seed);
    const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)] as T;
    const value = (depth: number): Json => {
      const kind = depth > 4 ? 0 : Math.floor(random() * 4);
      if (kind < 2) return pick(SCALARS);
      const size = Math.floor(random() * 4);
      if (kind === 2) return Array.from({ length: size }, () => value(depth + 1));
      return Object.fromEntries(Array.from({ length: size }, () => [pick(NAMES), value(depth + 1)]));
    };
    const readers: ((event: PostedEvent) => unknown)[] = [
      (event) => readTicketEvent(event),
      (event) => readTicketEvent(readTicketEvent(event).hint.payload),
      (event) => readOrderEvent(readOrderEvent(event).payload),
      (event) => readWebhook(event, [{ name: 'incident', table: 'incident' }], 'incident'),
    ];
    for (let n = 0; n < 5_000; n++) {
      const body = value(0);
      try {
        for (const event of postedEvents(body, n % 5 ? {} : { 'ce-id': '%', 'ce-subject': 'TT%207' }))
          for (const read of readers)
            try {
              read(event);
            } catch (error) {
              if (!(error instanceof SwitchboardError && error.code === 'SWB_PAYLOAD')) throw error;
            }
      } catch (error) {
        assert.ok(
          error instanceof SwitchboardError && error.code === 'SWB_PAYLOAD',
          `SEED=${seed} ${JSON.stringify(body)}: ${error}`,
        );
      }
    }
  });

  it('is kept where its reader fails', () => {
    const [hint] = hintsOf([{ a: 1 }], 't', () => {
      throw new TypeError('a fault of the reader');
    });
    assert.equal(hint?.id, '');
  });
});
