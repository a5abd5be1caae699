import assert from 'node:assert/strict';
import { allOf, pagesOf, recordsOf } from '../../src/store/pages.js';

const RECORDS = ['e', 'd', 'c', 'b', 'a'].map((id) => ({ id }));

describe('a list of a store, page by page', () => {
  const asked: (string | undefined)[] = [];
  const list = (from: readonly { id: string }[]) => async (page: { limit: number; before?: string }) => {
    asked.push(page.before);
    return from.filter(({ id }) => page.before === undefined || id < page.before).slice(0, page.limit);
  };
  beforeEach(() => asked.splice(0));

  it('is read until a page is not full, each page starting where the previous one ended', async () => {
    assert.deepEqual(await allOf(list(RECORDS), 2), RECORDS);
    assert.deepEqual(asked, [undefined, 'd', 'b']);
  });

  it('ends with an empty page if the last one was exactly full', async () => {
    const sizes: number[] = [];
    for await (const page of pagesOf(list(RECORDS.slice(0, 4)), 2)) sizes.push(page.length);
    assert.deepEqual(sizes, [2, 2, 0]);
  });

  it('starts below a given record, and reads pages only on demand', async () => {
    const ids: string[] = [];
    for await (const { id } of recordsOf(list(RECORDS), 2, 'e')) {
      ids.push(id);
      if (id === 'c') break;
    }
    assert.deepEqual([ids, asked], [['d', 'c'], ['e']]);
  });
});
