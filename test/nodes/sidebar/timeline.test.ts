import assert from 'node:assert/strict';
import { timeline } from '../../../nodes/sidebar/timeline.js';
import type { DeliveryRecord, MessageRecord } from '../../../src/store/store.js';
import { conversation } from '../../conversation/orders.js';

const at = (ms: number) => new Date(Date.UTC(2026, 0, 1) + ms).toISOString();

describe('the timeline of a conversation', () => {
  it('shows the echo of a write after the write, even if it arrived before the answer', () => {
    const [link] = conversation(undefined, { mobile: 'PO-1' }).links;
    const { endpoint, entityType, leg, id } = link!;
    const delivery: DeliveryRecord = {
      id: 'd1',
      version: 1,
      message: 'm0',
      conversation: 'SWB-1',
      node: 'out',
      endpoint,
      entityType,
      leg,
      part: 'entity',
      lane: 'l',
      state: 'delivered',
      tries: 1,
      attempts: [{ at: at(50), took: 150, what: 'updated state' }],
      answers: false,
      createdAt: at(0),
      updatedAt: at(200),
      entityId: id,
    };
    const echo: MessageRecord = {
      id: 'm1',
      version: 1,
      node: 'in',
      origin: 'webhook',
      endpoint,
      entityType,
      entityId: id,
      key: 'k',
      receivedAt: at(100),
      state: 'settled',
      outcome: 'ignored',
      emissions: 1,
    };
    const request = { changed: ['state'], sources: { state: ['state'] }, generic: { state: 'inProgress' } };
    const { entries } = timeline(
      conversation(undefined, { mobile: 'PO-1' }),
      [{ record: echo, content: { state: 'inProgress', comments: [], attachments: [] } }],
      [{ record: delivery, request }],
      (name) => name,
    );
    assert.deepEqual(
      entries.map((entry) => [entry.direction, entry.at, entry.entityState]),
      [
        ['outgoing', at(50), 'inProgress'],
        ['incoming', at(100), undefined],
      ],
    );
  });

  it('shows a deleted entity as deleted, without a state', () => {
    const record = conversation(undefined, { mobile: 'PO-1' });
    const links = record.links.map((link) => ({ ...link, gone: true as const, lastKnown: { state: 'inProgress' } }));
    const { lanes } = timeline({ ...record, links }, [], [], (name) => name);
    assert.deepEqual(
      lanes.filter(({ link }) => link).map(({ deleted, state }) => [deleted, state]),
      links.map(() => [true, undefined]),
    );
  });
});
