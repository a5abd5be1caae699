import assert from 'node:assert/strict';
import {
  blankValues,
  rowsForSeen,
  withCondition,
  withDirectionValue,
  withField,
  withoutField,
  withPartnerValue,
  withPath,
  withRow,
  withRows,
  withRowToggled,
} from '../../../../nodes/mapping/designer/rule-edits.js';
import type { Rule } from '../../../../src/mapping/mapping.js';

const state: Rule = { field: 'state', generic: 'state', values: [{ partner: '2', generic: 'inProgress' }] };
const three: Rule = {
  field: ['a', 'b', 'c'],
  generic: 'state',
  values: [{ partner: ['1', '2', '3'], generic: 'held', direction: 'in' }],
};
const partnerOf = (rule: Rule) => rule.values?.map(({ partner }) => partner);

describe('a rule with several fields', () => {
  it('keeps everything that was typed before', () => {
    const steps: ((rule: Rule) => Rule)[] = [
      (rule) => withField(rule),
      (rule) => withPath(rule, 1, 'hold_reason'),
      (rule) => withPath(rule, 0, 'u_state'),
      (rule) => withField(rule),
      (rule) => withPartnerValue(rule, 0, 2, 'HH'),
      (rule) => withPath(rule, 2, 'u_site'),
      (rule) => withoutField(rule, 1),
    ];
    assert.deepEqual(
      steps.reduce((rule, step) => step(rule), state),
      { field: ['u_state', 'u_site'], generic: 'state', values: [{ partner: ['2', 'HH'], generic: 'inProgress' }] },
    );
  });

  it('has one value for each field in each row', () => {
    assert.deepEqual(partnerOf(withField(three)), [['1', '2', '3', '*']]);
    assert.deepEqual(partnerOf(withField(state, 'hold_reason')), [['2', '*']]);
    assert.deepEqual(partnerOf(withoutField(three, 0)), [['2', '3']]);
    const one = withoutField(withoutField(three, 0), 0);
    assert.deepEqual([one.field, partnerOf(one)], ['c', ['3']]);
    assert.deepEqual(blankValues(three), ['', '*', '*']);
    assert.equal(blankValues(state), '');
  });

  it('takes a dropped field where one is missing, and not twice', () => {
    assert.deepEqual(withField({ field: ['a', ''], generic: 'x' }, 'b').field, ['a', 'b']);
    assert.equal(withField({ field: '', generic: 'x' }, 'b').field, 'b');
    assert.equal(withField(three, 'b'), three);
  });
});

describe('a row of a value map', () => {
  it('is changed in one place', () => {
    assert.deepEqual(partnerOf(withPartnerValue(three, 0, 1, 'x')), [['1', 'x', '3']]);
    assert.deepEqual(partnerOf(withPartnerValue({ ...three, values: [{ partner: '1', generic: '' }] }, 0, 2, 'x')), [
      ['1', '', 'x'],
    ]);
    assert.equal(withRow(three, 0, (row) => ({ ...row, generic: 'closed' })).values?.[0]?.generic, 'closed');
    assert.equal('values' in withRows(three, () => []), false);
  });

  it('is used in at least one direction', () => {
    const way = (rule: Rule) => rule.values?.[0]?.direction;
    const out = withRowToggled(state, 0, 'in');
    assert.equal(way(out), 'out');
    assert.equal(way(withRowToggled(out, 0, 'out')), 'out');
    assert.equal(way(withRowToggled(out, 0, 'in')), undefined);
  });

  it('is offered for seen values, under the fields that have a path', () => {
    const seen = {
      partner: [
        { value: ['4', '7'], times: 2 },
        { value: ['1', '3'], times: 1 },
      ],
      generic: [
        { value: 'held', times: 1 },
        { value: 'closed', times: 1 },
      ],
    };
    const begun: Rule = { field: ['a', '', 'c'], generic: 'state', values: [{ partner: ['1', '*', '3'], generic: 'held' }] };
    assert.deepEqual(rowsForSeen(begun, seen), [
      { partner: ['4', '*', '7'], generic: '', direction: 'in' },
      { partner: ['', '*', '*'], generic: 'closed', direction: 'out' },
    ]);
    assert.deepEqual(partnerOf({ ...begun, values: rowsForSeen({ ...begun, direction: 'in' }, seen) }), [['4', '*', '7']]);
  });
});

describe('the other properties of a rule', () => {
  it('are kept for the other direction, and removed when nothing is left', () => {
    const both = withDirectionValue(withDirectionValue(state, 'default', 'in', 'x'), 'default', 'out', 0);
    assert.deepEqual(both.default, { in: 'x', out: 0 });
    assert.deepEqual(withDirectionValue(both, 'default', 'in', undefined).default, { out: 0 });
    assert.equal(
      'default' in withDirectionValue(withDirectionValue(both, 'default', 'in', undefined), 'default', 'out', undefined),
      false,
    );
  });

  it('keep a condition whose other half is not typed yet', () => {
    const half = withCondition(state, { is: ['held'] });
    assert.deepEqual(half.onlyIf, { generic: '', is: ['held'] });
    assert.deepEqual(withCondition(half, { generic: 'state' }).onlyIf, { generic: 'state', is: ['held'] });
    assert.equal('onlyIf' in withCondition(half, { is: [] }), false);
  });
});
