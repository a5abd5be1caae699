import { suspensionKey } from '../../../src/delivery/suspension.js';
import type { Change } from '../../../src/store/store.js';
import { conversation, delivery, message } from './seed.js';

const AT = new Date().toISOString();
/** Epoch milliseconds until which d9 is looked up at the partner. */
/** For a doubt that was recorded just now. */
export const LOOK_LEFT = 3_600_000;

/** One record of each kind that needs a decision, and a delivery in doubt; nothing is sent. */
export const DECISIONS: Change[] = [
  { kind: 'setting', key: suspensionKey('tmf1'), value: { at: AT, by: '' } },
  ...[7, 8, 9].map((n): Change => ({ kind: 'conversation', record: conversation(n, { title: `Decision ${n}` }) })),
  { kind: 'message', record: message(7, { conversation: 'c7' }) },
  {
    kind: 'delivery',
    record: delivery(7, {
      state: 'needsDecision',
      decision: 'unresolved',
      blocking: true,
      entityId: undefined,
      number: undefined,
      error: { code: 'SWB_DECISION', message: 'North Telecom did not say whether it opened a ticket. Is there one?', at: AT },
    }),
    bodies: { request: { fields: { name: 'No dial tone' }, changed: ['name'] } },
  },
  {
    kind: 'message',
    record: message(8, {
      conversation: 'c8',
      origin: 'plan',
      state: 'needsDecision',
      outcome: undefined,
      decision: 'legFailed',
      error: {
        code: 'SWB_DECISION',
        message: 'mobile failed. Still open: devices. Cancel them, or let them continue?',
        at: AT,
      },
    }),
    bodies: { received: { failed: 'mobile', reason: 'mobile failed', cancel: ['devices'] } },
  },
  { kind: 'message', record: message(9, { conversation: 'c9' }) },
  { kind: 'delivery', record: delivery(9, { state: 'inDoubt', lookLeft: LOOK_LEFT, updatedAt: new Date().toISOString() }) },
];
