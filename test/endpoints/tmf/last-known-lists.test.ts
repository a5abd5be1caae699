import assert from 'node:assert/strict';
import { LastKnownLists } from '../../../src/endpoints/tmf/last-known-lists.js';
import type { Json } from '../../../src/model/message.js';

describe('the last known lists of a resource', () => {
  let now: number;
  let memory: LastKnownLists;
  beforeEach(() => {
    now = 0;
    memory = new LastKnownLists({ note: false, productOrderItem: true }, () => now);
  });
  const ticket = (note?: Json) => ({ id: 'a', ...(note !== undefined && { note }) });
  const notes = (count: number) => ticket(Array.from({ length: count }, (_, i) => ({ text: `${i}` })));
  const read = (given: ReturnType<typeof ticket>) => {
    memory.learn(given);
    return memory.fault(given, 'note');
  };

  it('accept lists that grow, or that are new', () => {
    for (const given of [ticket(), notes(0), notes(2), notes(3)]) assert.equal(read(given), undefined);
    assert.equal(memory.fault({ ...notes(1), id: 'b' }, 'note'), undefined);
  });

  it('accept a shorter list only when it stays so', () => {
    read(notes(3));
    assert.equal(read(notes(2)), 'without all of its note entries');
    now = 29_999;
    assert.ok(read(notes(2)));
    now = 30_000;
    assert.equal(read(notes(2)), undefined);
    assert.ok(read(notes(1)), 'and the next time again');
  });

  it('accept a list that is complete again', () => {
    read(notes(3));
    read(notes(2));
    now = 20_000;
    read(notes(3));
    now = 40_000;
    assert.ok(read(notes(2)));
  });

  for (const missing of [ticket(), ticket(null)])
    it(`require a list that is ${'note' in missing ? 'null' : 'not shown'} for ever, and report it for a while`, () => {
      read(notes(1));
      assert.equal(memory.missing(missing), undefined, 'not read yet');
      assert.equal(read(missing), 'without its note');
      assert.ok(memory.missing(missing));
      now = 30_000;
      assert.equal(read(missing), 'without its note');
      assert.equal(memory.missing(missing), undefined);
    });

  it('do not accept the same number of other entries', () => {
    read(ticket([{ id: 'a', text: 'one' }]));
    assert.ok(read(ticket([{ id: 'b', text: 'other' }])));
    assert.equal(read(ticket([{ id: 'c', text: 'one' }])), undefined, 'recreated with the same text');
    assert.ok(read(ticket([{ id: 'c', text: 'o' }])), 'cut');
  });

  it('take an entry with another text as edited, not as gone, and do not require one that we delete', () => {
    read(
      ticket([
        { id: 'a', text: 'teh line' },
        { id: 'b', text: 'two' },
      ]),
    );
    assert.equal(
      read(
        ticket([
          { id: 'a', text: 'the line' },
          { id: 'b', text: 'two' },
        ]),
      ),
      undefined,
    );
    memory.forget('a', 'note', { id: 'b', text: 'two' });
    assert.equal(read(ticket([{ id: 'a', text: 'the line' }])), undefined);
  });

  it('count items, because a vendor assigns ids of its own', () => {
    memory.learn({ id: 'o', productOrderItem: [{ id: '1' }, { id: '2' }] });
    const other = (ids: string[]) => ({ id: 'o', productOrderItem: ids.map((id) => ({ id, state: 'held' })) });
    assert.equal(memory.fault(other(['10', '20']), 'productOrderItem'), undefined);
    assert.ok(memory.fault(other(['1']), 'productOrderItem'));
  });

  it('require what was seen before this process started', () => {
    for (const given of [ticket(), ticket(null), notes(0), ticket([{ id: 'n2', text: 'x' }])]) {
      assert.equal(memory.fault(given, 'note', []), undefined);
      assert.ok(memory.fault(given, 'note', ['n1']));
    }
    assert.equal(memory.fault(ticket([{ id: 'n1', text: 'x' }]), 'note', ['n1']), undefined);
    now = 30_000;
    assert.equal(memory.fault(ticket([{ id: 'n2', text: 'x' }]), 'note', ['n1']), undefined, 'deleted');
  });

  it('do not accept a state that is older than reported', () => {
    const at = (lastUpdate: string) => ({ ...notes(1), lastUpdate });
    memory.learnVersion('a', '2026-01-01T00:00:02.000Z');
    assert.ok(read(at('2026-01-01T00:00:01Z')));
    assert.equal(read(at('2026-01-01T00:00:02Z')), undefined);
    read(at('2026-01-01T00:00:05Z'));
    assert.ok(read(at('2026-01-01T00:00:03Z')));
    now = 30_000;
    assert.equal(read(at('2026-01-01T00:00:03Z')), undefined);
  });

  it('do not accept anything but a list of objects', () => {
    assert.equal(read(ticket('a note')), 'with a note that is not a list of objects');
    assert.equal(read(ticket(['a note'])), 'with a note that is not a list of objects');
  });

  it('do not accept entries with nothing but their ids', () => {
    for (const stub of [{ id: 'n1', '@type': 'Note' }, { id: 'n1', href: '/n1' }, {}]) assert.ok(read(ticket([stub as Json])));
    assert.equal(read(ticket([{ id: 'n1', text: '' }])), undefined, 'an empty text is a text');
    const items = (item: Record<string, Json>) => memory.fault({ id: 'o', productOrderItem: [item] }, 'productOrderItem');
    assert.ok(items({ id: '1' }));
    assert.equal(items({ id: '1', state: 'held' }), undefined);
  });

  it('do not accept an order without items', () => {
    assert.equal(memory.fault({ id: 'a' }, 'productOrderItem'), 'without its productOrderItem');
  });
});
