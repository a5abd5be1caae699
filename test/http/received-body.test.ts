import assert from 'node:assert/strict';
import { brotliCompressSync, deflateRawSync, deflateSync, gzipSync } from 'node:zlib';
import { receivedBody } from '../../src/http/received-body.js';

const LIMIT = 10_000;
const EVENT = { id: 'TT-7', text: 'Zoë €' };
const JSON_TEXT = JSON.stringify(EVENT);
const JSON_TYPE = { 'content-type': 'application/json' };

const MULTIPART = { 'content-type': 'multipart/form-data; boundary=part-7f3a' };
const multipart = (...parts: [name: string, content: string][]) =>
  `${parts.map(([name, content]) => `--part-7f3a\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${content}\r\n`).join('')}--part-7f3a--\r\n`;

describe('the body of a partner’s request', () => {
  const swapped = Buffer.from(`\ufeff${JSON_TEXT}`, 'utf16le').swap16();
  const CASES: [string, string | Buffer, Record<string, string>, unknown?][] = [
    ['JSON', JSON_TEXT, JSON_TYPE],
    ['without a content type', JSON_TEXT, {}],
    ['as plain text, after a byte order mark', `\ufeff${JSON_TEXT}`, { 'content-type': 'text/plain' }],
    ['followed by a line break and zero bytes', `${JSON_TEXT}\n\0\0`, JSON_TYPE],
    ['a sequence of JSON texts (RFC 7464)', `\x1e${JSON_TEXT}\n\x1e{"id":"TT-8"}\n`, {}, [EVENT, { id: 'TT-8' }]],
    ['JSON in a JSON text', JSON.stringify(JSON_TEXT), JSON_TYPE],
    ['JSON in a JSON text in a JSON text', JSON.stringify(JSON.stringify(JSON_TEXT)), JSON_TYPE],
    ['JSON in base64', Buffer.from(JSON_TEXT).toString('base64'), { 'content-type': 'text/plain' }],
    [
      'a JSON text in each line, each in a JSON text',
      `${JSON.stringify(JSON_TEXT)}\n${JSON.stringify(JSON_TEXT)}`,
      {},
      [EVENT, EVENT],
    ],
    ['a text', '"hello"', JSON_TYPE, 'hello'],
    ['gzip', gzipSync(JSON_TEXT), { ...JSON_TYPE, 'content-encoding': 'gzip' }],
    ['gzip that no header announces', gzipSync(JSON_TEXT), JSON_TYPE],
    ['deflate', deflateSync(JSON_TEXT), { 'content-encoding': 'deflate' }],
    ['deflate without its header', deflateRawSync(JSON_TEXT), { 'content-encoding': 'deflate' }],
    ['brotli', brotliCompressSync(JSON_TEXT), { 'content-encoding': 'br' }],
    ['two codings', brotliCompressSync(gzipSync(JSON_TEXT)), { 'content-encoding': 'gzip, br' }],
    ['unpacked by a proxy that kept the header', JSON_TEXT, { 'content-encoding': 'gzip' }],
    ['UTF-16 with a mark', Buffer.from(`\ufeff${JSON_TEXT}`, 'utf16le'), JSON_TYPE],
    ['UTF-16, the other way round', swapped, JSON_TYPE],
    ['UTF-16 without a mark', Buffer.from(JSON_TEXT, 'utf16le'), JSON_TYPE],
    [
      'Latin-1, declared',
      Buffer.from('{"name":"Zo\xeb"}', 'latin1'),
      { 'content-type': 'text/plain; charset="ISO-8859-1"' },
      { name: 'Zoë' },
    ],
    ['Latin-1, not declared', Buffer.from('{"name":"Zo\xeb"}', 'latin1'), JSON_TYPE, { name: 'Zoë' }],
    ['in a charset that nobody knows', JSON_TEXT, { 'content-type': 'application/json; charset=utf8mb4' }],
    ['a form with JSON', `payload=${encodeURIComponent(JSON_TEXT)}`, { 'content-type': 'application/x-www-form-urlencoded' }],
    ['JSON that is called a form', JSON_TEXT, { 'content-type': 'application/x-www-form-urlencoded' }],
    ['JSON, encoded as a form', encodeURIComponent(JSON_TEXT), { 'content-type': 'application/x-www-form-urlencoded' }],
    [
      'one JSON text in each line',
      `${JSON_TEXT}\n\n{"id":"TT-8"}\r\n`,
      { 'content-type': 'application/x-ndjson' },
      [EVENT, { id: 'TT-8' }],
    ],
    ['a form with parts, one of them JSON', multipart(['event', JSON_TEXT]), MULTIPART],
    ['a form with a file that holds JSON', multipart(['file"; filename="event.json', JSON_TEXT]), MULTIPART],
    [
      'a form with JSON among other parts',
      multipart(['sender', 'x'], ['troubleTicket', JSON_TEXT]),
      MULTIPART,
      { sender: 'x', troubleTicket: EVENT },
    ],
    [
      'a form with the same part twice',
      multipart(['event', '{"id":1}'], ['event', '{"id":2}']),
      MULTIPART,
      { event: [{ id: 1 }, { id: 2 }] },
    ],
    ['JSON that is called a form with parts', JSON_TEXT, MULTIPART],
    [
      'a form with JSON among other fields',
      `sender=x&troubleTicket=${encodeURIComponent(JSON_TEXT)}`,
      { 'content-type': 'application/x-www-form-urlencoded' },
      { sender: 'x', troubleTicket: EVENT },
    ],
    [
      'a form',
      'table=incident&sys_id=1',
      { 'content-type': 'application/x-www-form-urlencoded' },
      { table: 'incident', sys_id: '1' },
    ],
  ];
  for (const [what, body, headers, expected = EVENT] of CASES)
    it(`is read: ${what}`, async () => assert.deepEqual(await receivedBody(Buffer.from(body), headers, LIMIT), expected));

  for (const [what, body] of [
    ['empty', ''],
    ['only a byte order mark', '\ufeff'],
    ['only line breaks and zero bytes', '\r\n\0\0\0'],
  ] as const)
    it(`is nothing where it is ${what}`, async () =>
      assert.equal(await receivedBody(Buffer.from(body), JSON_TYPE, LIMIT), undefined));

  for (const [what, body, type] of [
    ['cut', '{"a": ', 'application/json'],
    ['prose', 'hello', 'application/json'],
    ['cut in one of its lines', '{"a":1}\n{"a": ', 'application/x-ndjson'],
    ['a form without its boundary', '--part-7f3a', 'multipart/form-data'],
    ['a form that is cut', multipart(['event', JSON_TEXT]).slice(0, 40), MULTIPART['content-type']],
  ] as const)
    it(`is refused with a reason: ${what}`, () =>
      assert.rejects(receivedBody(Buffer.from(body), { 'content-type': type }, LIMIT), {
        code: 'SWB_PAYLOAD',
        message: /not valid JSON/,
      }));

  it('is limited in the size that it has when it is unpacked', async () => {
    const bomb = gzipSync(Buffer.alloc(50_000_000, ' '));
    const before = process.memoryUsage().arrayBuffers;
    await assert.rejects(receivedBody(bomb, { 'content-encoding': 'gzip' }, 64 * 1024), { code: 'SWB_TOO_LARGE' });
    assert.ok(process.memoryUsage().arrayBuffers - before < 25_000_000, 'it is not unpacked any further');
  });

  const FORM = { 'content-type': 'application/x-www-form-urlencoded' };
  const base64 = (text: string) => Buffer.from(text).toString('base64');
  const ones = (count: number) => `[${'1,'.repeat(count - 2)}1]`;
  const line = (count: number) => `{"a":${ones(count - 1)}}`;
  const named = (count: number) => JSON.stringify(Object.fromEntries(Array.from({ length: count }, (_, i) => [`k${i}`, 1])));
  const fields = (count: number) => Array.from({ length: count }, (_, i) => `k${i}=1`).join('&');
  const parts = (count: number) => multipart(...Array.from({ length: count }, (_, i): [string, string] => [`k${i}`, '1']));
  for (const [what, most, more, headers, message] of [
    ['values', ones(100_000), ones(100_001), JSON_TYPE, /has more than 100000 values/],
    ['values, in a JSON text', `"${ones(100_000)}"`, `"${ones(100_001)}"`, JSON_TYPE, /has more than 100000 values/],
    ['values, in base64', base64(ones(100_000)), base64(ones(100_001)), {}, /has more than 100000 values/],
    ['values of its lines', `${line(50_000)}\n${line(50_000)}`, `${line(50_000)}\n${line(50_001)}`, {}, /100000 values/],
    ['names of an object', named(10_000), named(10_001), JSON_TYPE, /an object with more than 10000 names/],
    ['names, in a form', `event=${named(10_000)}`, `event=${named(10_001)}`, FORM, /an object with more than 10000 names/],
    ['fields', fields(1_000), fields(1_001), FORM, /The form has more than 1000 fields/],
    ['parts', parts(1_000), parts(1_001), MULTIPART, /The form has more than 1000 fields/],
  ] as const)
    it(`is limited in the number of ${what}`, async () => {
      assert.ok(await receivedBody(Buffer.from(most), headers, 10_000_000));
      const refused = receivedBody(Buffer.from(more), headers, 10_000_000);
      await assert.rejects(refused, { code: 'SWB_TOO_LARGE', message });
    });

  for (const [open, close] of [
    ['[', ']'],
    ['{"a":', '}'],
  ] as const)
    it(`is limited in its nesting: ${open}`, async () => {
      const nested = (depth: number) => Buffer.from(`${open.repeat(depth)}1${close.repeat(depth)}`);
      assert.ok(await receivedBody(nested(90), JSON_TYPE, LIMIT));
      await assert.rejects(receivedBody(nested(100_000), JSON_TYPE, 10_000_000), { code: 'SWB_TOO_LARGE', message: /nested/ });
    });
});
