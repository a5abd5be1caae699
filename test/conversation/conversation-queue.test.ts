import assert from 'node:assert/strict';
import { ConversationQueue } from '../../src/conversation/conversation-queue.js';
import { legReference, referenceFor } from '../../src/conversation/reference.js';

describe('the queue of a conversation', () => {
  it('releases one message of a conversation at a time, oldest first', async () => {
    const queue = new ConversationQueue();
    const order: string[] = [];
    await queue.enter('c', 'm1');
    const waiting = ['m3', 'm2', 'm4'].map((m) => queue.enter('c', m).then(() => order.push(m)));
    for (const m of ['m1', 'm2', 'm3', 'm4']) {
      queue.leave(m);
      await new Promise(setImmediate);
    }
    await Promise.all(waiting);
    assert.deepEqual(order, ['m2', 'm3', 'm4']);
  });

  it('does not make conversations wait for each other', async () => {
    const queue = new ConversationQueue();
    await queue.enter('a', 'm1');
    await queue.enter('b', 'm2');
  });

  it('forgets a message that leaves while it waits, and ends its wait', async () => {
    const queue = new ConversationQueue();
    await queue.enter('a', 'm1');
    const ended = queue.enter('a', 'm2');
    queue.leave('m2');
    await ended;
    const again = queue.enter('a', 'm2');
    const later = queue.enter('a', 'm3');
    queue.leave('m1');
    await again;
    queue.leave('m2');
    await later;
  });

  it('says which message another one waits for', async () => {
    const queue = new ConversationQueue();
    await queue.enter('c1', 'm1');
    const waiting = queue.enter('c1', 'm2');
    assert.deepEqual([queue.before('m1'), queue.before('m2'), queue.before('m3')], [undefined, 'm1', undefined]);
    queue.leave('m1');
    await waiting;
    assert.equal(queue.before('m2'), undefined);
  });

  it('lets the current message enter again, and ignores one that never entered', async () => {
    const queue = new ConversationQueue();
    await queue.enter('a', 'm1');
    await queue.enter('a', 'm1');
    queue.leave('unknown');
    queue.leave('m1');
    await queue.enter('a', 'm2');
  });
});

describe('our reference', () => {
  it('is always the same for the same entity, and readable', () => {
    const reference = referenceFor('acme', 'incident', 'a1');
    assert.match(reference, /^SWB-[0-9A-HJKMNP-TV-Z]{12}$/);
    assert.equal(referenceFor('acme', 'incident', 'a1'), reference);
    assert.notEqual(referenceFor('acme', 'incident', 'a2'), reference);
    assert.equal(legReference(reference, ''), reference);
    assert.equal(legReference(reference, 'sim'), `${reference}/sim`);
  });
});
