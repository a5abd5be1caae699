import assert from 'node:assert/strict';
import { FlowHolders } from '../../src/delivery/flow-place.js';

const node = (name: string) => ({ node: name, name, ours: false });

describe('the nodes that hold a message', () => {
  it('are those that have received it, or a copy, and not finished with it', () => {
    const holders = new FlowHolders();
    const longest = () => holders.longest('e')?.name;
    assert.equal(longest(), undefined);
    holders.received('e', node('a'));
    holders.received('e', node('b'));
    holders.received('e', node('a'));
    holders.received('other', node('c'));
    assert.equal(longest(), 'a');
    holders.finished('e', 'a');
    assert.equal(longest(), 'a', 'one of its two messages is left');
    holders.finished('e', 'a');
    assert.equal(longest(), 'b');
    holders.finished('e', 'b');
    holders.finished('e', 'b');
    assert.equal(longest(), undefined);
    assert.equal(holders.longest('other')?.name, 'c');
  });

  it('are forgotten, the oldest first, where nodes never finish', () => {
    const holders = new FlowHolders();
    for (let i = 0; i < 10_001; i++) holders.received(`e${i}`, node('a'));
    assert.equal(holders.longest('e0'), undefined);
    assert.ok(holders.longest('e1') && holders.longest('e10000'));
  });
});
