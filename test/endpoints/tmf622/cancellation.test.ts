import assert from 'node:assert/strict';
import type { Profile } from '../../../src/endpoints/tmf/dialect.js';
import { createTmf622Client } from '../../../src/endpoints/tmf622/client.js';
import type { HttpAnswer, HttpClient, HttpRequest } from '../../../src/http/http.js';

const TYPE = 'productOrder';
const CANCEL = { state: 'cancelled', cancellationReason: 'Moved' };
const task = (id: string, order: string, state = 'acknowledged') => ({ id, state, productOrder: { id: order } });

/** A provider with one order, and whatever a test says about its cancellations. */
class Provider {
  order = { id: 'PO-1', state: 'inProgress' };
  answer: Partial<HttpAnswer> = {};
  tasks: Partial<HttpAnswer> = { body: [] };
  /** The result of a cancellation request. */
  does: () => void = () => undefined;
  posts = 0;

  client(profile: Profile = 'standard') {
    const http = {
      name: 'North',
      baseUrl: '',
      signsIn: false,
      request: (r: HttpRequest) => this.request(r),
      mask: (text: string) => text,
      close() {},
    };
    return createTmf622Client({
      id: 'p',
      name: 'North',
      http: http as unknown as HttpClient,
      version: 'v4',
      profile,
      arrayMode: 'replace',
      clock: Date.now,
    });
  }

  private async request({ method, path }: HttpRequest): Promise<HttpAnswer> {
    const of = (given: Partial<HttpAnswer>) => ({ status: 200, headers: {}, body: undefined, ...given });
    if (!/cancelproductorder$/i.test(path)) return of({ body: { ...this.order } });
    if (method === 'GET') return of(this.tasks);
    this.posts++;
    this.does();
    return of(this.answer);
  }
}

describe('a cancellation that is answered with a success', () => {
  let provider: Provider;
  beforeEach(() => {
    provider = new Provider();
  });
  const cancel = (profile?: Profile) => provider.client(profile).update(TYPE, 'PO-1', CANCEL);
  const job = { status: 201, body: { id: 'job-1' } };

  const NO_PROOF: Record<string, Partial<HttpAnswer>> = {
    'without a body': { status: 204 },
    'with a 202': { status: 202 },
    'with a job': job,
    'with a task for another order': { status: 201, body: task('c1', 'PO-2') },
    'with the order as it was': { body: { id: 'PO-1', state: 'inProgress' } },
  };
  for (const [what, answer] of Object.entries(NO_PROOF)) {
    it(`${what} is not proven: it is looked for, and not requested again without a person`, async () => {
      provider.answer = answer;
      await assert.rejects(cancel(), { code: 'SWB_PARTNER_ANSWER', outcome: 'unknown', notVisible: true });
    });

    it(`${what} is done where the order shows it`, async () => {
      provider.answer = answer;
      provider.does = () => {
        provider.order.state = 'pendingCancellation';
      };
      assert.equal(((await cancel()).entity.order as { state: string }).state, 'pendingCancellation');
    });
  }

  it('with a task for the order is done, whatever the status', async () => {
    for (const status of [200, 201, 202]) {
      provider.answer = { status, body: task('c1', 'PO-1') };
      assert.deepEqual((await cancel()).entity.cancel, task('c1', 'PO-1'));
    }
  });

  it('is done where the list has an open task for the order, or the one in the answer', async () => {
    provider.answer = job;
    for (const found of [task('c1', 'PO-1'), task('job-1', 'PO-1', 'done')]) {
      provider.does = () => {
        provider.tasks = { body: [task('c0', 'PO-2'), found] };
      };
      provider.tasks = { body: [] };
      assert.deepEqual((await cancel()).entity.cancel, found);
    }
  });

  it('by ServiceNow, whose tasks cannot be read, is done with a task that names no other order', async () => {
    provider.answer = { status: 201, body: { id: 'c1', state: 'acknowledged' } };
    assert.deepEqual((await cancel('servicenow')).entity.cancel, provider.answer.body);
    for (const answer of [{ status: 204 }, { status: 201, body: task('c1', 'PO-2') }, { body: provider.order }]) {
      provider.answer = answer;
      await assert.rejects(cancel('servicenow'), { notVisible: true });
    }
  });
});

describe('a cancellation whose answer was lost', () => {
  const found = (provider: Provider) => provider.client().findCancellation?.(TYPE, 'PO-1');

  it('is found by the order’s state, or by an open task', async () => {
    const provider = new Provider();
    assert.equal(await found(provider), false);
    provider.tasks = { body: [task('c1', 'PO-1', 'inProgress')] };
    assert.equal(await found(provider), true);
    provider.tasks = { body: [task('c1', 'PO-1', 'terminatedWithError'), task('c2', 'PO-2')] };
    assert.equal(await found(provider), false);
    provider.order.state = 'cancelled';
    assert.equal(await found(provider), true);
  });

  it('is not found where the list says that it is incomplete', async () => {
    const provider = new Provider();
    provider.tasks = { body: [], headers: { 'x-total-count': '1' } };
    assert.equal(await found(provider), false);
    assert.equal(provider.posts, 0);
  });
});
