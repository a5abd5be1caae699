import assert from 'node:assert/strict';
import { differences } from '../../src/mapping/difference.js';
import { Expressions } from '../../src/mapping/expressions.js';
import type { Mapping, Rule } from '../../src/mapping/mapping.js';
import { preview } from '../../src/mapping/preview.js';

const mapping = (rules: Rule[], more: Partial<Mapping> = {}): Mapping => ({
  name: 'ours',
  system: 'servicenow',
  entityType: 'incident',
  rules,
  ...more,
});

describe('a preview', () => {
  const expressions = new Expressions({ limit: 200 });
  after(() => expressions.close());

  it('shows for each field which rule made it, from which source, and through which row', async () => {
    const ours = mapping([
      { field: 'short_description', generic: 'title' },
      {
        field: ['state', 'hold_reason'],
        generic: 'state',
        values: [
          { partner: ['2', '*'], generic: 'inProgress' },
          { partner: ['3', '4'], generic: 'held' },
        ],
      },
      { field: 'caller_id', generic: 'requester.id' },
      { field: 'contact_type', generic: 'channel', default: { in: 'email' } },
    ]);
    const { result, marks, problems } = await preview(ours, 'in', {
      short_description: 'Down',
      state: '3',
      hold_reason: '4',
      caller_id: 'x',
    });
    assert.deepEqual(result, { title: 'Down', state: 'held', requester: { id: 'x' }, channel: 'email' });
    assert.deepEqual(marks, {
      title: { table: 'order', rule: 0, source: ['short_description'], kind: 'source' },
      state: { table: 'order', rule: 1, source: ['state', 'hold_reason'], kind: 'source', row: 1 },
      'requester/id': { table: 'order', rule: 2, source: ['caller_id'], kind: 'source' },
      channel: { table: 'order', rule: 3, source: ['contact_type'], kind: 'default' },
    });
    assert.deepEqual(problems, []);
  });

  it('finds the position of a value in a list', async () => {
    const ours = mapping([
      { field: 'relatedParty[role=owner].id', generic: 'assignee.id' },
      { field: 'relatedParty[role=requester].id', generic: 'requester.id' },
    ]);
    const { result, marks } = await preview(ours, 'out', { requester: { id: 'x' }, assignee: { id: 'y' } });
    assert.deepEqual(result, {
      relatedParty: [
        { role: 'owner', id: 'y' },
        { role: 'requester', id: 'x' },
      ],
    });
    assert.equal(marks['relatedParty/1/id']?.rule, 1);
  });

  it('runs without unfinished rules, and names them', async () => {
    const ours = mapping([
      { field: '', generic: '' },
      { field: 'a', generic: 'title', expression: { in: '$uppercase(' } },
      { field: 'b', generic: 'description' },
    ]);
    const { result, marks, problems } = await preview(ours, 'in', { b: 'text' }, { expressions });
    assert.deepEqual(result, { description: 'text' });
    assert.equal(marks.description?.rule, 2, 'counted as in the mapping');
    assert.deepEqual(
      problems.map(({ rule }) => rule),
      [
        { table: 'order', rule: 0 },
        { table: 'order', rule: 1 },
      ],
    );
    assert.match(problems[0]?.text ?? '', /^Rule 1 \(… ↔ …\): The field is empty\./);
    assert.match(problems[1]?.text ?? '', /^Rule 2 \(a ↔ title\): The expression .* is invalid at position/);
  });

  it('numbers rules as in the mapping where one fails on the sample', async () => {
    const rules: Rule[] = [
      { field: '', generic: '' },
      { field: 'a', generic: 'title', expression: { in: '$number(a)' } },
    ];
    const items = { field: 'lines', rules: [...rules, { field: 'no', generic: 'id' }] };
    const sample = { a: 'x', lines: [{ no: '1', a: 'y' }] };
    const { problems } = await preview(mapping(rules, { items }), 'in', sample, { expressions });
    const failed = problems.flatMap(({ code, text }) => (code === 'expression' ? [text.split(':')[0]] : []));
    assert.deepEqual(failed, ['Rule 2 (a ↔ title)', 'Rule 2 of the items (a ↔ title)']);
  });

  it('shows problems at their place: unmapped, missing, refused by the schema', async () => {
    const ours = mapping([
      { field: 'state', generic: 'state', values: [{ partner: '2', generic: 'inProgress' }] },
      { field: 'short_description', generic: 'title', required: 'out' },
      { field: 'impact', generic: 'impact' },
    ]);
    const check = () => [{ level: 'error' as const, code: 'schema' as const, field: 'impact', text: 'impact is wrong.' }];
    const { problems } = await preview(ours, 'out', { state: 'held', impact: 'x' }, { check });
    assert.deepEqual(
      problems.map(({ code, at, rule }) => [code, at, rule?.rule]),
      [
        ['unmapped', 'state', 0],
        ['required', 'short_description', 1],
        ['schema', 'impact', 2],
      ],
    );
    const incoming = await preview(ours, 'in', { impact: 'huge' });
    assert.deepEqual(
      incoming.problems.map(({ at, rule }) => [at, rule?.rule]),
      [['impact', 2]],
    );
  });

  it('shows the items of an order in both directions', async () => {
    const items = {
      field: 'lines',
      rules: [
        { field: 'no', generic: 'id' },
        { field: 'amount', generic: 'quantity', type: 'number' as const },
        { field: 'status', generic: 'state' },
      ],
    };
    const ours = mapping([{ field: 'name', generic: 'title' }], { entityType: 'order', items });
    const made = await preview(ours, 'in', { name: 'n', lines: [{ no: '1.2', amount: '3', status: 'inProgress' }] });
    assert.deepEqual(made.result, {
      title: 'n',
      items: [{ id: '1.2', quantity: 3 }],
      progress: [{ id: '1.2', state: 'inProgress' }],
    });
    assert.deepEqual(made.marks['items/0/quantity'], { table: 'items', rule: 1, source: ['lines[1.2].amount'], kind: 'source' });
    assert.equal(made.marks['progress/0/state']?.rule, 2);
    const back = await preview(ours, 'out', { title: 'n', items: [{ id: 'a' }, { id: 'b', quantity: 2 }] });
    assert.deepEqual(back.result, { name: 'n', lines: [{ no: 'a' }, { no: 'b', amount: 2 }] });
    assert.equal(back.marks['lines/1/amount']?.rule, 1);
  });

  it('reports that no rule sets the id of an item, and shows the rest', async () => {
    const ours = mapping([{ field: 'name', generic: 'title' }], { items: { field: 'lines', rules: [] } });
    const { result, problems } = await preview(ours, 'in', { name: 'n', lines: [{}] });
    assert.deepEqual(result, { title: 'n' });
    assert.match(problems[0]?.text ?? '', /id of an item/);
  });

  it('stops an expression that never ends', async () => {
    const ours = mapping([
      { field: 'a', generic: 'title', expression: { in: '($f := function($x){$f($x+1)}; $f(1))' } },
      { field: 'b', generic: 'description' },
    ]);
    const { result, problems } = await preview(ours, 'in', { b: 'text' }, { expressions });
    assert.deepEqual(result, { description: 'text' });
    assert.deepEqual(
      problems.map(({ code, rule }) => [code, rule?.rule]),
      [['expression', 0]],
    );
  });

  it('cannot be used to write to the prototype of all objects', async () => {
    const ours = mapping([
      { field: 'a', generic: '__proto__.owned' },
      { field: '__proto__.owned', generic: 'title' },
    ]);
    const both = [await preview(ours, 'in', { a: 'yes' }), await preview(ours, 'out', { title: 'yes' })];
    assert.equal(({} as { owned?: string }).owned, undefined);
    assert.deepEqual(
      both.map(({ problems }) => problems.length),
      [2, 2],
    );
  });
});

describe('differences', () => {
  it('are listed value by value', () => {
    assert.deepEqual(
      differences(
        { state: '1', party: [{ id: 'x' }], gone: true, same: [] },
        { state: '2', party: [{ id: 'x', name: 'n' }], same: [] },
      ),
      [
        { path: 'state', before: '1', after: '2' },
        { path: 'gone', before: true },
        { path: 'party.0.name', after: 'n' },
      ],
    );
    assert.deepEqual(differences({ a: { b: 1 } }, { a: { b: 1 } }), []);
  });
});
