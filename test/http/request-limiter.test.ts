import assert from 'node:assert/strict';
import { RateLimit, type RequestKind, RequestLimiter } from '../../src/http/request-limiter.js';

/** The kinds of requests in the order in which they start; each is over as soon as it has started. */
async function started(concurrency: number, given: readonly RequestKind[]): Promise<RequestKind[]> {
  const limiter = new RequestLimiter(concurrency, new RateLimit(0, () => 0));
  const order: RequestKind[] = [];
  await Promise.all(
    given.map(async (kind) => {
      const release = await limiter.acquire(kind);
      order.push(kind);
      release();
    }),
  );
  return order;
}

const many = (kind: RequestKind, count: number) => Array.from({ length: count }, () => kind);

describe('the limit of requests to one partner', () => {
  for (const concurrency of [1, 2, 8])
    it(`lets changes and reads take turns, ${concurrency} at once`, async () => {
      const order = await started(concurrency, [...many('read', 100), ...many('change', 10)]);
      const last = order.lastIndexOf('change');
      assert.ok(last <= 2 * 10 + concurrency, `the last of 10 changes was number ${last + 1} of ${order.length}`);
    });

  it('lets reads take turns with many changes', async () => {
    const order = await started(1, [...many('change', 100), ...many('read', 10)]);
    assert.ok(order.lastIndexOf('read') <= 21);
  });

  it('starts all of one kind where no other waits', async () => {
    assert.deepEqual(await started(2, many('read', 5)), many('read', 5));
  });
});
