import assert from 'node:assert/strict';
import { matchRequestedItems } from '../../../src/endpoints/servicenow/match-items.js';
import type { Row } from '../../../src/endpoints/servicenow/row.js';
import type { LineInput } from '../../../src/endpoints/servicenow/write-lines.js';

const line = (id: string, cat_item: string, variables: Record<string, string> = {}, quantity = 1): LineInput => ({
  correlation_id: id,
  cat_item,
  variables,
  quantity,
});
const row = (number: string, cat_item: string, variables: Record<string, string> = {}, quantity = '1'): Row =>
  ({ number, cat_item, variables, quantity }) as unknown as Row;
const named = (rows: Row[], lines: LineInput[]) =>
  Object.fromEntries(
    [...matchRequestedItems(rows, lines, 'Desk')].map(([of, is]) => [String(of.correlation_id), String(is.number)]),
  );

describe('the requested item that a line became', () => {
  it('is the one for its catalogue item', () => {
    assert.deepEqual(named([row('R1', 'Pass'), row('R2', 'Laptop')], [line('1', 'Laptop'), line('2', 'Pass')]), {
      1: 'R2',
      2: 'R1',
    });
  });

  it('is the one with its variables, even if another line would match with fewer', () => {
    const rows = [row('R1', 'Laptop', { model: 'X1', colour: 'red' }), row('R2', 'Laptop', { model: 'X1' })];
    const lines = [line('1', 'Laptop', { model: 'X1' }), line('2', 'Laptop', { model: 'X1', colour: 'red' })];
    assert.deepEqual(named(rows, lines), { 1: 'R2', 2: 'R1' });
  });

  it('is the one with its quantity', () => {
    const rows = [row('R1', 'Laptop', {}, '5'), row('R2', 'Laptop', {}, '1')];
    assert.deepEqual(named(rows, [line('1', 'Laptop', {}, 1), line('2', 'Laptop', {}, 5)]), { 1: 'R2', 2: 'R1' });
  });

  it('is any of them for equal lines', () => {
    const found = named(
      [row('R1', 'Laptop', { tag: 'a' }), row('R2', 'Laptop', { tag: 'b' })],
      [line('1', 'Laptop'), line('2', 'Laptop')],
    );
    assert.deepEqual(Object.values(found).sort(), ['R1', 'R2']);
  });

  it('is any of several equal ones', () => {
    const lines = [line('1', 'Laptop', { note: 'for Ann' }), line('2', 'Laptop', { note: 'for Bob' })];
    const found = named([row('R1', 'Laptop'), row('R2', 'Laptop')], lines);
    assert.deepEqual(Object.values(found).sort(), ['R1', 'R2']);
  });

  it('is left out where it does not exist', () => {
    assert.deepEqual(named([row('R1', 'Pass')], [line('1', 'Laptop')]), {});
  });

  it('is not guessed: no item is changed, and the error says which are ambiguous', () => {
    const lines = [line('1', 'Laptop', { model: 'X1' }), line('2', 'Laptop', { memory: '32' })];
    const rows = [
      row('R1', 'Laptop', { model: 'X1', memory: '32' }),
      row('R2', 'Laptop', { model: 'X1', memory: '32', dock: 'yes' }),
    ];
    assert.throws(() => matchRequestedItems(rows, lines, 'Desk'), {
      kind: 'items',
      code: 'SWB_PARTNER_ANSWER',
      message: /^Desk: The requested items R1, R2 cannot be matched with the order items 1, 2\. No item was changed\./,
    });
  });
});
