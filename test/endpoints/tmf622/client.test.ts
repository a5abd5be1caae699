import assert from 'node:assert/strict';
import { compileMapping, preset } from '../../../src/endpoints/registry.js';
import type { ArrayMode } from '../../../src/endpoints/tmf/dialect.js';
import { createTmf622Client, type Tmf622Client, type Tmf622Options } from '../../../src/endpoints/tmf622/client.js';
import type { PartnerError } from '../../../src/errors.js';
import { createHttpClient } from '../../../src/http/http-client.js';
import type { Json } from '../../../src/model/message.js';
import { type Sandbox, startSandbox } from '../../../src/sandbox/sandbox.js';
import { FULL, orderMessage } from '../../mapping/orders.js';
import { PATIENCE } from '../../patience.js';

const REFERENCE = 'SWB-TEST00000001/north';
const TYPE = 'productOrder';
/** Longer than any test lasts. */
const DURATION = 3_600_000;
type Item = { id: string; state: string; quantity?: number };

let sandbox: Sandbox;
before(async () => {
  sandbox = await startSandbox();
});
after(() => sandbox.close());

function clientOf(version: 'v4' | 'v5', more: Partial<Tmf622Options> = {}): Tmf622Client {
  const { SANDBOX_TMF_CLIENT_ID: clientId = '', SANDBOX_TMF_CLIENT_SECRET: clientSecret = '' } = sandbox.environment;
  return createTmf622Client({
    id: 'p',
    name: 'North',
    http: createHttpClient({
      name: 'North',
      baseUrl: `${sandbox.url}/orders${version.slice(1)}`,
      auth: { kind: 'oauthClientCredentials', tokenUrl: `${sandbox.url}/oauth/token`, clientId, clientSecret },
      timeout: PATIENCE,
      rateLimit: 0,
      concurrency: 8,
    }),
    version,
    profile: 'standard',
    arrayMode: 'replace',
    clock: Date.now,
    ...more,
  });
}

for (const version of ['v4', 'v5'] as const) {
  for (const arrayMode of ['replace', 'append', 'jsonPatch'] as ArrayMode[]) {
    describe(`a TMF622 ${version} provider, lists by ${arrayMode}`, () => {
      const desk = () => sandbox.orders(version);
      let client: Tmf622Client;
      let body: Record<string, Json>;
      before(async () => {
        ({ body } = await compileMapping(preset('tmf622', TYPE, version)).fromGeneric(orderMessage(FULL)));
      });
      beforeEach(() => {
        sandbox.reset();
        desk().listMode = arrayMode === 'append' ? 'append' : 'replace';
        desk().patchRequiresItems = false;
        desk().cancels.decision = 'manual';
        client = clientOf(version, { arrayMode });
      });
      afterEach(() => client.close());
      const create = async () => client.parse((await client.create(TYPE, body, REFERENCE)).entity).source;
      const items = (id: string) => desk().order(id)?.productOrderItem as unknown as Item[];
      const posts = (path: string) => desk().requests.filter((r) => r.method === 'POST' && r.path.endsWith(path)).length;

      it('accepts a create with our reference and our item ids, by which the order is found', async () => {
        const source = await create();
        assert.equal(source.reference, REFERENCE);
        assert.deepEqual(
          items(source.id).map((item) => item.id),
          ['10', '20'],
        );
        const found = await client.find(TYPE, REFERENCE);
        assert.equal(found && client.parse(found).source.id, source.id);
        assert.equal(await client.find(TYPE, 'SWB-TEST00000001'), undefined, 'another leg is another order');
      });

      it('does not receive a create that it would refuse', async () => {
        const { productOrderItem: _, ...lacking } = body;
        await assert.rejects(client.create(TYPE, lacking, REFERENCE), { code: 'SWB_PAYLOAD', message: /productOrderItem/ });
        assert.equal(posts('/productOrder'), 0);
      });

      it('does not receive the state of an item on creation', async () => {
        const given = (body.productOrderItem as Json[]).map((item) => ({ ...(item as object), state: 'cancelled' }));
        const { entity } = await client.create(
          TYPE,
          { ...body, state: 'inProgress', productOrderItem: given as Json },
          REFERENCE,
        );
        assert.equal((entity.order as { state: string }).state, 'acknowledged');
      });

      it('accepts a change of the given attributes, and does not receive those that cannot be changed', async () => {
        const { id } = await create();
        const { dropped } = await client.update(TYPE, id, { description: 'Changed', id: 'other', expectedCompletionDate: null });
        assert.deepEqual([desk().order(id)?.description, dropped], ['Changed', []]);
        assert.equal(items(id).length, 2);
      });

      it('accepts a change of some items, keeps the others, and accepts new ones', async () => {
        const { id } = await create();
        desk().setItemState(id, '20', 'inProgress');
        const [first] = body.productOrderItem as { [name: string]: Json }[];
        const productOrderItem = [
          { ...first, quantity: 5 },
          { ...first, id: '30' },
        ] as Json;
        await client.update(TYPE, id, { productOrderItem }, ['30']);
        assert.deepEqual(
          items(id).map((item) => [item.id, item.quantity, item.state]),
          [
            ['10', 5, 'acknowledged'],
            ['20', 2, 'inProgress'],
            ['30', 1, 'acknowledged'],
          ],
        );
      });

      it('does not receive an item that it does not have and that is not marked as new, because it would be ordered once more', async () => {
        const { id } = await create();
        const [first] = body.productOrderItem as { [name: string]: Json }[];
        for (const added of [undefined, ['40']]) {
          await assert.rejects(client.update(TYPE, id, { productOrderItem: [{ ...first, id: '30' }] as Json }, added), {
            kind: 'items',
            code: 'SWB_PARTNER_ANSWER',
            message: /Items 30 are not in the order, which has the items: 10, 20\. Nothing was written/,
          });
        }
        assert.equal(desk().requests.filter((r) => r.method === 'PATCH').length, 0);
      });

      it('cancels an item by its state', async () => {
        const { id } = await create();
        const changed = (body.productOrderItem as Item[]).map((item) =>
          item.id === '20' ? { ...item, state: 'cancelled' } : item,
        );
        await client.update(TYPE, id, { productOrderItem: changed as unknown as Json });
        assert.deepEqual(
          items(id).map((item) => item.state),
          ['acknowledged', 'cancelled'],
        );
      });

      it('accepts notes, each once, from several writers at the same time', async () => {
        const { id } = await create();
        desk().addNote(id, 'theirs');
        const comments = Array.from({ length: 4 }, (_, i) => ({
          id: `c${i}`,
          text: `words ${i}`,
          author: 'Ann',
          visibility: 'public' as const,
        }));
        await Promise.all(comments.map((comment) => client.comment(TYPE, id, comment)));
        const texts = (desk().order(id)!.note as { text: string }[]).map((n) => n.text).sort();
        assert.deepEqual(texts, ['theirs', ...comments.map((c) => c.text)].sort());
        assert.ok(await client.findComment(TYPE, id, comments[0]!, new Date(0).toISOString()));
        const other = { ...comments[0]!, id: 'other', text: 'never said' };
        assert.equal(await client.findComment(TYPE, id, other, new Date(0).toISOString()), undefined);
      });

      it('receives a cancellation request instead of a PATCH, and only once', async () => {
        const { id } = await create();
        const { entity, dropped } = await client.update(TYPE, id, { state: 'cancelled', cancellationReason: 'Moved' });
        assert.deepEqual(dropped, []);
        const { record, comments } = client.parse(entity);
        assert.deepEqual([record.state, comments], ['assessingCancellation', []]);
        assert.equal(desk().cancels.all()[0]?.cancellationReason, 'Moved');
        await client.update(TYPE, id, { state: 'cancelled' });
        desk().cancels.accept(desk().cancels.all()[0]!.id);
        await client.update(TYPE, id, { state: 'cancelled' });
        assert.equal(posts('/cancelProductOrder'), 1);
        assert.equal(desk().requests.filter((r) => r.method === 'PATCH').length, 0);
      });

      it('that leaves the order as it is until it has decided receives no second cancellation request meanwhile', async () => {
        const { id } = await create();
        await client.update(TYPE, id, { state: 'cancelled' });
        desk().order(id)!.state = 'inProgress'; // as if only the task showed the cancellation
        const { entity, dropped } = await client.update(TYPE, id, { state: 'cancelled' });
        assert.deepEqual([client.parse(entity).comments, dropped], [[], []]);
        assert.equal(posts('/cancelProductOrder'), 1);
      });

      for (const status of [400, 409] as const) {
        it(`may refuse to cancel (${status}): that is no failure, but a comment and the unchanged order`, async () => {
          const { id } = await create();
          desk().cancels.decision = status;
          const { entity, dropped } = await client.update(TYPE, id, { state: 'cancelled', cancellationReason: 'Moved' });
          const { record, comments } = client.parse(entity);
          assert.equal(record.state, 'acknowledged');
          assert.match(comments[0]!.text, /^Cancellation refused: Order .* can no longer be cancelled/);
          assert.deepEqual(
            dropped.map((d) => [d.field, d.sent, d.has]),
            [['state', 'cancelled', 'acknowledged']],
          );
          assert.deepEqual(client.parse(structuredClone(entity)).comments, comments, 'the same words have the same id');
        });
      }

      it('does not support files, and says so', async () => {
        const file = { id: 'f', name: 'plan.pdf', mimeType: 'application/pdf', path: '/none', size: 1, hash: '' };
        await assert.rejects(client.attach(TYPE, 'PO-1', file), { code: 'SWB_PARTNER_REFUSED', message: /plan\.pdf/ });
      });

      it('that answers 201 without a body is read at the location it gives, or searched', async () => {
        desk().faults.add({ method: 'POST', path: '/productOrder', kind: 'no-body', times: 1 });
        const outcome = await client.create(TYPE, body, REFERENCE).catch((error: PartnerError) => error.outcome);
        if (typeof outcome === 'string') assert.equal(outcome, 'unknown');
        assert.ok(await client.find(TYPE, REFERENCE), 'it was made, once');
      });

      it('that only queues an order has it when it shows it: until then it is looked up', async () => {
        desk().behaviours.add({ name: 'queued', ms: DURATION });
        await assert.rejects(create(), { outcome: 'unknown', notVisible: false });
        assert.equal(await client.find(TYPE, REFERENCE), undefined);
        const [{ id = '' } = {}] = desk().queued() as { id?: string }[];
        await assert.rejects(client.update(TYPE, id, { description: 'x' }), {
          code: 'SWB_PARTNER_UNAVAILABLE',
          retry: true,
          outcome: 'notDone',
        });
        desk().release();
        assert.equal(client.parse((await client.find(TYPE, REFERENCE)) ?? {}).source.id, id);
        await client.update(TYPE, id, { state: 'cancelled' });
        assert.equal(desk().order(id)?.state, 'assessingCancellation');
        await assert.rejects(client.read(TYPE, 'PO-none'), { code: 'SWB_PARTNER_NOT_FOUND', retry: false });
      });

      it('that queues an order without naming it has to be searched', async () => {
        desk().behaviours.add({ name: 'eventOnly', ms: DURATION });
        await assert.rejects(client.create(TYPE, body, REFERENCE), { outcome: 'unknown', status: 202 });
        assert.equal(await client.find(TYPE, REFERENCE), undefined);
        desk().release();
        assert.ok(await client.find(TYPE, REFERENCE));
      });

      it('has a hub: registered once, and unregistered; it does not show registrations', async () => {
        const { id = '' } = await client.registerHub('http://127.0.0.1:9/callback/secret');
        assert.equal(desk().events.hubs().length, 1);
        assert.equal(await client.hubExists(id), undefined);
        await client.unregisterHub(id);
        await client.unregisterHub(id);
        assert.equal(desk().events.hubs().length, 0);
      });

      it('reports a cancellation in an event: the order is read, and the task where the event is partial', async () => {
        const { id } = await create();
        await client.update(TYPE, id, { state: 'cancelled' });
        const task = desk().cancels.all()[0]!;
        desk().cancels.refuse(task.id);
        const partial = {
          eventId: 'e1',
          eventType: 'CancelProductOrderStateChangeEvent',
          event: { canccelProductOrder: { id: task.id } },
        };
        const hint = await client.identify(partial);
        assert.deepEqual([hint.entityType, hint.id], [TYPE, id]);
        const { record, comments } = client.parse(await client.readForEvent(TYPE, hint.id, hint.payload));
        assert.equal(record.state, 'acknowledged');
        assert.ok(comments.some((c) => c.id.startsWith(`cancel|${task.id}|`) && c.text.startsWith('Cancellation refused')));
      });

      it('explains the result of the connection test', async () => {
        const checks = await client.test();
        assert.deepEqual(
          checks.filter((c) => c.ok === false),
          [],
        );
        assert.ok(checks.some((c) => /orders/.test(c.name)));
        assert.ok(checks.length >= 4);
      });
    });
  }

  describe(`a TMF622 ${version} provider that is polled`, () => {
    const desk = () => sandbox.orders(version);
    let client: Tmf622Client;
    let body: Record<string, Json>;
    let cursor: Json | undefined;
    before(async () => {
      ({ body } = await compileMapping(preset('tmf622', TYPE, version)).fromGeneric(orderMessage(FULL)));
    });
    beforeEach(async () => {
      sandbox.reset();
      client = clientOf(version);
      cursor = undefined;
    });
    afterEach(() => client.close());
    const step = async () => {
      const result = await client.poll(TYPE, cursor);
      cursor = result.cursor;
      return result.hints.map((hint) => hint.id);
    };
    const tracked = () => Object.keys((cursor as { orders: object }).orders);
    const create = async () => client.parse((await client.create(TYPE, body, REFERENCE)).entity).source.id;

    it('returns each change of our order once: its state, an item’s state, a note', async () => {
      const id = await create();
      assert.deepEqual(await step(), [], 'from now on');
      assert.deepEqual(await step(), []);
      for (const change of [
        () => desk().setState(id, 'inProgress'),
        () => desk().setItemState(id, '10', 'completed'),
        () => desk().addNote(id, 'On our way'),
        () => desk().jeopardy(id, { message: 'late' }),
      ]) {
        change();
        assert.deepEqual(await step(), [id]);
        assert.deepEqual(await step(), []);
      }
    });

    it('needs a dozen requests for 1,000 open orders, whatever has changed', async () => {
      const { externalId } = desk().order(await create()) as Record<string, Json>;
      for (let n = 1; n < 1_000; n++) desk().create({ ...structuredClone(body), externalId });
      await step();
      const ids = desk()
        .orders()
        .map(({ id }) => String(id));
      for (const id of ids.slice(100, 400)) desk().setState(id, 'inProgress');
      desk().requests.length = 0;
      assert.deepEqual((await step()).sort(), ids.slice(100, 400).sort());
      assert.ok(desk().requests.length <= 12, `${desk().requests.length} requests`);
    });

    it('returns an order that was placed since, by whomever, and its changes', async () => {
      await step();
      const id = String(desk().create({ ...body, externalId: undefined }).id);
      assert.deepEqual(await step(), [id]);
      desk().setState(id, 'inProgress');
      assert.deepEqual(await step(), [id]);
    });

    it('returns the end of an order, and forgets orders that no longer change', async () => {
      const id = await create();
      await step();
      desk().setState(id, 'completed');
      assert.deepEqual(await step(), [id]);
      assert.deepEqual(await step(), []);
      assert.deepEqual(tracked(), [id], 'it may still change');
      const order = desk().order(id) as Record<string, Json>;
      for (const [name, value] of Object.entries(order))
        if (typeof value === 'string' && /date/i.test(name)) order[name] = '2020-01-01T00:00:00.000Z';
      order.note = [];
      await step();
      assert.deepEqual(await step(), []);
      assert.deepEqual(tracked(), []);
    });

    it('returns an order whose times are hours behind the clock and name no time zone', async () => {
      const local = () => new Date(Date.now() - 5 * 3_600_000).toISOString().slice(0, 19);
      const place = () => {
        const order = desk().create({ ...body, externalId: undefined }) as Record<string, Json>;
        for (const name of Object.keys(order)) if (/^(orderDate|creationDate)$/.test(name)) order[name] = local();
        for (const name of Object.keys(order)) if (/^requested|^expected/.test(name)) delete order[name];
        return String(order.id);
      };
      place();
      await step();
      const id = place();
      assert.ok((await step()).includes(id));
    });

    it('leaves out what others ordered long before', async () => {
      const foreign = desk().create({ ...body, externalId: undefined });
      for (const name of ['orderDate', 'creationDate']) if (foreign[name]) foreign[name] = '2020-01-01T00:00:00.000Z';
      await step();
      desk().setState(String(foreign.id), 'inProgress');
      assert.deepEqual(await step(), []);
      assert.deepEqual(tracked(), []);
    });
  });
}

describe('a TMF622 v4 provider that reads the definition literally', () => {
  it('receives the items with every change, comments too', async () => {
    sandbox.reset();
    const desk = sandbox.orders('v4');
    desk.listMode = 'replace';
    desk.patchRequiresItems = true;
    const client = clientOf('v4', { wholeItems: true });
    try {
      const { body } = await compileMapping(preset('tmf622', TYPE, 'v4')).fromGeneric(orderMessage(FULL));
      const { source } = client.parse((await client.create(TYPE, body, REFERENCE)).entity);
      await client.update(TYPE, source.id, { description: 'Changed' });
      await client.comment(TYPE, source.id, { id: 'c', text: 'Hello', visibility: 'public' });
      assert.equal(desk.order(source.id)?.description, 'Changed');
      assert.equal((desk.order(source.id)!.productOrderItem as Item[]).length, 2);
    } finally {
      desk.patchRequiresItems = false;
      client.close();
    }
  });
});

describe('a change of items that collides with a change by the provider', () => {
  it('is repeated on the provider’s new state', async () => {
    sandbox.reset();
    const desk = sandbox.orders('v5');
    desk.listMode = 'replace';
    const client = clientOf('v5');
    try {
      const { body } = await compileMapping(preset('tmf622', TYPE, 'v5')).fromGeneric(orderMessage(FULL));
      const { source } = client.parse((await client.create(TYPE, body, REFERENCE)).entity);
      const order = desk.order(source.id)!;
      const before = structuredClone(order.productOrderItem);
      desk.setItemState(source.id, '20', 'inProgress');
      const after = order.productOrderItem;
      // The first read still shows the state before.
      let reads = 0;
      Object.defineProperty(order, 'productOrderItem', {
        configurable: true,
        enumerable: true,
        get: () => (reads++ === 0 ? before : after),
        set(value) {
          Object.defineProperty(order, 'productOrderItem', { configurable: true, enumerable: true, writable: true, value });
        },
      });
      const [first] = body.productOrderItem as { [name: string]: Json }[];
      await client.update(TYPE, source.id, { productOrderItem: [{ ...first, quantity: 7 }] as Json });
      assert.equal(desk.requests.filter((r) => r.method === 'PATCH').length, 2, 'the first one was refused');
      assert.deepEqual(
        (order.productOrderItem as Item[]).map((item) => [item.id, item.quantity, item.state]),
        [
          ['10', 7, 'acknowledged'],
          ['20', 2, 'inProgress'],
        ],
      );
    } finally {
      client.close();
    }
  });
});
