import assert from 'node:assert/strict';
import { text } from 'node:stream/consumers';
import { entryIds } from '../../../src/endpoints/tmf/entry-ids.js';
import { download } from '../../../src/endpoints/tmf621/download.js';
import { attachmentOf } from '../../../src/endpoints/tmf621/parse.js';
import type { HttpClient } from '../../../src/http/http.js';

const http = { name: 'provider', baseUrl: 'http://127.0.0.1' } as HttpClient;
const entry = (id: string | undefined, content: string) => ({ ...(id && { id }), name: 'f.txt', content: btoa(content) });

describe('a file that a ticket holds by value', () => {
  for (const [how, list, later] of [
    ['its id', [entry('1', 'one'), entry('2', 'two')], undefined],
    ['its content, without ids', [entry(undefined, 'one'), entry(undefined, 'other')], undefined],
    ['its size, with other ids at each read', [entry('1', 'one'), entry('2', 'other')], [entry('3', 'one'), entry('4', 'other')]],
  ] as const)
    it(`is distinguished from others of the same name by ${how}`, async () => {
      const read = [...entryIds([...list])].map(([one, id]) => attachmentOf(one, id));
      const contents = await Promise.all(
        read.map(async (file) => text(await download(http, file, async () => [...(later ?? list)]))),
      );
      assert.deepEqual(
        contents,
        list.map(({ content }) => atob(content)),
      );
    });

  it('is read there where its URL is not valid; else that URL is refused', async () => {
    const fetched = { ...http, file: async (url: string) => assert.fail(`asked for ${url}`) } as HttpClient;
    const file = { id: '1', name: 'f.txt', mimeType: 'text/plain', url: 'http://[fe80::1%25lo]/f' };
    assert.equal(await text(await download(fetched, file, async () => [entry('1', 'one')])), 'one');
    await assert.rejects(
      download(fetched, file, async () => []),
      /asked for http:\/\/\[fe80/,
    );
  });

  it('is not another file that has got its id since', async () => {
    const other = { ...entry('1', 'other'), name: 'g.txt' };
    const file = { id: '1', name: 'f.txt', mimeType: 'text/plain' };
    assert.equal(await text(await download(http, file, async () => [other, entry('2', 'one')])), 'one');
  });
});
