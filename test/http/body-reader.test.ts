import assert from 'node:assert/strict';
import { type ClientRequest, request } from 'node:http';
import type { SwitchboardError } from '../../src/errors.js';
import { BodyReader, type HeldBody } from '../../src/http/body-reader.js';
import { until } from '../live/node-red.js';
import { serve, type TestServer } from './server.js';

const LIMITS = { count: 3, bytes: 10_000, time: 60_000, grace: Number.POSITIVE_INFINITY };

describe('bodies that are read together', () => {
  let now: number;
  let reader: BodyReader;
  let server: TestServer;
  let open: ClientRequest[];
  /** What became of each request, in order of its end. */
  let ends: (HeldBody | SwitchboardError)[];
  const start = async (limits = LIMITS, limit = 8_000) => {
    now = 0;
    ends = [];
    open = [];
    reader = new BodyReader(limits, () => now);
    server = await serve((req, res) => {
      reader.read(req, limit).then(
        (body) => {
          ends.push(body);
          res.end();
        },
        (error) => {
          ends.push(error);
          res.writeHead(400, { Connection: 'close' }).end();
        },
      );
    });
  };
  afterEach(async () => {
    for (const one of open) one.destroy();
    await server.close();
  });
  /** A request of which a part was sent. */
  const begin = (part: string, headers: Record<string, string> = {}) => {
    const req = request(server.url, { method: 'POST', agent: false, headers });
    req.on('error', () => undefined).on('response', (res) => res.resume());
    if (part) req.write(part);
    else req.flushHeaders();
    open.push(req);
    return req;
  };
  const ended = async (count: number) => {
    await until(`${count} requests to end`, () => ends.length >= count);
    return ends[count - 1] as HeldBody & SwitchboardError;
  };
  const held = (count: number) => until(`${count} bodies`, () => reader.load.count === count);

  it('are given as they were sent, and count until they are released', async () => {
    await start();
    const req = begin('one ');
    for (const part of ['two ', 'three']) req.write(part);
    req.end();
    const body = await ended(1);
    assert.equal(body.bytes.toString(), 'one two three');
    assert.deepEqual(reader.load, { count: 1, bytes: 13 });
    body.release();
    body.release();
    assert.deepEqual(reader.load, { count: 0, bytes: 0 });
  });

  it('of more bytes than one may have are refused: announced at once, others when they reach it', async () => {
    await start();
    begin('', { 'Content-Length': '8001' });
    assert.equal((await ended(1)).code, 'SWB_TOO_LARGE');
    begin('x'.repeat(8001));
    assert.equal((await ended(2)).code, 'SWB_TOO_LARGE');
    assert.equal(reader.load.count, 0);
  });

  it('are not read where there are too many', async () => {
    await start();
    for (let i = 0; i < 3; i++) begin('x');
    await held(3);
    begin('', { 'Content-Length': '1' });
    assert.equal((await ended(1)).code, 'SWB_BUSY');
  });

  it('are not read where they are too many bytes', async () => {
    await start();
    begin('', { 'Content-Length': '8000' });
    await held(1);
    begin('', { 'Content-Length': '2001' });
    assert.equal((await ended(1)).code, 'SWB_BUSY');
    begin('x'.repeat(2001));
    assert.equal((await ended(2)).code, 'SWB_BUSY', 'one that did not announce them');
    const fits = begin('', { 'Content-Length': '2000' });
    fits.end('x'.repeat(2000));
    assert.equal((await ended(3)).bytes.length, 2000);
  });

  it('may have more bytes than all together if there is no other', async () => {
    await start({ ...LIMITS, bytes: 100 });
    begin('x'.repeat(5000)).end();
    assert.equal((await ended(1)).bytes.length, 5000);
  });

  it('that drip end after their time, with 408', async () => {
    await start({ ...LIMITS, time: 30 });
    begin('x', { 'Content-Length': '100' });
    const error = (await ended(1)) as SwitchboardError & { status?: number };
    assert.equal(error.status, 408);
    assert.match(error.message, /did not arrive within 0.03 s/);
  });

  it('that drip give way to new ones, where anyone may send them', async () => {
    await start({ ...LIMITS, grace: 1_000 });
    for (let i = 0; i < 3; i++) begin('x', { 'Content-Length': '100' });
    await held(3);
    begin('x', { 'Content-Length': '1' });
    assert.equal((await ended(1)).code, 'SWB_BUSY', 'not before their time');
    now = 1_000;
    begin('x', { 'Content-Length': '1' }).end();
    const results = [await ended(2), await ended(3)];
    assert.deepEqual(
      results.map((one) => (one as { status?: number }).status ?? one.bytes?.toString()),
      [408, 'x'],
    );
  });

  it('that are cut off are no bodies', async () => {
    await start();
    const req = begin('x', { 'Content-Length': '100' });
    await held(1);
    req.destroy();
    assert.equal((await ended(1)).code, 'SWB_PAYLOAD');
    assert.equal(reader.load.count, 0);
  });
});
