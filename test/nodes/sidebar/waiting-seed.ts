import type { Change, DeliveryRecord } from '../../../src/store/store.js';
import { conversation, delivery, message } from './seed.js';

/** Deliveries that wait for every kind of thing that a store can hold; nobody answers at the endpoint of the flow. */
export const WAITING: Change[] = [];

const REQUEST = { changed: ['name'], defaults: [], sources: {}, generic: {} };

const add = (n: number, title: string, deliveries: Partial<DeliveryRecord>[]) => {
  WAITING.push({ kind: 'conversation', record: conversation(n, { title }) });
  WAITING.push({ kind: 'message', record: message(n, { conversation: `c${n}` }) });
  for (const [index, one] of deliveries.entries())
    WAITING.push({
      kind: 'delivery',
      bodies: {
        request: index > 0 ? { comment: { id: String(index), text: 'Any news?' } } : { ...REQUEST, fields: { name: title } },
      },
      record: delivery(n, {
        id: `d${n}${index}`,
        state: 'pending',
        tries: 0,
        attempts: [],
        entityId: undefined,
        number: undefined,
        ...(index > 0 && { part: `comment:${index}` }),
        ...one,
      }),
    });
};

const at = new Date(Date.now() - 20 * 60_000).toISOString();
add(7, 'A create that was refused', [
  {
    state: 'failed',
    blocking: true,
    creates: true,
    tries: 1,
    error: { code: 'SWB_PARTNER_REFUSED', message: 'North Telecom refused it (400).', at },
  },
  {},
  { message: 'm13' },
]);
WAITING.push({ kind: 'message', record: message(13, { conversation: 'c7' }) });
add(8, 'An order that goes in steps', [{ waitsFor: [{ leg: 'devices', states: ['completed'] }] }]);
add(9, 'Nobody answers', [{ creates: true }, {}]);
add(10, 'Nobody answers here either', [{ creates: true }]);
add(11, 'Its endpoint was removed', [{ endpoint: 'gone', creates: true }]);
WAITING.push({
  kind: 'message',
  record: message(12, { state: 'received', outcome: undefined, settledAt: undefined, node: 'removed', emissions: 0 }),
});
