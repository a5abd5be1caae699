import assert from 'node:assert/strict';
import { type AnswerShape, isPart, objectIn, recordIn, recordsIn } from '../../src/endpoints/evidence.js';

const SHAPE: AnswerShape = {
  envelope: 'result',
  id: 'id',
  failure: ({ error }) => (error === undefined ? undefined : String(error)),
  isOwnError: () => true,
};
const UNKNOWN = 'unknown';
type Outcome = string[] | typeof UNKNOWN;

describe('the answer to a list request', () => {
  const table: [string, number, unknown, Outcome][] = [
    ['a list', 200, { result: [{ id: 'a' }, { id: 'b' }] }, ['a', 'b']],
    ['a list without an envelope', 200, [{ id: 'a' }], ['a']],
    ['an empty list: there is none', 200, { result: [] }, []],
    ['an empty list in a form that this API does not use', 200, [], UNKNOWN],
    ['a partial list', 206, [{ id: 'a' }], ['a']],
    ['a list in a wrapper', 200, { items: [{ id: 'a' }], total: 1 }, ['a']],
    ['an empty list in a wrapper with the total 0', 200, { items: [], total: 0 }, []],
    ['an empty list in a wrapper', 200, { items: [] }, UNKNOWN],
    ['an empty list beside a total', 200, { result: [], total: 1 }, UNKNOWN],
    ['an empty list that announces more', 200, { result: [], hasMore: true }, UNKNOWN],
    ['two lists in a wrapper', 200, { items: [{ id: 'a' }], data: [] }, UNKNOWN],
    ['one record instead of a list', 200, { result: { id: 'a' } }, UNKNOWN],
    ['202', 202, { result: [] }, UNKNOWN],
    ['no body', 200, undefined, UNKNOWN],
    ['204', 204, undefined, UNKNOWN],
    ['an empty object', 200, {}, UNKNOWN],
    ['an error object', 200, { error: 'try later' }, UNKNOWN],
    ['an empty list beside an error', 200, { result: [], error: 'timed out' }, UNKNOWN],
    ['a list of errors', 200, [{ messageType: 'ERROR' }], UNKNOWN],
    ['a list with an entry that is not a record', 200, [{ id: 'a' }, null], UNKNOWN],
    ['a text', 200, 'maintenance', UNKNOWN],
    ['null', 200, null, UNKNOWN],
  ];
  for (const [what, status, body, outcome] of table) {
    it(`${what}: ${outcome === UNKNOWN ? outcome : `[${outcome}]`}`, () => {
      const evidence = recordsIn(status, body, SHAPE);
      assert.deepEqual('proven' in evidence ? evidence.proven.map(({ id }) => id) : UNKNOWN, outcome, JSON.stringify(evidence));
    });
  }
});

describe('required attributes', () => {
  it('are required of each record: a stub proves nothing', () => {
    const required = ['status'];
    assert.ok('proven' in recordsIn(200, { result: [{ id: 'a', status: '' }] }, SHAPE, { required }));
    for (const entry of [{ id: 'a' }, { id: 'a', status: null }]) {
      assert.ok('unknown' in recordsIn(200, { result: [{ id: 'b', status: 'new' }, entry] }, SHAPE, { required }));
      assert.ok('unknown' in recordIn(200, { result: entry }, SHAPE, 'a', required));
    }
  });

  it('are required of a whole record: a partial one proves nothing', () => {
    assert.ok('unknown' in recordIn(206, { result: { id: 'a' } }, SHAPE, 'a'));
  });
});

describe('a list with other records than it shows', () => {
  for (const [status, headers, part] of [
    [200, {}, false],
    [200, { 'x-total-count': '0' }, false],
    [200, { 'x-total-count': '3' }, true],
    [200, { 'content-range': 'items 0-0/2' }, true],
    [200, { 'content-range': 'items */*' }, false],
    [200, { 'x-total-count': 'unknown' }, true],
    [200, { 'x-result-count': '1' }, true],
    [200, { link: '<https://x/?offset=10>; rel="next"' }, true],
    [200, { link: '<https://x/?offset=0>; rel="first"' }, false],
    [206, {}, true],
  ] as const)
    it(`${status} ${JSON.stringify(headers)}: ${part ? 'there are others' : 'there are none'}`, () =>
      assert.equal(isPart(status, headers), part));
});

describe('one record instead of a list', () => {
  it('is the requested one, and says nothing about a list that may hold several', () => {
    for (const body of [{ result: { id: 'a' } }, { id: 'a' }]) {
      assert.deepEqual(recordsIn(200, body, SHAPE, { single: true }), { proven: [{ id: 'a' }] });
      assert.ok('unknown' in recordsIn(200, body, SHAPE));
    }
  });
});

describe('the answer to a request for one record', () => {
  const table: [string, number, unknown, boolean][] = [
    ['the record', 200, { result: { id: 'a' } }, true],
    ['the record, with its id in another case', 200, { result: { id: 'A' } }, true],
    ['another record', 200, { result: { id: 'b' } }, false],
    ['a record without an id', 200, { result: { name: 'x' } }, false],
    ['a list', 200, { result: [{ id: 'a' }] }, false],
    ['the record beside an error', 200, { result: { id: 'a' }, error: 'x' }, false],
    ['202', 202, { result: { id: 'a' } }, false],
    ['no body', 200, undefined, false],
  ];
  for (const [what, status, body, proven] of table) {
    it(`${what}: ${proven ? 'it is the requested one' : 'unknown'}`, () => {
      assert.equal('proven' in recordIn(status, body, SHAPE, 'a'), proven);
    });
  }

  it('explains why it proves nothing', () => {
    assert.deepEqual(recordIn(200, { id: 'b' }, SHAPE, 'a'), { unknown: 'with the record b instead of a', other: true });
    assert.deepEqual(recordsIn(200, { error: 'try later' }, SHAPE), { unknown: '200 and an error: try later' });
    assert.deepEqual(objectIn(200, [], SHAPE), { unknown: 'with a list instead of an object' });
  });
});
