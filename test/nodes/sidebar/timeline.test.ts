import assert from 'node:assert/strict';
import { timeline } from '../../../nodes/sidebar/timeline.js';
import type { DeliveryRecord, MessageRecord } from '../../../src/store/store.js';
import { conversation } from '../../conversation/orders.js';
import { delivery } from '../../store/records.js';

const at = (ms: number) => new Date(Date.UTC(2026, 0, 1) + ms).toISOString();

describe('the timeline of a conversation', () => {
  it('shows the echo of a write after the write, even if it arrived before the answer', () => {
    const [link] = conversation(undefined, { mobile: 'PO-1' }).links;
    const { endpoint, entityType, leg, id } = link!;
    const written: DeliveryRecord = {
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
      [{ record: written, request }],
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

  it('shows a merged update, with the entry that writes it', () => {
    const [link] = conversation(undefined, { mobile: 'PO-1' }).links;
    const { endpoint, entityType, leg, id: entityId } = link!;
    const update = (id: string, changes: Partial<DeliveryRecord>): { record: DeliveryRecord } => ({
      record: {
        ...delivery(id),
        endpoint,
        entityType,
        leg,
        entityId,
        part: 'entity',
        createdAt: at(Number(id.slice(1))),
        ...changes,
      },
    });
    const outbound = [
      update('d1', { state: 'pending', newestMerged: 'd3' }),
      update('d2', { state: 'merged', mergedInto: 'd1' }),
      // Its target is older than all that is shown.
      update('d3', { state: 'merged', mergedInto: 'd0' }),
    ];
    const { entries } = timeline(conversation(undefined, { mobile: 'PO-1' }), [], outbound, (name) => name);
    assert.deepEqual(
      entries.map(({ id, state, mergedInto }) => [id, state, mergedInto]),
      [
        ['d1', 'waiting', undefined],
        ['d2', 'merged', 'd1'],
        ['d3', 'merged', undefined],
      ],
    );
  });
});
