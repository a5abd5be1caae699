import assert from 'node:assert/strict';
import { type CompetingWrite, findConflicts, restoreRequest } from '../../src/conversation/conflict.js';
import type { DetectedChanges } from '../../src/conversation/correlate.js';
import type { EntityRequest } from '../../src/conversation/entity-request.js';
import type { InboundMessage } from '../../src/conversation/inbound-message.js';
import { DEFAULT_RULES } from '../../src/conversation/ownership.js';
import type { DeliveryRecord } from '../../src/store/store.js';
import { messageWith } from './incident.js';

describe('a conflict between both sides', () => {
  it('restores every field of the value, because earlier writes may have overwritten fields that the last one leaves unchanged', () => {
    const request: EntityRequest = {
      fields: { impact: '1', urgency: '2', title: 'ours' },
      changed: ['impact', 'urgency', 'title'],
      defaults: [],
      sources: { impact: ['severity'], urgency: ['severity'], title: ['title'] },
      generic: { severity: 'other', title: 'ours' },
    };
    const competing: CompetingWrite = { delivery: { id: 'd1' } as DeliveryRecord, request };
    const incoming: InboundMessage = {
      message: messageWith({ severity: 'critical', title: 'theirs' }),
      record: { impact: '1', urgency: '1', title: 'theirs' },
      sources: { severity: ['impact', 'urgency'], title: ['title'] },
    };
    const changes = { message: { ...incoming.message, changed: ['severity'] } } as DetectedChanges;
    const side = { side: 'customer' } as const;
    const conflicts = findConflicts(changes, incoming, [competing], DEFAULT_RULES, side, () => ({ side: 'provider' }));
    assert.deepEqual(
      conflicts.map(({ name, partnerWins }) => [name, partnerWins]),
      [['severity', true]],
    );
    assert.deepEqual(restoreRequest(conflicts, incoming).fields, { impact: '1', urgency: '1' });
  });
});
