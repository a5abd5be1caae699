import assert from 'node:assert/strict';
import type { RequestListener } from 'node:http';
import { PartnerError } from '../../src/errors.js';
import type { HttpClient, HttpOptions } from '../../src/http/http.js';
import { createHttpClient } from '../../src/http/http-client.js';
import { PartnerClock } from '../../src/http/partner-clock.js';
import { options, serve, type TestServer } from './server.js';

const MINUTE = 60_000;
const HOUR = 3_600_000;
const header = (time: number) => new Date(time).toUTCString();

describe('a partner’s clock', () => {
  describe('as its answers show it', () => {
    let now: number;
    let elapsed: number;
    let clock: PartnerClock;
    beforeEach(() => {
      now = Date.parse('2026-03-01T10:00:00.000Z');
      elapsed = 5_000;
      clock = new PartnerClock(
        () => now,
        () => elapsed,
      );
    });
    const pass = (milliseconds: number) => {
      now += milliseconds;
      elapsed += milliseconds;
    };
    /** An answer of a partner whose clock is ahead, created in the middle of the round trip by default. */
    const answer = (ahead: number, roundTrip = 0, madeAfter = roundTrip / 2) => {
      const sent = elapsed;
      const date = header(now + madeAfter + ahead);
      pass(roundTrip);
      clock.update({ date }, sent);
    };
    const near = (expected: number) => {
      const { ahead } = clock;
      assert.ok(ahead !== undefined && Math.abs(ahead - expected) <= 500, `${ahead}, not ${expected}`);
    };

    it('is not known before the first answer', () => {
      assert.equal(clock.ahead, undefined);
    });

    it('is known to half a second, at any moment within a second', () => {
      for (const ahead of [0, 250, 999, 7 * MINUTE, -3 * HOUR, -3 * HOUR - 400]) {
        answer(ahead);
        near(ahead);
        pass(730);
        near(ahead);
      }
    });

    it('is taken from the answer with the shortest round trip', () => {
      answer(7 * MINUTE, 40);
      answer(7 * MINUTE, 20_000, 19_000);
      answer(7 * MINUTE, 8_000, 100);
      near(7 * MINUTE + 20);
    });

    it('is measured again after the partner has set it', () => {
      answer(7 * MINUTE, 10);
      answer(0, 900, 450);
      near(0);
    });

    it('is unaffected by a change of our own clock', () => {
      answer(7 * MINUTE);
      now += HOUR;
      near(7 * MINUTE - HOUR);
      answer(7 * MINUTE - HOUR);
      near(7 * MINUTE - HOUR);
    });

    it('is not taken from an invalid date or a cached answer', () => {
      const date = header(now + HOUR);
      const wrong = [
        {},
        { date: 'soon' },
        { date: '5' },
        { date: '' },
        { date: '2026-03-01T10:00:00Z' },
        { date: 'Xxx, 99 Yyy 2026 10:00:00 GMT' },
      ];
      for (const headers of [...wrong, { date, age: '12' }, { date, age: '0' }]) clock.update(headers, elapsed);
      assert.equal(clock.ahead, undefined);
    });
  });

  describe('as a client reports it', () => {
    let server: TestServer;
    let listener: RequestListener;
    let client: HttpClient;
    before(async () => {
      server = await serve((req, res) => listener(req, res));
    });
    after(() => server.close());
    afterEach(() => client.close());

    const dated =
      (date: string | undefined, status = 200, more: Record<string, string> = {}): RequestListener =>
      (_req, res) => {
        res.sendDate = false;
        res
          .writeHead(status, { 'Content-Type': 'application/json', ...(date !== undefined && { Date: date }), ...more })
          .end('{}');
      };
    const ask = async (more: Partial<HttpOptions> = {}) => {
      client = createHttpClient(options(server.url, more));
      await client.request({ method: 'GET', path: '/x', what: 'read' });
      return client.clockAhead;
    };

    for (const [what, by] of [
      ['seven minutes ahead', 7 * MINUTE],
      ['three hours behind', -3 * HOUR],
    ] as const) {
      it(`may be ${what}`, async () => {
        listener = (req, res) => dated(header(Date.now() + by))(req, res);
        const ahead = await ask();
        assert.ok(ahead !== undefined && Math.abs(ahead - by) < 2_000, String(ahead));
      });
    }

    it('is compared with the clock of the client', async () => {
      listener = (req, res) => dated(header(Date.now()))(req, res);
      const ahead = await ask({ clock: () => Date.now() - HOUR });
      assert.ok(ahead !== undefined && Math.abs(ahead - HOUR) < 2_000, String(ahead));
    });

    it('is not known if the header is missing, invalid, or from a cache', async () => {
      for (const wrong of [dated(undefined), dated('yesterday'), dated(header(Date.now()), 200, { Age: '60' })]) {
        listener = wrong;
        assert.equal(await ask(), undefined);
        client.close();
      }
    });

    it('is not taken from a failure, but Retry-After dates use its clock', async () => {
      const theirs = Date.now() + 3 * HOUR;
      listener = dated(header(theirs), 503, { 'Retry-After': header(theirs + MINUTE) });
      const failure = await ask().catch((error) => error);
      assert.ok(failure instanceof PartnerError, String(failure));
      assert.equal(failure.retryAfter, MINUTE);
      assert.equal(client.clockAhead, undefined);
    });
  });
});
