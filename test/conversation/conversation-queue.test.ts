import assert from 'node:assert/strict';
import { ConversationQueue } from '../../src/conversation/conversation-queue.js';
import { legReference, referenceFor } from '../../src/conversation/reference.js';

describe('the turnstile', () => {
  it('lets one message of a conversation in at a time, the oldest first', async () => {
    const turnstile = new ConversationQueue();
    const order: string[] = [];
    await turnstile.enter('c', 'm1');
    const waiting = ['m3', 'm2', 'm4'].map((m) => turnstile.enter('c', m).then(() => order.push(m)));
    for (const m of ['m1', 'm2', 'm3', 'm4']) {
      turnstile.leave(m);
      await new Promise(setImmediate);
    }
    await Promise.all(waiting);
    assert.deepEqual(order, ['m2', 'm3', 'm4']);
  });

  it('does not let conversations wait for each other', async () => {
    const turnstile = new ConversationQueue();
    await turnstile.enter('a', 'm1');
    await turnstile.enter('b', 'm2');
  });

  it('lets the holder in again and forgets one that never entered', async () => {
    const turnstile = new ConversationQueue();
    await turnstile.enter('a', 'm1');
    await turnstile.enter('a', 'm1');
    turnstile.leave('unknown');
    turnstile.leave('m1');
    await turnstile.enter('a', 'm2');
  });
});

describe('our reference', () => {
  it('is the same whenever it is derived from the same entity, and readable', () => {
    const reference = referenceFor('acme', 'incident', 'a1');
    assert.match(reference, /^SWB-[0-9A-HJKMNP-TV-Z]{12}$/);
    assert.equal(referenceFor('acme', 'incident', 'a1'), reference);
    assert.notEqual(referenceFor('acme', 'incident', 'a2'), reference);
    assert.equal(legReference(reference, ''), reference);
    assert.equal(legReference(reference, 'sim'), `${reference}/sim`);
  });
});
