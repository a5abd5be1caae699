import assert from 'node:assert/strict';
import { entryIds } from '../../../src/endpoints/tmf/entry-ids.js';
import { ourNote } from '../../../src/endpoints/tmf/note.js';
import { withoutCounterpart } from '../../../src/endpoints/tmf/same-entry.js';
import { isLikeFile } from '../../../src/endpoints/tmf621/attachment.js';

const SINCE = '2026-03-01T08:00:00.000Z';

describe('our entry in a list', () => {
  it('is not an earlier one with the same text', () => {
    const comment = { id: 'c2', text: 'Done.', visibility: 'public' } as const;
    const note = [{ id: 'p1', text: 'Done.' }];
    assert.equal(ourNote({ note }, comment, SINCE, ['p1']), undefined);
    assert.equal(ourNote({ note: [...note, { id: 'p2', text: 'Done.' }] }, comment, SINCE, ['p1'])?.id, 'p2');
  });

  it('is the second of two equal ones without ids, written within a second', () => {
    const comment = { id: 'c2', text: 'Done.', visibility: 'public' } as const;
    const note = [1, 2].map(() => ({ text: 'Done.', author: 'Switchboard', date: SINCE }));
    const [first, second] = entryIds(note).values();
    assert.notEqual(first, second);
    assert.equal(ourNote({ note }, comment, SINCE, [first!])?.id, second);
  });

  it('is not another author’s entry with the same text, where the provider keeps authors', () => {
    const comment = { id: 'c2', text: 'Done.', author: 'Anna', visibility: 'public' } as const;
    const note = [{ id: 'p1', text: 'Done.', author: 'Bob' }];
    assert.equal(ourNote({ note }, comment, SINCE, [], true), undefined);
    assert.equal(ourNote({ note }, comment, SINCE, [], false)?.id, 'p1');
  });

  it('is not another file of the same name, and is the same file under another name', () => {
    const file = { id: 'f', name: 'screenshot.png', mimeType: 'image/png', size: 3, hash: '', path: '' };
    assert.equal(isLikeFile({ name: 'screenshot.png', size: { amount: 4, units: 'bytes' } }, file), false);
    assert.equal(isLikeFile({ name: 'TT-1_001.png', size: { amount: 3, units: 'bytes' } }, file), true);
    assert.equal(isLikeFile({ name: 'screenshot.png' }, file), true);
  });

  it('is the one without a counterpart, whatever ids are assigned', () => {
    const fresh = withoutCounterpart(
      [
        { id: '1', text: 'ours' },
        { id: '2', text: 'theirs' },
      ],
      [{ id: '1', text: 'theirs' }],
    );
    assert.deepEqual(fresh, [{ id: '1', text: 'ours' }]);
    assert.deepEqual(withoutCounterpart([{ id: '1', text: 'edited' }], [{ id: '1', text: 'x' }]), []);
  });
});
