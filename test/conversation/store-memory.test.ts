import assert from 'node:assert/strict';
import { isFromOlderCopy, mayBeForgotten, notBegunAt } from '../../src/conversation/store-memory.js';
import { createIdSource } from '../../src/store/id.js';
import { conversation, delivery } from '../store/records.js';

const memory = { since: '2026-03-10T12:00:00.000Z', olderCopy: false };

describe('what a store may have forgotten', () => {
  it('is everything that began before it, or at a time that is not known', () => {
    assert.equal(mayBeForgotten(conversation('c1', { began: '2026-03-10T11:59:59.000Z' }), memory), true);
    assert.equal(mayBeForgotten(conversation('c1'), memory), true);
    assert.equal(mayBeForgotten(conversation('c1', { began: '2026-03-10T12:00:00.000Z' }), memory), false);
  });

  it('is a comment from before it, in a conversation from before it', () => {
    const old = conversation('c1', { began: '2026-03-01T00:00:00.000Z' });
    assert.equal(mayBeForgotten(old, memory, '2026-03-09T00:00:00.000Z'), true);
    assert.equal(mayBeForgotten(old, memory, '2026-03-11T11:00:00.000Z'), true, 'the partner’s clock may be a day ahead');
    assert.equal(mayBeForgotten(old, memory, '2026-03-11T12:00:00.000Z'), false);
    assert.equal(mayBeForgotten(old, memory, 'yesterday'), true);
    assert.equal(mayBeForgotten(conversation('c1', { began: memory.since }), memory, '2026-03-01T00:00:00.000Z'), false);
  });

  it('is judged by our clock, as far as that of the partner is known', () => {
    assert.equal(notBegunAt('2026-03-10T12:00:00.000Z', 60_000), '2026-03-10T11:58:58.000Z');
    assert.equal(notBegunAt('2026-03-10T12:00:00.000Z', undefined), '2026-03-09T12:00:00.000Z');
    assert.equal(notBegunAt(undefined, 0), undefined);
  });

  it('is what was done after an older copy was made: its deliveries may have been sent', () => {
    const waiting = delivery('d1', { createdAt: '2026-03-10T11:00:00.000Z' });
    assert.equal(isFromOlderCopy(waiting, memory), false, 'the store of a running process');
    assert.equal(isFromOlderCopy(waiting, { ...memory, olderCopy: true }), true);
    assert.equal(isFromOlderCopy({ ...waiting, createdAt: memory.since }, { ...memory, olderCopy: true }), false);
  });

  it('is also what came of a message that was received before an older copy was made', () => {
    const copy = { ...memory, olderCopy: true };
    const ids = createIdSource(() => Date.parse(memory.since) - 1);
    const late = delivery('d1', { createdAt: '2026-03-10T13:00:00.000Z', message: ids() });
    assert.equal(isFromOlderCopy(late, copy), true);
    assert.equal(isFromOlderCopy({ ...late, message: createIdSource(() => Date.parse(memory.since))() }, copy), false);
  });
});
