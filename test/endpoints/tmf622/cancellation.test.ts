import assert from 'node:assert/strict';
import type { Profile } from '../../../src/endpoints/tmf/dialect.js';
import { createTmf622Client } from '../../../src/endpoints/tmf622/client.js';
import type { CancelBy } from '../../../src/endpoints/tmf622/dialect.js';
import { PartnerError } from '../../../src/errors.js';
import type { HttpAnswer, HttpClient, HttpRequest } from '../../../src/http/http.js';
import type { Json } from '../../../src/model/message.js';

const TYPE = 'productOrder';
const CANCEL = { state: 'cancelled', cancellationReason: 'Moved' };
const task = (id: string, order: string, state = 'acknowledged') => ({ id, state, productOrder: { id: order } });

/** A provider with one order, and whatever a test says about its cancellations. */
class Provider {
  order: Record<string, Json> | undefined = { id: 'PO-1', state: 'inProgress' };
  answer: Partial<HttpAnswer> = {};
  tasks: Partial<HttpAnswer> = { body: [] };
  /** The result of a cancellation request. */
  does: () => void = () => undefined;
  posts = 0;
  /** What was written to the order: by PATCH, or 'DELETE'. */
  readonly writes: (Record<string, Json> | 'DELETE')[] = [];
  /** The status with which a method of the order, or of the cancellations, is refused. */
  refuses: Partial<Record<'PATCH' | 'DELETE' | 'POST' | 'GET', number>> = {};
  reason = 'Past the point of no return';
  by?: CancelBy;

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
      clock: () => Date.parse('2026-03-01T08:00:00Z'),
      ...(this.by && { cancelBy: this.by }),
    });
  }

  private async request({ method, path, body }: HttpRequest): Promise<HttpAnswer> {
    const of = (given: Partial<HttpAnswer>) => ({ status: 200, headers: {}, body: undefined, ...given });
    const isOfTasks = /cancelproductorder$/i.test(path);
    const refused = this.refuses[method as 'PATCH'];
    if (refused !== undefined && (isOfTasks || method !== 'GET')) throw this.refusal(refused);
    if (isOfTasks && method === 'GET') return of(this.tasks);
    if (isOfTasks) this.posts++;
    if (!isOfTasks && !this.order) throw this.refusal(404);
    if (method === 'PATCH') this.writes.push(JSON.parse(String(body)));
    if (method === 'DELETE') this.writes.push('DELETE');
    if (method !== 'GET') this.does();
    if (method === 'DELETE') return of({ status: 204, ...this.answer });
    return isOfTasks ? of(this.answer) : of({ body: { ...this.order } });
  }

  private refusal(status: number): PartnerError {
    const body = { code: String(status), reason: this.reason };
    return new PartnerError(status === 404 ? 'SWB_PARTNER_NOT_FOUND' : 'SWB_PARTNER_REFUSED', `answered ${status}`, {
      status,
      body,
      answer: JSON.stringify(body),
      outcome: 'notDone',
      retry: false,
    });
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
        provider.order = { id: 'PO-1', state: 'pendingCancellation' };
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

  it('is answered where the list has an open task for the order, or the refused one in the answer', async () => {
    provider.answer = job;
    for (const found of [task('c1', 'PO-1'), task('job-1', 'PO-1', 'rejected')]) {
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
    assert.equal(await found(provider), undefined);
    provider.tasks = { body: [task('c1', 'PO-1', 'inProgress')] };
    assert.equal(await found(provider), 'requested');
    provider.tasks = { body: [task('c1', 'PO-1', 'terminatedWithError'), task('c2', 'PO-2')] };
    assert.equal(await found(provider), undefined);
    provider.order = { id: 'PO-1', state: 'cancelled' };
    assert.equal(await found(provider), 'requested');
  });

  it('is not found where the list says that it is incomplete', async () => {
    const provider = new Provider();
    provider.tasks = { body: [], headers: { 'x-total-count': '1' } };
    assert.equal(await found(provider), undefined);
    assert.equal(provider.posts, 0);
  });

  it('is found by the absence of the order, where orders are deleted to cancel them', async () => {
    const provider = new Provider();
    provider.order = undefined;
    await assert.rejects(found(provider) as Promise<unknown>, { code: 'SWB_PARTNER_NOT_FOUND' });
    provider.by = 'delete';
    assert.equal(await found(provider), 'deleted');
  });

  it('is found by the note that asks for it, until somebody has answered', async () => {
    const provider = new Provider();
    provider.by = 'note';
    const text = 'Cancellation requested by Switchboard: please cancel this order. Reason: Moved';
    const asked = { id: 'n1', text, date: '2026-03-01T08:00:00Z' };
    provider.order = { id: 'PO-1', state: 'inProgress', note: [asked] };
    assert.equal(await found(provider), 'requested');
    provider.order = { ...provider.order, note: [{ id: 'n2', text: 'No.', date: '2026-03-01T09:00:00Z' }, asked] };
    assert.equal(await found(provider), undefined);
  });
});

describe('a cancellation request whose task has ended', () => {
  const cancelled = async (state: string, order: string) => {
    const provider = new Provider();
    provider.answer = { status: 201, body: task('c1', 'PO-1', state) };
    provider.does = () => {
      provider.order = { id: 'PO-1', state: order };
    };
    return provider.client().update(TYPE, 'PO-1', CANCEL);
  };

  it('is no proof where the order goes on', async () => {
    await assert.rejects(cancelled('done', 'inProgress'), {
      notVisible: true,
      message: /as done, but the order does not show it/,
    });
  });

  it('is done where the order is cancelled, or was completed before', async () => {
    for (const state of ['cancelled', 'pendingCancellation', 'completed'])
      assert.deepEqual((await cancelled('done', state)).entity.order, { id: 'PO-1', state });
  });

  it('as rejected or with an error is refused', async () => {
    for (const state of ['rejected', 'terminatedWithError']) assert.equal((await cancelled(state, 'inProgress')).refused, '');
  });
});

describe('a provider without cancellation requests', () => {
  for (const status of [404, 405, 501])
    it(`that answers ${status} is for a person, with the setting to change`, async () => {
      const provider = new Provider();
      provider.refuses = { POST: status, GET: status };
      await assert.rejects(provider.client().update(TYPE, 'PO-1', CANCEL), {
        name: 'DecisionError',
        kind: 'cancelling',
        message: /no cancellation requests: .*cancelProductOrder was answered \d+\..*Cancel orders by in the endpoint/,
      });
    });

  it('is not meant by a 404 for the order', async () => {
    const provider = new Provider();
    provider.refuses = { POST: 404 };
    await assert.rejects(provider.client().update(TYPE, 'PO-1', CANCEL), { code: 'SWB_PARTNER_NOT_FOUND' });
  });

  it('is known by ServiceNow’s words, which come with a 400', async () => {
    const provider = new Provider();
    provider.refuses = { POST: 400 };
    provider.reason = 'Requested URI does not represent any resource';
    await assert.rejects(provider.client('servicenow').update(TYPE, 'PO-1', CANCEL), { kind: 'cancelling' });
  });
});

describe('an order that is cancelled by its state', () => {
  const setUp = () => Object.assign(new Provider(), { by: 'state' as const });
  const cancel = (provider: Provider) => provider.client().update(TYPE, 'PO-1', CANCEL);

  it('gets it in a PATCH, with the reason', async () => {
    const provider = setUp();
    provider.does = () => {
      provider.order = { id: 'PO-1', state: 'cancelled' };
    };
    assert.equal(((await cancel(provider)).entity.order as { state: string }).state, 'cancelled');
    assert.deepEqual(provider.writes, [CANCEL]);
    assert.equal(provider.posts, 0);
  });

  it('is not proven to be cancelled where it goes on', async () => {
    await assert.rejects(cancel(setUp()), { notVisible: true });
  });

  it('may be refused, with the reason', async () => {
    const provider = setUp();
    provider.refuses = { PATCH: 409 };
    assert.equal((await cancel(provider)).refused, provider.reason);
  });

  it('is for a person where there is no PATCH', async () => {
    const provider = setUp();
    provider.refuses = { PATCH: 405 };
    await assert.rejects(cancel(provider), { kind: 'cancelling', message: /way of cancelling that is set/ });
  });
});

describe('an order that is cancelled by deleting it', () => {
  const setUp = () => Object.assign(new Provider(), { by: 'delete' as const });
  const cancel = (provider: Provider) => provider.client().update(TYPE, 'PO-1', CANCEL);

  it('is gone, and counts as cancelled', async () => {
    const provider = setUp();
    provider.does = () => {
      provider.order = undefined;
    };
    const written = await cancel(provider);
    assert.deepEqual([written.deleted, written.entity.order], [true, { id: 'PO-1', state: 'cancelled' }]);
    assert.deepEqual(provider.writes, ['DELETE']);
  });

  it('is to be deleted later after a 202', async () => {
    const provider = setUp();
    provider.answer = { status: 202 };
    assert.deepEqual([(await cancel(provider)).undecided, provider.writes.length], [true, 1]);
  });

  it('is not proven to be deleted where it is still there', async () => {
    await assert.rejects(cancel(setUp()), { notVisible: true, message: /still shows it/ });
  });

  it('may be refused, or is for a person where there is no DELETE', async () => {
    const provider = setUp();
    provider.refuses = { DELETE: 403 };
    assert.equal((await cancel(provider)).refused, provider.reason);
    provider.refuses = { DELETE: 405 };
    await assert.rejects(cancel(provider), { kind: 'cancelling' });
  });
});

describe('an order that a person at the provider cancels', () => {
  const setUp = () => {
    const provider = Object.assign(new Provider(), { by: 'note' as const });
    provider.order = {
      id: 'PO-1',
      state: 'inProgress',
      note: [],
      productOrderItem: [
        { id: '1', action: 'add' },
        { id: '2', action: 'add' },
      ],
    };
    provider.does = () => {
      provider.order = { ...provider.order, ...(provider.writes.at(-1) as Record<string, Json>) };
    };
    return provider;
  };
  const texts = ({ order }: Provider) => ((order?.note ?? []) as { text: string }[]).map(({ text }) => text);

  it('gets a note, once, and stays undecided', async () => {
    const provider = setUp();
    for (let i = 0; i < 2; i++) assert.equal((await provider.client().update(TYPE, 'PO-1', CANCEL)).undecided, true);
    assert.deepEqual(texts(provider), ['Cancellation requested by Switchboard: please cancel this order. Reason: Moved']);
    assert.equal(provider.posts, 0);
  });

  it('gets a note about items too, and other changes in a PATCH', async () => {
    const provider = setUp();
    const productOrderItem: Json = [
      { id: '1', action: 'add', quantity: 2 },
      { id: '2', state: 'cancelled', productOffering: { id: 'S', name: 'SIM' } },
    ];
    const written = await provider.client().update(TYPE, 'PO-1', { productOrderItem });
    assert.equal(written.undecided, true);
    assert.deepEqual(texts(provider), ['Cancellation requested by Switchboard: please cancel item 2 (SIM) of this order.']);
    assert.deepEqual(provider.writes.at(-1), {
      productOrderItem: [
        { id: '1', action: 'add', quantity: 2 },
        { id: '2', action: 'add' },
      ],
    });
  });

  it('does not show the note as a comment of the provider', async () => {
    const provider = setUp();
    const client = provider.client();
    await client.update(TYPE, 'PO-1', CANCEL);
    assert.deepEqual(client.parse(await client.read(TYPE, 'PO-1')).comments, []);
  });
});

describe('an item that is cancelled', () => {
  const item = (more: Record<string, Json>) => ({
    id: '2',
    action: 'delete',
    productOffering: { id: 'S' },
    product: { productSpecification: { id: 'P' } },
    ...more,
  });
  const setUp = () => {
    const provider = new Provider();
    provider.order = { id: 'PO-1', state: 'in_progress', productOrderItem: [item({ action: 'add', state: 'in_progress' })] };
    return provider;
  };
  const cancel = (provider: Provider, profile: Profile, more: Record<string, Json> = {}) =>
    provider.client(profile).update(TYPE, 'PO-1', { productOrderItem: [item({ state: 'cancelled' })], ...more });

  it('at ServiceNow is revised, with the action of its create and without a state', async () => {
    const provider = setUp();
    const written = await cancel(provider, 'servicenow');
    assert.deepEqual(provider.writes, [{ productOrderItem: [item({ action: 'add', revisionOperation: 'cancel' })] }]);
    assert.deepEqual(written.dropped, []);
  });

  it('is cancelled by its state elsewhere', async () => {
    const provider = setUp();
    await cancel(provider, 'standard').catch(() => undefined);
    const [body] = provider.writes as { productOrderItem: Record<string, Json>[] }[];
    assert.deepEqual([body?.productOrderItem[0]?.state, body?.productOrderItem[0]?.revisionOperation], ['cancelled', undefined]);
  });

  it('may be refused, which is an answer', async () => {
    const provider = setUp();
    provider.refuses = { PATCH: 400 };
    for (const profile of ['servicenow', 'standard'] as const)
      assert.equal((await cancel(provider, profile)).refused, provider.reason);
  });

  it('is a failure where something else is changed with it', async () => {
    const provider = setUp();
    provider.refuses = { PATCH: 400 };
    await assert.rejects(cancel(provider, 'servicenow', { description: 'x' }), { code: 'SWB_PARTNER_REFUSED' });
  });
});

describe('the decision about a cancellation', () => {
  const client = new Provider().client();
  const parsed = (state: string, order: string, more: Record<string, Json> = {}) => {
    const { cancellation, comments } = client.parse({
      order: { id: 'PO-1', state: order },
      cancel: { ...task('c1', 'PO-1', state), ...more },
    });
    return [cancellation?.state, cancellation?.reason, comments.map(({ text }) => text).join()];
  };

  it('to refuse it is passed on, with the reason', () => {
    const words = 'Cancellation refused: Too late.';
    assert.deepEqual(parsed('rejected', 'inProgress', { reason: 'Too late' }), ['refused', 'Too late', words]);
    assert.deepEqual(parsed('terminatedWithError', 'inProgress'), ['refused', undefined, 'Cancellation refused.']);
  });

  it('to do it is passed on where the order goes on all the same', () => {
    assert.deepEqual(parsed('done', 'inProgress'), [
      'withoutEffect',
      undefined,
      'Cancellation confirmed, but the order is not cancelled.',
    ]);
    for (const order of ['cancelled', 'pendingCancellation', 'completed']) assert.equal(parsed('done', order)[0], undefined);
  });

  it('is open as long as its task is', () => {
    for (const state of ['acknowledged', 'inProgress']) assert.equal(parsed(state, 'inProgress')[0], undefined);
  });
});

describe('a poll', () => {
  it('finds a cancellation that was refused after it had been accepted, and asks for none where there is none', async () => {
    const provider = new Provider();
    provider.order = { id: 'PO-1', state: 'assessingCancellation' };
    let lists = 0;
    const client = provider.client();
    const http = (client as unknown as { http: HttpClient }).http as { request: (r: HttpRequest) => Promise<HttpAnswer> };
    const { request } = http;
    http.request = async (r) => {
      if (/cancelProductOrder$/.test(r.path) && r.query?.offset === 0) lists++;
      if (r.method !== 'GET' || !/productOrder$/.test(r.path)) return request(r);
      const ours = { ...provider.order, externalId: 'SWB-TEST00000001/north', orderDate: '2026-03-01T08:00:00Z' };
      return { status: 200, headers: {}, body: (r.query?.offset ?? 0) === 0 ? [ours] : [] };
    };
    provider.tasks = { body: [task('c1', 'PO-1', 'acknowledged')] };
    const first = await client.poll(TYPE, undefined);
    assert.deepEqual([first.hints.length, lists], [0, 1]);
    provider.tasks = { body: [{ ...task('c1', 'PO-1', 'rejected'), reason: 'Too late' }] };
    const second = await client.poll(TYPE, first.cursor);
    const [hint] = second.hints.filter(({ event }) => event);
    assert.deepEqual([hint?.id, lists], ['PO-1', 2]);
    const raw = await client.readForEvent(TYPE, 'PO-1', hint!.payload);
    assert.equal(client.parse(raw).cancellation?.reason, 'Too late');
    const third = await client.poll(TYPE, second.cursor);
    assert.deepEqual([third.hints, lists], [[], 2]);
  });
});
