import assert from 'node:assert/strict';
import { rowMarks, withoutRowIn, withoutRowOut } from '../../../../nodes/mapping/designer/coverage.js';
import { type Layout, layout } from '../../../../nodes/mapping/designer/layout.js';
import type { CatalogField } from '../../../../src/mapping/catalog/field.js';
import type { Rule } from '../../../../src/mapping/mapping.js';

const field = (path: string, description = ''): CatalogField => ({ path, type: 'text', description });
const partner = ['state', 'hold_reason', 'short_description', 'u_site'].map((path) => field(path));
const generic = [field('title', 'One line'), field('state'), field('custom')];
const rules: Rule[] = [
  { field: ['state', 'hold_reason'], generic: 'state' },
  { field: 'short_description', generic: 'title' },
  { field: 'short_description', generic: 'description', direction: 'out' },
];

const rows = (side: { path: string; row: number }[]) => side.map(({ path, row }) => `${path} ${row}`);
const lines = ({ rules: placed }: Layout) => placed.map(({ index, row, partner: from, generic: to }) => [index, row, from, to]);

describe('the board of a mapping', () => {
  it('puts each rule beside its fields, in order, and unused fields below', () => {
    const placed = layout(rules, partner, generic);
    assert.deepEqual(rows(placed.partner), ['state 0', 'hold_reason 1', 'short_description 2', 'u_site 4']);
    assert.deepEqual(rows(placed.generic), ['state 0', 'title 2', 'description 3', 'custom 4']);
    assert.deepEqual(lines(placed), [
      [0, 0, [0, 1], 0],
      [1, 2, [2], 2],
      [2, 3, [2], 3],
    ]);
    assert.deepEqual([placed.below, placed.rows], [4, 5]);
  });

  it('shows one direction only', () => {
    const placed = layout(rules, partner, generic, { direction: 'in' });
    assert.deepEqual(
      lines(placed).map(([index]) => index),
      [0, 1],
    );
  });

  it('finds rules by either field, and fields by their description', () => {
    const placed = layout(rules, partner, generic, { search: 'ONE line' });
    assert.deepEqual(
      lines(placed).map(([index]) => index),
      [1],
    );
    assert.deepEqual(rows(placed.partner), ['short_description 0']);
    assert.deepEqual(rows(placed.generic), ['title 0']);
  });

  it('shows a rule that has no fields yet', () => {
    assert.deepEqual(lines(layout([{ field: '', generic: '' }], [], [])), [[0, 0, [], -1]]);
  });
});

describe('a value map', () => {
  const map = [
    { partner: '1', generic: 'high' },
    { partner: '2', generic: 'high', direction: 'in' as const },
    { partner: '1', generic: 'low' },
    { partner: '3', generic: 'low', direction: 'out' as const },
  ];

  it('marks rows that are never reached, and values that are merged', () => {
    const marks = rowMarks(map);
    assert.deepEqual(
      marks.map(({ unreachable }) => unreachable),
      [
        { in: false, out: false },
        { in: false, out: false },
        { in: true, out: false },
        { in: false, out: true },
      ],
    );
    assert.deepEqual(
      marks.map(({ merges }) => merges),
      [{ values: 2, back: 0 }, { values: 2, back: 0 }, undefined, undefined],
    );
  });

  it('does not mark a row as unreachable if its other field differs', () => {
    const marks = rowMarks([
      { partner: ['3', '1'], generic: 'pending' },
      { partner: ['3', '*'], generic: 'held' },
      { partner: ['3', '4'], generic: 'held' },
    ]);
    assert.deepEqual(
      marks.map(({ unreachable }) => unreachable.in),
      [false, false, true],
    );
  });

  it('lists values without a row, for each direction', () => {
    assert.deepEqual(withoutRowIn(map, [['1'], ['3'], ['9']]), [['3'], ['9']]);
    assert.deepEqual(
      withoutRowIn(
        [{ partner: ['a', '*'], generic: 'x' }],
        [
          ['A', 'z'],
          ['b', ''],
        ],
      ),
      [['b', '']],
    );
    assert.deepEqual(withoutRowOut(map, ['high', 'medium', 'low']), ['medium']);
  });
});
