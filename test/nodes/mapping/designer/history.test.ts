import assert from 'node:assert/strict';
import { History } from '../../../../nodes/mapping/designer/history.js';

describe('the history of a dialog', () => {
  it('can be undone and redone, until something else is changed', () => {
    const history = new History('a');
    history.push('b');
    history.push('c');
    assert.equal(history.undo(), 'b');
    assert.equal(history.undo(), 'a');
    assert.equal(history.undo(), undefined);
    assert.equal(history.redo(), 'b');
    history.push('d');
    assert.deepEqual([history.canUndo, history.canRedo, history.redo()], [true, false, undefined]);
    assert.equal(history.undo(), 'b');
  });

  it('takes typing in one field as one step', () => {
    const history = new History('');
    for (const text of ['t', 'ti', 'tit']) history.push(text, 'title');
    history.push('x', 'other field');
    history.seal();
    history.push('xy', 'other field');
    assert.deepEqual([history.undo(), history.undo(), history.undo()], ['x', 'tit', '']);
  });

  it('is limited to a number of steps', () => {
    const history = new History(0);
    for (let i = 1; i <= 1000; i++) history.push(i);
    let steps = 0;
    while (history.undo() !== undefined) steps++;
    assert.equal(steps, 200);
  });

  it('leaves out changes that are not worth a step', () => {
    const history = new History({ rules: 1, selected: 0 });
    history.push({ rules: 2, selected: 0 });
    history.touch({ rules: 2, selected: 5 });
    history.undo();
    assert.deepEqual(history.redo(), { rules: 2, selected: 5 });
  });
});
