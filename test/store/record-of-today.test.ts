import assert from 'node:assert/strict';
import { recordOfToday } from '../../src/store/record-of-today.js';
import type { ConversationRecord } from '../../src/store/store.js';
import { conversation, delivery, link, message } from './records.js';

describe('a record of format 1', () => {
  it('keeps what has the same name today', () => {
    assert.deepEqual(recordOfToday('message', message('m1')), message('m1'));
    assert.deepEqual(recordOfToday('delivery', delivery('d1')), delivery('d1'));
  });

  it('waits for a link by the name of today', () => {
    const old = { ...delivery('d1'), needsLink: true };
    assert.deepEqual(recordOfToday('delivery', old), { ...delivery('d1'), waitsFor: 'link' });
  });

  it('has its links and legs by the names of today', () => {
    const today = conversation('c1', { links: [link('i1')] });
    const { lastKnown, ...rest } = today.links[0]!;
    const writtenItems = (state: string) => ({ progress: { 1: { entry: 'a', [state]: '1|new' }, 2: { entry: 'b' } } });
    const old = {
      ...today,
      links: [{ ...rest, shadow: lastKnown, untold: { state: '5' }, made: 'told', writtenItems: writtenItems('standing') }],
      plan: {
        ifLegFails: 'keep',
        asked: 'mobile',
        legs: [
          { leg: 'mobile', state: 'inProgress', items: ['1', '2'], told: { 1: 'x' }, progress: [{ id: '1', state: 'held' }] },
          { leg: 'devices', cancelled: true, items: ['3'], told: { 3: 'y' }, progress: [] },
        ],
      },
    };
    assert.deepEqual(recordOfToday('conversation', old as unknown as ConversationRecord), {
      ...today,
      links: [{ ...rest, lastKnown, unsent: { state: '5' }, made: 'sent', writtenItems: writtenItems('state') }],
      plan: {
        ifLegFails: 'keep',
        asked: ['mobile'],
        legs: [
          { leg: 'mobile', state: 'inProgress' },
          { leg: 'devices', cancelled: true },
        ],
        items: [
          { id: '1', leg: 'mobile', sent: 'x', ordered: true, reported: { id: '1', state: 'held' } },
          { id: '2', leg: 'mobile', ordered: true },
          { id: '3', leg: 'devices', sent: 'y', cancellation: { state: 'requested', of: 'order', since: '' } },
        ],
      },
    });
  });
});
