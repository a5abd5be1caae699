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
    const leg = { leg: 'mobile', items: ['1'], progress: [] };
    const old = {
      ...today,
      links: [{ ...rest, shadow: lastKnown, untold: { state: '5' }, made: 'told', writtenItems: writtenItems('standing') }],
      plan: { ifLegFails: 'keep', legs: [{ ...leg, told: { 1: 'x' } }] },
    };
    assert.deepEqual(recordOfToday('conversation', old as unknown as ConversationRecord), {
      ...today,
      links: [{ ...rest, lastKnown, unsent: { state: '5' }, made: 'sent', writtenItems: writtenItems('state') }],
      plan: { ifLegFails: 'keep', legs: [{ ...leg, lastSent: { 1: 'x' } }] },
    });
  });
});
