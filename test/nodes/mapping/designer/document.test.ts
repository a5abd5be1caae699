import assert from 'node:assert/strict';
import {
  finished,
  firstInvalidRule,
  joinedRule,
  mappingIn,
  rulesIn,
  unfinished,
  withMoved,
  withRules,
} from '../../../../nodes/mapping/designer/document.js';
import { changedRule } from '../../../../nodes/mapping/designer/rule-edits.js';
import { presets } from '../../../../src/endpoints/registry.js';
import type { CatalogField } from '../../../../src/mapping/catalog/field.js';
import type { Mapping, Rule } from '../../../../src/mapping/mapping.js';

const rule = (name: string): Rule => ({ field: name, generic: name });
const mapping = (rules: Rule[]): Mapping => ({ name: 'ours', system: 'servicenow', entityType: 'incident', rules });

describe('an edited mapping', () => {
  it('has the properties of an edited rule in a fixed order, whatever was set first', () => {
    const one = changedRule(changedRule(rule('a'), { required: 'in' }), { direction: 'in', type: 'text' });
    const other = changedRule(changedRule(rule('a'), { type: 'text', direction: 'in' }), { required: 'in' });
    assert.equal(JSON.stringify(one), JSON.stringify(other));
    assert.equal(JSON.stringify(one), '{"field":"a","generic":"a","direction":"in","required":"in","type":"text"}');
    assert.deepEqual(changedRule(one, { type: undefined, required: undefined, direction: undefined }), rule('a'));
  });

  it('is saved exactly as it was when nothing was changed', () => {
    for (const preset of presets()) assert.equal(finished(preset), preset, preset.name);
  });

  it('is saved without unfinished rules and rows', () => {
    const begun = mapping([
      { field: '', generic: '' },
      {
        field: 'state',
        generic: 'state',
        values: [
          { partner: '1', generic: 'held' },
          { partner: '2', generic: '' },
        ],
      },
      { field: ['a', ''], generic: 'title', values: [{ partner: ['', '*'], generic: '' }] },
    ]);
    assert.deepEqual(finished(begun).rules, [
      { field: 'state', generic: 'state', values: [{ partner: '1', generic: 'held' }] },
      { field: 'a', generic: 'title' },
    ]);
  });

  it('is saved with one value for each remaining field', () => {
    const begun = mapping([
      { field: ['a', '', 'c'], generic: 'state', values: [{ partner: ['1', '*', '3'], generic: 'held', direction: 'in' }] },
    ]);
    assert.deepEqual(finished(begun).rules, [
      { field: ['a', 'c'], generic: 'state', values: [{ partner: ['1', '3'], generic: 'held', direction: 'in' }] },
    ]);
    assert.deepEqual(unfinished(begun), [], 'nothing that was typed');
  });

  it('names the rules that lose something that was typed', () => {
    const values = [{ partner: '1', generic: 'held' }];
    const rules: Rule[] = [
      rule('a'),
      { field: '', generic: '' },
      { field: 'b', generic: '' },
      { field: 'c', generic: 'c', values: [...values, { partner: '2', generic: '' }] },
      { field: 'd', generic: 'd', values: [...values, { partner: '', generic: '' }] },
      { field: ['e', ''], generic: 'e', values: [{ partner: ['1', '2'], generic: 'held' }] },
    ];
    const places = unfinished({ ...mapping(rules), items: { field: 'lines', rules: rules.slice(0, 3) } });
    assert.deepEqual(
      places.map(({ table, index }) => [table, index]),
      [
        ['order', 2],
        ['order', 3],
        ['order', 5],
        ['items', 2],
      ],
    );
  });

  it('moves a rule before another one', () => {
    const names = (rules: Rule[]) => rules.map(({ generic }) => generic).join('');
    const rules = ['a', 'b', 'c'].map(rule);
    assert.equal(names(withMoved(rules, 0, 2)), 'bac');
    assert.equal(names(withMoved(rules, 2, 0)), 'cab');
    assert.equal(names(withMoved(rules, 0, 3)), 'bca');
    assert.equal(names(withMoved(rules, 7, 0)), 'abc');
  });

  it('keeps the rules of items separate', () => {
    const ours = { ...mapping([rule('a')]), items: { field: 'lines', rules: [rule('id')] } };
    assert.deepEqual(withRules(ours, 'items', []).items, { field: 'lines', rules: [] });
    assert.deepEqual(withRules(ours, 'items', []).rules, ours.rules);
  });
});

describe('joining two fields', () => {
  const field = (path: string, more: Partial<CatalogField> = {}): CatalogField => ({
    path,
    type: 'text',
    description: '',
    ...more,
  });

  it('creates a rule from what is known about them', () => {
    const join = (partner: CatalogField, generic: CatalogField) =>
      joinedRule(partner, generic, { field: partner.path, generic: generic.path });
    assert.deepEqual(join(field('a'), field('title')), { field: 'a', generic: 'title' });
    assert.deepEqual(join(field('a', { readOnly: true }), field('title')), { field: 'a', generic: 'title', direction: 'in' });
    assert.deepEqual(join(field('a'), field('source.number', { readOnly: true })), {
      field: 'a',
      generic: 'source.number',
      direction: 'out',
    });
    assert.deepEqual(join(field('a', { type: 'time', maxLength: 9 }), field('closedAt')), {
      field: 'a',
      generic: 'closedAt',
      type: 'time',
      maxLength: 9,
    });
  });

  it('fills the value map with equal names, by value or by label', () => {
    const partner = field('state', {
      values: [{ value: '2', label: 'In Progress' }, { value: 'closed' }, { value: '9', label: 'Other' }],
    });
    const generic = field('state', { values: [{ value: 'inProgress' }, { value: 'closed' }] });
    assert.deepEqual(joinedRule(partner, generic, { field: 'state', generic: 'state' }).values, [
      { partner: '2', generic: 'inProgress' },
      { partner: 'closed', generic: 'closed' },
    ]);
  });
});

describe('a pasted or imported text', () => {
  it('is accepted when it has rules: a list, a single rule, or those of a mapping', () => {
    assert.deepEqual(rulesIn('[{"field":"a","generic":"b"}]'), [{ field: 'a', generic: 'b' }]);
    assert.deepEqual(rulesIn('{"field":["a","b"],"generic":"b"}'), [{ field: ['a', 'b'], generic: 'b' }]);
    assert.equal(rulesIn(JSON.stringify(presets()[0]))?.length, presets()[0]?.rules.length);
  });

  it('is refused when it is anything else', () => {
    for (const text of ['', 'rules', '[]', '[{"field":"a"}]', '{"rules":[1]}', '[null]'])
      assert.equal(rulesIn(text), undefined, text);
    for (const text of ['', '{}', '{"rules":[]}', '[]', '{"system":"servicenow","entityType":"incident","rules":[],"items":{}}'])
      assert.equal(mappingIn(text), undefined, text);
    assert.deepEqual(mappingIn(JSON.stringify(presets()[0])), presets()[0]);
  });

  it('names the first invalid rule', () => {
    const placeIn = (more: object) => {
      const { table, index } = firstInvalidRule(JSON.stringify({ ...mapping([rule('a')]), ...more })) ?? {};
      return table && [table, index];
    };
    assert.deepEqual(placeIn({ rules: [rule('a'), { generic: 'b' }] }), ['order', 1]);
    assert.deepEqual(placeIn({ rules: [null] }), ['order', 0]);
    assert.deepEqual(placeIn({ items: { field: 'lines', rules: [rule('id'), { field: 5, generic: 'b' }] } }), ['items', 1]);
    assert.equal(placeIn({}), undefined);
    assert.equal(placeIn({ items: 5 }), undefined);
    for (const text of ['', '[]', 'null', '{"rules":1}']) assert.equal(firstInvalidRule(text), undefined, text);
  });
});
