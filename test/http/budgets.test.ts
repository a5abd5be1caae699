import assert from 'node:assert/strict';
import { Readable } from 'node:stream';
import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib';
import { ERROR_BYTES, HEADER_BYTES, REDIRECTS, SIGN_IN_BYTES, UNPACK } from '../../src/budgets.js';
import { Collected } from '../../src/http/collected.js';
import type { Auth, HttpOptions, HttpRequest } from '../../src/http/http.js';
import { answerText, type RawRequest, type RawServer, rawServer } from './raw-server.js';
import { failureOf, TestClients } from './server.js';

const GET = { method: 'GET', path: '/', what: 'read' } as const;
const FILE = { ...GET, as: 'stream', what: 'download' } as const;
const OAUTH = (url: string): Auth => ({
  kind: 'oauthClientCredentials',
  tokenUrl: `${url}/token`,
  clientId: 'id',
  clientSecret: 'secret',
});

/** Time-outs of clients that are to run out, and one that is shorter than the transfer, milliseconds. */
const BRIEF = 100;
const GRACE = 1_000;

describe('a partner that answers too much', () => {
  const zeros = Buffer.alloc(32 * 1024 * 1024);
  const bombs = { gzip: gzipSync(zeros), deflate: deflateSync(zeros), br: brotliCompressSync(zeros) };
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
  /** Goes on writing until the client closes the connection. */
  const endless =
    (head: string, piece: string, every = 0) =>
    ({ socket }: RawRequest) => {
      socket.write(head);
      const more = () => {
        if (socket.destroyed) return;
        if (every > 0) socket.write(piece, () => setTimeout(more, every));
        else socket.write(piece.repeat(1000), () => setImmediate(more));
      };
      more();
    };
  const handedOn = async (body: Readable) => {
    let bytes = 0;
    try {
      for await (const chunk of body) bytes += (chunk as Buffer).length;
    } catch (error) {
      return { bytes, error: error as NodeJS.ErrnoException };
    }
    return { bytes };
  };

  for (const [coding, bomb] of Object.entries(bombs)) {
    it(`of which little comes over the wire (${coding}) is refused in words`, async () => {
      answer = ({ socket }) => socket.write(answerText(bomb, [`Content-Encoding: ${coding}`]));
      const error = await failure(GET);
      assert.deepEqual([error.code, error.retry], ['SWB_TOO_LARGE', false]);
      assert.match(error.message, /^Acme: read \(GET \/\) returned an answer that unpacks to more than 200 times its size\./);
    });

    it(`as a file (${coding}) is ended early, and hands on little more than where the ratio counts`, async () => {
      answer = ({ socket }) => socket.write(answerText(bomb, [`Content-Encoding: ${coding}`]));
      const { bytes, error } = await handedOn((await client().request(FILE)).body);
      assert.match(error?.message ?? '', /^unpacks to more than 200 times/);
      assert.ok(bytes < Math.max(UNPACK.from, UNPACK.ratio * bomb.length) + 1024 * 1024, String(bytes));
    });
  }

  it('of which less than 10 KB comes over the wire is refused before it is parsed', async () => {
    const small = gzipSync(`{"result":[${'{},'.repeat(3_300_000)}{}]}`);
    answer = ({ socket }) => socket.write(answerText(small, ['Content-Encoding: gzip']));
    const { code, message } = await failure(GET);
    assert.ok(small.length < 10_000);
    assert.deepEqual([code, /unpacks to more than 200 times/.test(message)], ['SWB_TOO_LARGE', true]);
  });

  it('with chained codings is not unpacked', async () => {
    const twice = gzipSync(bombs.gzip);
    answer = ({ socket }) => socket.write(answerText(twice, ['Content-Encoding: gzip, gzip']));
    assert.equal((await handedOn((await client().request(FILE)).body)).bytes, twice.length);
    assert.match((await failure(GET)).message, /a body that is not valid JSON/);
  });

  it('a byte in each chunk takes no more memory than its size', () => {
    const content = new Collected();
    for (let n = 0; n < 100_000; n++) content.add(Buffer.from('1'));
    const { blocks, recent } = content as unknown as { blocks: Buffer[]; recent: Buffer[] };
    assert.ok(blocks.length + recent.length < 1_000);
    assert.equal(content.text(), '1'.repeat(100_000));
  });

  it('byte by byte, and is never silent, runs out of time', async () => {
    answer = endless('HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n', ' ', 5);
    assert.match((await failure(GET, { timeout: BRIEF })).message, /got no response: the request timed out/);
  });

  it('byte by byte as a file is cut off, where a steady one may take its time', async () => {
    const head = 'HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n';
    answer = endless(head, 'x', 5);
    const slow = await client({ filePace: { grace: 100, rate: 10_000 } }).request(FILE);
    assert.equal((await handedOn(slow.body)).error?.code, 'ECONNABORTED');
    answer = ({ socket }) => {
      socket.write(`${head}${'x'.repeat(99_999)}`);
      setTimeout(() => socket.write('x'), 300);
    };
    const steady = await client({ filePace: { grace: 100, rate: 100 } }).request(FILE);
    assert.deepEqual(await handedOn(steady.body), { bytes: 100_000 });
  });

  it('gets a file for as long as its bytes may take', async () => {
    answer = ({ socket, body }) => body.length === 100_001 && socket.write(answerText('{}'));
    const file = Readable.from(
      (async function* () {
        yield Buffer.alloc(100_000);
        await new Promise((resolve) => setTimeout(resolve, 1_500));
        yield Buffer.alloc(1);
      })(),
    );
    const headers = { 'Content-Length': '100001' };
    const request = { method: 'POST', path: '/', headers, body: file, what: 'attach' } as const;
    assert.equal((await client({ timeout: GRACE }).request(request)).status, 200);
  });

  for (const request of [GET, FILE])
    it(`to a failed request to ${request.what} is read so far that the failure can be told`, async () => {
      answer = endless('HTTP/1.1 500 Oops\r\nTransfer-Encoding: chunked\r\n\r\n3e8\r\n', `${'x'.repeat(1000)}\r\n3e8\r\n`);
      const { status, answer: text = '' } = await failure(request);
      assert.equal(status, 500);
      assert.ok(text.length > 0 && text.length <= ERROR_BYTES);
    });

  it('to a failed download, byte by byte, runs out of time', async () => {
    answer = endless('HTTP/1.1 500 Oops\r\nContent-Length: 1000000\r\n\r\n', 'x', 5);
    assert.match((await failure(FILE, { timeout: BRIEF })).message, /the request timed out/);
  });

  for (const [what, head] of [
    ['headers', 'HTTP/1.1 200 OK\r\n'],
    ['trailers', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n'],
  ] as const)
    it(`in ${what} without an end is refused in words`, async () => {
      answer = endless(head, 'X-A: b\r\n');
      const { message, code } = await failure(GET);
      assert.equal(code, 'SWB_PARTNER_UNAVAILABLE');
      assert.ok(message.includes(`the headers of the answer are larger than ${HEADER_BYTES / 1024} KB`), message);
    });

  it('in redirects without an end is not followed for ever', async () => {
    let asked = 0;
    answer = ({ socket }) => socket.write(answerText('', [`Location: /${++asked}`], '302 Found'));
    const { status, code } = await failure(GET);
    assert.deepEqual([status, code, asked], [302, 'SWB_PARTNER_REFUSED', REDIRECTS + 1]);
  });

  const deep = '['.repeat(200_000) + ']'.repeat(200_000);
  it('nested too deep is refused in words, whatever its status', async () => {
    answer = ({ socket }) => socket.write(answerText(deep));
    assert.match((await failure(GET)).message, /nested more than 100 levels deep/);
    answer = ({ socket }) => socket.write(answerText(deep.slice(100_000, -100_000), [], '400 Bad Request'));
    const { code, body } = await failure(GET);
    assert.deepEqual([code, body], ['SWB_PARTNER_REFUSED', undefined]);
  });

  for (const [what, body, words] of [
    [
      'large',
      JSON.stringify({ access_token: 'x'.repeat(SIGN_IN_BYTES) }),
      /Signing in returned an answer that is larger than 256 KB/,
    ],
    ['deep', `{"error":${deep.slice(150_000, -150_000)}}`, /The token endpoint returned 200 without a token/],
  ] as const)
    it(`for a token (${what}) is the trouble of the endpoint, not of one record`, async () => {
      answer = ({ socket }) => socket.write(answerText(body));
      const error = await failure(GET, { auth: OAUTH(server.url) });
      assert.deepEqual([error.code, error.retry, error.concernsRecord], ['SWB_PARTNER_AUTH', true, false]);
      assert.match(error.message, words);
    });
});
