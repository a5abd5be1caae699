import assert from 'node:assert/strict';
import type { Readable } from 'node:stream';
import { brotliCompressSync, deflateRawSync, deflateSync, gzipSync } from 'node:zlib';
import type { HttpOptions, HttpRequest } from '../../src/http/http.js';
import { until } from '../live/node-red.js';
import { answerText, type RawRequest, type RawServer, rawServer } from './raw-server.js';
import { failureOf, TestClients } from './server.js';

const GET = { method: 'GET', path: '/', what: 'read' } as const;
const POST = { method: 'POST', path: '/', body: { a: 1 }, what: 'create' } as const;

describe('an answer', () => {
  let server: RawServer;
  let answer: (request: RawRequest) => void;
  const clients = new TestClients();
  before(async () => {
    server = await rawServer((request) => answer(request));
  });
  after(() => server.close());
  afterEach(() => clients.close());
  const client = (more: Partial<HttpOptions> = {}) => clients.make(server.url, more);
  const failure = (request: HttpRequest, more: Partial<HttpOptions> = {}) => failureOf(client(more).request(request));
  const write =
    (...parts: (string | Buffer)[]) =>
    ({ socket }: RawRequest) => {
      for (const part of parts) socket.write(part);
    };
  const textOf = async (stream: Readable) => {
    let text = '';
    for await (const chunk of stream.setEncoding('utf8')) text += chunk;
    return text;
  };

  it('has its header names in lower case; several values are joined, unless only the first can count', async () => {
    const fields = ['X-Trace: a', 'x-trace: b', 'Retry-After: 7', 'Retry-After: 9', 'X-Name: caf\u00e9', 'ETag: "1"'];
    answer = write(answerText('{}', fields));
    const { headers } = await client().request(GET);
    const { 'x-trace': trace, 'retry-after': retry, 'x-name': name, etag } = headers;
    assert.deepEqual([trace, retry, name, etag], ['a, b', '7', 'caf\u00e9', '"1"']);
  });

  it('may have no body, and its connection is used again', async () => {
    const answers = ['HTTP/1.1 204 No Content\r\n\r\n', 'HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n', answerText('{"a":1}')];
    answer = ({ socket }) => socket.write(answers.shift()!);
    const made = client();
    const before = server.sockets.length;
    const bodies = [];
    for (let n = 0; n < 3; n++) bodies.push((await made.request(GET)).body);
    assert.deepEqual(bodies, [undefined, undefined, { a: 1 }]);
    assert.ok(server.sockets.length - before < 3);
  });

  for (const [what, status, body] of [
    ['is no JSON', 200, '<html>'],
    ['is an error', 500, '{}'],
    ['is elsewhere', 303, '{}'],
  ] as const)
    it(`that ${what} is asked for again where something was read, and looked up where something was written`, async () => {
      answer = write(`HTTP/1.1 ${status} x\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`);
      assert.match((await failure(GET)).message, /\. The request will be retried\.$/);
      assert.match((await failure(POST)).message, /\. The record will be looked up before a retry\.$/);
    });

  it('304 has no body', async () => {
    answer = write('HTTP/1.1 304 Not Modified\r\nETag: "1"\r\n\r\n');
    assert.equal((await failure(GET)).status, 304);
  });

  it('may follow interim answers', async () => {
    answer = write('HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n', 'HTTP/1.1 102 Processing\r\n\r\n', answerText('{"a":1}'));
    assert.deepEqual((await client().request(POST)).body, { a: 1 });
  });

  it('may come in chunks that split a character, and start with a byte order mark', async () => {
    const bytes = Buffer.from('\ufeff{"name":"Zoë"}');
    const cut = bytes.indexOf(0xc3) + 1;
    const chunk = (part: Buffer) => Buffer.concat([Buffer.from(`${part.length.toString(16)}\r\n`), part, Buffer.from('\r\n')]);
    const head = 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n';
    answer = write(head, chunk(bytes.subarray(0, cut)), chunk(bytes.subarray(cut)), '0\r\n\r\n');
    assert.deepEqual((await client().request(GET)).body, { name: 'Zoë' });
  });

  it('without a length ends with the connection', async () => {
    answer = ({ socket }) => socket.end('HTTP/1.0 200 OK\r\nContent-Type: application/json\r\n\r\n{"a":1}');
    assert.deepEqual((await client().request(POST)).body, { a: 1 });
  });

  const json = JSON.stringify({ text: 'ß'.repeat(5_000) });
  const ENCODED: [string, Buffer][] = [
    ['gzip', gzipSync(json)],
    ['x-gzip', gzipSync(json)],
    ['deflate', deflateSync(json)],
    ['deflate', deflateRawSync(json)],
    ['BR', brotliCompressSync(json)],
  ];
  for (const [encoding, bytes] of ENCODED) {
    it(`is decoded from ${encoding} (first byte ${bytes[0]}), also as a stream`, async () => {
      answer = write(answerText(bytes, [`Content-Encoding: ${encoding}`]));
      const { body, headers } = await client().request(GET);
      assert.deepEqual(body, JSON.parse(json));
      assert.equal(headers['content-encoding'], undefined);
      assert.equal(await textOf((await client().request({ ...GET, as: 'stream' })).body), json);
      assert.match(server.requests.at(-1)!.head, /^accept-encoding: .*gzip.*br/im);
    });
  }

  it('that cannot be decoded may have been a success', async () => {
    answer = write(answerText('not gzip', ['Content-Encoding: gzip']));
    assert.equal((await failure(POST)).outcome, 'unknown');
    answer = write(answerText('', ['Content-Encoding: gzip']));
    assert.equal((await client().request(POST)).body, undefined);
  });

  const tooLarge = async (request: HttpRequest) => {
    const before = server.sockets.length;
    const error = await failure(request, { maxBytes: 10_000 });
    assert.match(error.message, /larger than 9\.8 KB/);
    await until('the connection to be closed', () => server.sockets[before]?.destroyed);
    return error;
  };

  it('is limited in size as its length announces', async () => {
    answer = write('HTTP/1.1 200 OK\r\nContent-Length: 10001\r\n\r\n');
    assert.equal((await tooLarge(POST)).outcome, 'unknown');
  });

  it('is limited in size where it announces none', async () => {
    const chunk = `1000\r\n${'x'.repeat(0x1000)}\r\n`;
    answer = write('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n', chunk, chunk, chunk);
    await tooLarge(GET);
  });

  it('is limited in its nesting', async () => {
    answer = write(answerText(`${'['.repeat(5_000)}${']'.repeat(5_000)}`));
    const read = await failure(GET);
    assert.deepEqual([read.code, read.outcome, read.retry], ['SWB_TOO_LARGE', 'notDone', false]);
    const written = await failure(POST);
    assert.deepEqual([written.code, written.outcome, written.retry], ['SWB_TOO_LARGE', 'unknown', true]);
  });

  for (const [what, text, message] of [
    ['its values', `[${'{},'.repeat(500_000)}{}]`, /an answer that has more than 500000 values\. Have the record reduced/],
    ['its names', JSON.stringify(Object.fromEntries(Array.from({ length: 10_001 }, (_, i) => [`k${i}`, 1]))), /10000 names/],
  ] as const)
    it(`is limited in ${what}, and not parsed beyond that`, async () => {
      answer = write(answerText(text));
      const [read, written] = [await failure(GET), await failure(POST)];
      assert.match(read.message, message);
      assert.deepEqual([read.code, read.outcome, read.retry], ['SWB_TOO_LARGE', 'notDone', false]);
      assert.deepEqual([written.code, written.outcome, written.retry], ['SWB_TOO_LARGE', 'unknown', true]);
    });

  it('that failed is not parsed if it has too many names, and its status counts', async () => {
    const many = JSON.stringify(Object.fromEntries(Array.from({ length: 10_001 }, (_, i) => [`k${i}`, 1])));
    answer = write(answerText(many, [], '400 Bad Request'));
    const { code, body } = await failure(GET);
    assert.deepEqual([code, body], ['SWB_PARTNER_REFUSED', undefined]);
  });

  it('is limited in the size that it has when it is decoded', async () => {
    const bomb = gzipSync(Buffer.alloc(50_000_000));
    answer = write(answerText(bomb, ['Content-Encoding: gzip']));
    const before = process.memoryUsage().arrayBuffers;
    const error = await failure(GET, { maxBytes: 10_000 });
    assert.match(error.message, /larger than/);
    assert.deepEqual([error.code, error.retry], ['SWB_TOO_LARGE', false], 'another read would have the same answer');
    assert.ok(process.memoryUsage().arrayBuffers - before < 25_000_000, 'it is not decoded any further');
  });

  const CUT: Record<string, (request: RawRequest) => void> = {
    'before it': ({ socket }) => socket.resetAndDestroy(),
    'by half': ({ socket }) => socket.end(),
    'within its headers': ({ socket }) => socket.end('HTTP/1.1 201 Created\r\nContent-Le'),
    'within its body': ({ socket }) => socket.end('HTTP/1.1 201 Created\r\nContent-Length: 20\r\n\r\n{"a"'),
    'within its encoded body': ({ socket }) =>
      socket.end(
        Buffer.concat([
          Buffer.from('HTTP/1.1 201 Created\r\nContent-Encoding: gzip\r\nContent-Length: 9999\r\n\r\n'),
          gzipSync('{}'),
        ]),
      ),
    'within its chunks': ({ socket }) => socket.end('HTTP/1.1 201 Created\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n'),
  };
  for (const [where, cut] of Object.entries(CUT)) {
    it(`whose connection is closed ${where} may have been a success`, async () => {
      answer = cut;
      const { code, outcome, retry, message } = await failure(POST);
      assert.deepEqual([code, outcome, retry], ['SWB_PARTNER_UNAVAILABLE', 'unknown', true]);
      assert.match(message, /got no response: the connection was closed/);
    });
  }

  it('that is not HTTP may have been a success', async () => {
    answer = write('SSH-2.0-OpenSSH_9.6\r\n');
    assert.equal((await failure(POST)).outcome, 'unknown');
  });

  it('that interrupts a request with 100, although nobody asked for it, is not read: it may have been a success', async () => {
    answer = write('HTTP/1.1 100 Continue\r\n\r\n', answerText('{}', [], '201 Created'));
    assert.equal((await failure(POST)).outcome, 'unknown');
  });

  const EMPTY_BLOCK = Buffer.from([0, 0, 0, 0xff, 0xff]);
  for (const [what, head, part] of [
    ['headers come too slowly', 'HTTP/1.1 200 OK\r\nX-Slow: ', 'x'],
    ['body comes too slowly', 'HTTP/1.1 200 OK\r\nContent-Length: 99999\r\n\r\n', 'x'],
    [
      'encoded body comes too slowly',
      'HTTP/1.1 200 OK\r\nContent-Encoding: deflate\r\nContent-Length: 99999\r\n\r\n',
      EMPTY_BLOCK,
    ],
  ] as const) {
    it(`whose ${what} times out, although it does come`, async () => {
      answer = ({ socket }) => {
        socket.write(head);
        const drip = setInterval(() => socket.write(part), 10);
        socket.once('close', () => clearInterval(drip));
      };
      const timeout = 100;
      const error = await failure(POST, { timeout });
      assert.match(error.message, /the request timed out/);
      assert.equal(error.outcome, 'unknown');
    });
  }

  describe('as a stream', () => {
    it('may take longer than the time-out, as long as it comes', async () => {
      answer = ({ socket }) => {
        let left = 10;
        socket.write('HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n');
        const drip = setInterval(() => (left-- > 0 ? socket.write('x') : clearInterval(drip)), 250);
      };
      const timeout = 2_000;
      const { body } = await client({ timeout }).request({ ...GET, as: 'stream' });
      assert.equal(await textOf(body), 'x'.repeat(10));
    });

    for (const [what, then] of [
      ['stops', () => undefined],
      ['is cut off', ({ socket }: RawRequest) => socket.end()],
    ] as const) {
      it(`fails without our credentials when it ${what}`, async () => {
        answer = (request) => {
          request.socket.write('HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nxxx');
          then(request);
        };
        const auth = { kind: 'bearer', token: 'the-secret-token' } as const;
        const timeout = 1_000;
        const { body } = await client({ timeout, auth }).request({ ...GET, as: 'stream' });
        await assert.rejects(textOf(body), (error: Error) => {
          assert.ok(!JSON.stringify(error, Object.getOwnPropertyNames(error)).includes('the-secret-token'));
          return true;
        });
      });
    }

    it('is not read faster than it is consumed, and its connection is closed if it is not wanted any more', async () => {
      const part = Buffer.alloc(1_000_000, 'x');
      answer = ({ socket }) => {
        socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${100 * part.length}\r\n\r\n`);
        for (let n = 0; n < 100; n++) socket.write(part);
      };
      const { body } = await client().request({ ...GET, as: 'stream' });
      const socket = server.sockets.at(-1)!;
      await until('the sender to be held back', () => socket.writableLength > 50_000_000);
      body.destroy();
      await until('the connection to be closed', () => socket.destroyed);
    });

    it('frees its slot, and fails when the endpoint closes', async () => {
      answer = write('HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nxxx');
      const made = client({ concurrency: 1 });
      const { body } = await made.request({ ...GET, as: 'stream' });
      body.destroy();
      const next = await made.request({ ...GET, as: 'stream' });
      made.close();
      await assert.rejects(textOf(next.body), { code: 'ERR_CANCELED' });
    });
  });
});
