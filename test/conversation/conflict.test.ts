import assert from 'node:assert/strict';
import { type CompetingWrite, findConflicts, restoreRequest } from '../../src/conversation/conflict.js';
import type { DetectedChanges } from '../../src/conversation/correlate.js';
import type { EntityRequest } from '../../src/conversation/entity-request.js';
import type { InboundMessage } from '../../src/conversation/inbound-message.js';
import { DEFAULT_RULES } from '../../src/conversation/ownership.js';
import type { DeliveryRecord } from '../../src/store/store.js';
import { messageWith } from './incident.js';

describe('what both sides changed at once', () => {
  it('is put back in all that it stands in: earlier writes may have gone over what the last one leaves alone', () => {
    const request: EntityRequest = {
      fields: { impact: '1', urgency: '2', title: 'ours' },
      changed: ['impact', 'urgency', 'title'],
      defaults: [],
      sources: { impact: ['severity'], urgency: ['severity'], title: ['title'] },
      generic: { severity: 'other', title: 'ours' },
    };
    const rival: CompetingWrite = { delivery: { id: 'd1' } as DeliveryRecord, request };
    const incoming: InboundMessage = {
      message: messageWith({ severity: 'critical', title: 'theirs' }),
      record: { impact: '1', urgency: '1', title: 'theirs' },
      sources: { severity: ['impact', 'urgency'], title: ['title'] },
    };
    const news = { message: { ...incoming.message, changed: ['severity'] } } as DetectedChanges;
    const side = { side: 'customer' } as const;
    const conflicts = findConflicts(news, incoming, [rival], DEFAULT_RULES, side, () => ({ side: 'provider' }));
    assert.deepEqual(
      conflicts.map(({ name, partnerWins: stands }) => [name, stands]),
      [['severity', true]],
    );
    assert.deepEqual(restoreRequest(conflicts, incoming).fields, { impact: '1', urgency: '1' });
  });
});
