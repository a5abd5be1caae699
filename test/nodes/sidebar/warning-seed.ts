import type { Change } from '../../../src/store/store.js';
import { conversation, delivery, message } from './seed.js';

const AT = new Date().toISOString();

/**
 * Records with a warning: a delivery that the partner stored only in part (7), a message with a value left out (8), and one
 * marked as seen (9).
 */
export const WARNINGS: Change[] = [
  ...[7, 8, 9].map((n): Change => ({ kind: 'conversation', record: conversation(n, { title: `Warning ${n}` }) })),
  { kind: 'message', record: message(7, { conversation: 'c7' }) },
  {
    kind: 'delivery',
    record: delivery(7, {
      error: {
        code: 'SWB_PARTNER_DROPPED',
        message: 'North Telecom did not keep: severity (sent "Critical", has "Minor")',
        at: AT,
      },
    }),
    bodies: { request: { fields: { name: 'No dial tone', severity: 'Critical' }, changed: ['name', 'severity'] } },
  },
  {
    kind: 'message',
    record: message(8, {
      conversation: 'c8',
      warning: { code: 'SWB_UNMAPPED', message: 'severity «Apocalyptic» has no row in its value map.', at: AT },
    }),
  },
  { kind: 'message', record: message(9, { conversation: 'c9' }) },
  {
    kind: 'delivery',
    record: delivery(9, {
      error: {
        code: 'SWB_PARTNER_DROPPED',
        message: 'North Telecom did not keep: name',
        at: AT,
        seen: { at: AT, by: 'operator' },
      },
    }),
  },
];
