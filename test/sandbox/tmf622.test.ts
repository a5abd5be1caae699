import assert from 'node:assert/strict';
import { type Sandbox, startSandbox } from '../../src/sandbox/sandbox.js';
import { bodyOf, serve, type TestServer } from '../http/server.js';
import { until } from '../live/node-red.js';
import { type Spec, spec } from '../specs.js';
import { type Body, fullOrder, REFERENCE, spoilt } from './order-bodies.js';

const DEFINITIONS = {
  v4: {
    create: 'ProductOrder_Create',
    update: 'ProductOrder_Update',
    cancel: 'CancelProductOrder_Create',
    hub: 'EventSubscription',
  },
  v5: { create: 'ProductOrder_FVO', update: 'ProductOrder_MVO', cancel: 'CancelProductOrder_FVO', hub: 'Hub' },
} as const;

for (const version of ['v4', 'v5'] as const) {
  describe(`a TMF622 ${version} vendor`, () => {
    const order = fullOrder(version);
    const typed = (type: string, body: Body): Body => (version === 'v5' ? { '@type': type, ...body } : body);
    let sandbox: Sandbox;
    let listener: TestServer;
    let official: Spec | undefined;
    let events: { path: string; body: Body }[] = [];
    before(async () => {
      official = spec(`TMF622 ${version}`);
      if (!official) console.log(`      the official definition of TMF622 ${version} is not here: validity is not checked`);
      sandbox = await startSandbox();
      listener = await serve((req, res) => {
        void bodyOf(req).then((text) => {
          events.push({ path: req.url ?? '', body: JSON.parse(text) });
          res.writeHead(version === 'v4' ? 201 : 204).end();
        });
      });
    });
    after(async () => {
      await sandbox.close();
      await listener.close();
    });
    beforeEach(() => {
      sandbox.reset();
      Object.assign(desk(), { listMode: 'replace', sendsLastUpdate: false, patchRequiresItems: false });
      desk().autoAdvance = undefined;
      desk().cancels.decision = 'manual';
      events = [];
    });
    // Every event of the sandbox is validated against the definition.
    afterEach(() => {
      for (const { body } of events) valid(String(body.eventType), body);
      for (const one of desk().orders()) valid('ProductOrder', one);
      for (const task of desk().cancels.all()) valid('CancelProductOrder', task);
    });

    const desk = () => sandbox.orders(version);
    const valid = (definition: string, value: unknown) =>
      assert.deepEqual(official?.problems(definition, value) ?? [], [], JSON.stringify(value));
    async function send(method: string, path: string, body?: unknown, type = 'application/json') {
      const { SANDBOX_TMF_CLIENT_ID: id, SANDBOX_TMF_CLIENT_SECRET: secret } = sandbox.environment;
      const answer = await fetch(`${sandbox.url}/orders${version.slice(1)}/tmf-api/productOrderingManagement/${version}${path}`, {
        method,
        headers: {
          Authorization: `Basic ${Buffer.from(`${id}:${secret}`).toString('base64')}`,
          ...(body !== undefined && { 'Content-Type': type }),
        },
        ...(body !== undefined && { body: JSON.stringify(body) }),
      });
      const text = await answer.text();
      const read = text ? JSON.parse(text) : undefined;
      if (answer.status >= 400) valid('Error', read);
      return { status: answer.status, headers: answer.headers, body: read };
    }
    const place = async (body: Body = order): Promise<string> => {
      const answer = await send('POST', '/productOrder', body);
      assert.equal(answer.status, 201, JSON.stringify(answer.body));
      return answer.body.id;
    };
    const subscribe = (query?: string) =>
      send('POST', '/hub', typed('Hub', { callback: `${listener.url}/hook`, ...(query && { query }) }));
    const told = (type: string) =>
      events.filter((e) => e.body.eventType === type).map((e) => e.body.event as Record<string, Body>);
    const stateOf = (id: string) => desk().order(id)?.state;
    const itemStates = (id: string) => items(id).map((i) => i.state);
    const items = (id: string) => structuredClone(desk().order(id)?.productOrderItem) as Body[];
    const notes = (id: string) => (desk().order(id)?.note ?? []) as Body[];
    const cancellation = (id: string) =>
      typed('CancelProductOrder', { cancellationReason: 'Ann left', productOrder: typed('ProductOrderRef', { id }) });

    it('requires a token or basic credentials', async () => {
      const path = `${sandbox.url}/orders${version.slice(1)}/tmf-api/productOrderingManagement/${version}/productOrder`;
      assert.equal((await fetch(path)).status, 401);
      const { SANDBOX_TMF_CLIENT_ID: client_id = '', SANDBOX_TMF_CLIENT_SECRET: client_secret = '' } = sandbox.environment;
      const form = new URLSearchParams({ grant_type: 'client_credentials', client_id, client_secret });
      const token = (await (await fetch(`${sandbox.url}/oauth/token`, { method: 'POST', body: form })).json()) as Body;
      assert.equal((await fetch(path, { headers: { Authorization: `Bearer ${token.access_token}` } })).status, 200);
    });

    describe('accepts an order', () => {
      it('and assigns an id, a state and a URL, and keeps the items’ ids', async () => {
        const answer = await send('POST', '/productOrder', order);
        assert.equal(answer.status, 201);
        assert.equal(answer.headers.get('location'), answer.body.href);
        assert.equal(answer.body.state, 'acknowledged');
        assert.ok(answer.body[version === 'v4' ? 'orderDate' : 'creationDate']);
        assert.deepEqual(
          answer.body.productOrderItem.map((i: Body) => [i.id, i.state]),
          [
            ['01', 'acknowledged'],
            ['02', 'acknowledged'],
          ],
        );
        const read = await send('GET', new URL(answer.body.href).pathname.replace(/.*(?=\/productOrder\/)/, ''));
        assert.deepEqual(read.body, answer.body);
      });

      it('but not one that violates the definition', async function () {
        if (!official) return this.skip();
        const wrong: string[] = [];
        let count = 0;
        for (const { what, body } of spoilt(order)) {
          // The second item refers to the first by its id; and the @type of a characteristic determines its value, which plain
          // JSON Schema cannot express.
          if (/without \/productOrderItem\/0$|Relationship\/0\/id|productCharacteristic\/0\/value /.test(`${what} `)) continue;
          const lawful = official.problems(DEFINITIONS[version].create, body).length === 0;
          const { status, body: answer } = await send('POST', '/productOrder', body);
          if ((status === 201) !== lawful)
            wrong.push(`${what}: ${lawful ? 'lawful' : 'unlawful'}, ${status} ${answer.message ?? ''}`);
          count++;
        }
        assert.deepEqual(wrong, []);
        assert.ok(count > 100, String(count));
      });

      it('but not one with attributes set by the vendor, or with inconsistent items', async () => {
        const refused = async (body: Body, why: RegExp) => {
          const { status, body: answer } = await send('POST', '/productOrder', body);
          assert.equal(status, 400);
          assert.match(answer.message, why);
        };
        await refused({ ...order, state: 'completed' }, /^state cannot be set/);
        await refused({ ...order, completionDate: '2030-01-01T00:00:00.000Z' }, /^completionDate cannot be set/);
        const [first, second] = order.productOrderItem as Body[];
        await refused({ ...order, productOrderItem: [first, { ...first }] }, /01 is used twice/);
        await refused({ ...order, productOrderItem: [second] }, /names item 01, which is not in the order/);
      });

      for (const name of ['queued', 'eventOnly'] as const)
        it(`later: 202 ${name === 'queued' ? 'with an id' : 'without a body'}, not visible before`, async () => {
          await subscribe();
          desk().behaviours.add({ name, ms: 3_600_000 });
          const accepted = await send('POST', '/productOrder', order);
          assert.equal(accepted.status, 202);
          const id = String(desk().queued()[0]?.id);
          assert.equal(accepted.body?.id, name === 'queued' ? id : undefined);
          assert.equal((await send('GET', `/productOrder/${id}`)).status, 404);
          assert.deepEqual((await send('GET', '/productOrder')).body, []);
          for (const early of [
            await send('PATCH', `/productOrder/${id}`, typed('ProductOrder', { description: 'x' })),
            await send('POST', '/cancelProductOrder', cancellation(id)),
          ]) {
            assert.equal(early.status, 400);
            assert.match(early.body.message, /yet to be created/);
          }
          desk().release(id);
          assert.equal((await send('GET', `/productOrder/${id}`)).body.id, id);
          await until('the event', () => told('ProductOrderCreateEvent').length === 1);
          desk().behaviours.clear();
          desk().behaviours.add({ name, ms: 20 });
          await send('POST', '/productOrder', order);
          await until('the second order', () => desk().orders().length === 2);
        });
    });

    describe('is queried', () => {
      it('for orders by our reference, state, id and date, in pages, with chosen attributes', async () => {
        const first = await place();
        const created = String(desk().order(first)?.[version === 'v4' ? 'orderDate' : 'creationDate']);
        await until('a later time', () => new Date().toISOString() > created);
        const second = await place({ ...order, externalId: version === 'v4' ? 'SWB-2' : undefined });
        desk().setState(second, 'inProgress');
        const found = async (query: string) => (await send('GET', `/productOrder?${query}`)).body.map((o: Body) => o.id);
        assert.deepEqual(await found(version === 'v4' ? `externalId=${REFERENCE}` : `externalId.id=${REFERENCE}`), [first]);
        assert.deepEqual(await found('externalId.id=SWB-NOBODY'), []);
        assert.deepEqual(await found('state=inProgress,held'), [second]);
        assert.deepEqual(await found('state=acknowledged&state=inProgress'), [first, second]);
        assert.deepEqual(await found(`state=acknowledged&id=${second}`), []);
        const date = version === 'v4' ? 'orderDate' : 'creationDate';
        assert.deepEqual(await found(`${date}.gt=${encodeURIComponent(created)}`), [second]);
        assert.deepEqual(await found('productOrderItem.productOffering.id=phone'), [first, second]);
        const page = await send('GET', '/productOrder?offset=1&limit=1&fields=state,description');
        assert.equal(page.headers.get('x-total-count'), '2');
        assert.equal(page.headers.get('x-result-count'), '1');
        const { '@type': _, ...attributes } = page.body[0];
        assert.deepEqual(Object.keys(attributes).sort(), ['description', 'href', 'id', 'state']);
        assert.equal((await send('GET', '/productOrder/PO-0')).status, 404);
        const asked = new Date().toISOString();
        desk().sendsLastUpdate = true;
        desk().addNote(first, 'changed');
        assert.deepEqual(await found(`lastUpdate.gte=${encodeURIComponent(asked)}`), [first]);
        desk().patch(first, { lastUpdate: null });
        delete desk().order(first)?.lastUpdate;
      });
    });

    describe('moves its orders', () => {
      it('item by item, and derives the state of the order', async () => {
        const id = await place();
        desk().setItemState(id, '01', 'inProgress');
        assert.equal(stateOf(id), 'inProgress');
        desk().setItemState(id, '02', 'completed');
        assert.deepEqual(itemStates(id), ['inProgress', 'completed']);
        assert.equal(stateOf(id), 'inProgress');
        desk().setItemState(id, '01', 'completed');
        assert.equal(stateOf(id), 'completed');
        assert.ok(desk().order(id)?.completionDate);
        assert.throws(() => desk().setItemState(id, '01', 'failed'), /is completed/);
        assert.throws(() => desk().setState(id, 'inProgress'), /transition to inProgress is not allowed/);
      });

      for (const [first, second, whole] of [
        ['completed', 'failed', 'partial'],
        ['failed', 'failed', 'failed'],
        ['rejected', 'rejected', 'rejected'],
        ['rejected', 'completed', 'partial'],
        ['cancelled', 'completed', 'completed'],
        ['cancelled', 'cancelled', 'cancelled'],
        ['pending', 'inProgress', 'pending'],
        ['held', 'completed', 'held'],
      ] as const)
        it(`${first} and ${second} result in ${whole}`, async () => {
          const id = await place();
          desk().setItemState(id, '01', first);
          desk().setItemState(id, '02', second);
          assert.equal(stateOf(id), whole);
        });

      it('as a whole, with a reason', async () => {
        const id = await place();
        assert.throws(() => desk().setState(id, 'pendingCancellation'), /transition to pendingCancellation is not allowed/);
        desk().setState(id, 'held', 'No stock before Monday');
        assert.deepEqual(itemStates(id), ['held', 'held']);
        assert.equal(notes(id).at(-1)?.text, 'No stock before Monday');
        assert.equal(notes(id).at(-1)?.author, desk().name);
        desk().setState(id, 'completed');
        assert.deepEqual(itemStates(id), ['completed', 'completed']);
      });

      it('automatically with auto-advance, step by step', async () => {
        await subscribe('eventType=ProductOrderStateChangeEvent');
        desk().autoAdvance = 5;
        const id = await place();
        await until('completed', () => stateOf(id) === 'completed');
        await until('both events', () => events.length === 2);
        assert.deepEqual(
          told('ProductOrderStateChangeEvent').map((e) => e.productOrder?.state),
          ['inProgress', 'completed'],
        );
      });

      it('and rejects offerings that it does not sell', async () => {
        desk().rejections.set('phone', { what: 'item', reason: 'No longer sold' });
        const id = await place();
        assert.deepEqual(itemStates(id), ['acknowledged', 'rejected']);
        assert.equal(stateOf(id), 'acknowledged');
        assert.match(JSON.stringify(desk().order(id)), /No longer sold/);
        desk().rejections.set('phone', { what: 'order', reason: 'No longer sold' });
        assert.equal(stateOf(await place()), 'rejected');
      });

      it('requests information, and continues when it has it', async () => {
        await subscribe();
        const id = await place();
        desk().requireInformation(id, 'Which colour?', '/productOrderItem/1/product', '02');
        assert.equal(stateOf(id), 'pending');
        assert.deepEqual(itemStates(id), ['acknowledged', 'pending']);
        await until('the event', () => told('ProductOrderInformationRequiredEvent').length === 1);
        const event = events.at(-1)?.body as Body & { event: { informationRequired?: Body } };
        assert.equal(version === 'v4' ? event.fieldPath : event.event.informationRequired?.path, '/productOrderItem/1/product');
        desk().autoAdvance = 60_000;
        const note = typed('Note', { text: 'Blue', author: 'Ann' });
        const changed = await send('PATCH', `/productOrder/${id}`, typed('ProductOrder', { note: [note] }));
        assert.equal(changed.status, 200);
        assert.equal(stateOf(id), 'inProgress');
      });

      it('reports milestones, jeopardy and errors', async () => {
        await subscribe();
        const id = await place();
        desk().milestone(id, { code: 'shipped', message: 'Left the warehouse', items: ['02'] });
        desk().jeopardy(id, { code: 'late', message: 'Snow' });
        desk().errorMessage(id, { code: 'E7', message: 'Number in use', items: ['01'] });
        const words = ['Left the warehouse', 'Snow', 'Number in use'];
        for (const word of words) assert.match(JSON.stringify(desk().order(id)), new RegExp(word));
        const types =
          version === 'v5'
            ? ['ProductOrderMilestoneEvent', 'ProductOrderJeopardyAlertEvent', 'ProductOrderErrorMessageEvent']
            : ['ProductOrderAttributeValueChangeEvent'];
        await until('the events', () => events.length === 4);
        assert.deepEqual([...new Set(events.slice(1).map((e) => e.body.eventType))], types);
      });
    });

    describe('lets the customer change orders', () => {
      it('in attributes of the customer, but not in ids, dates or the state', async () => {
        const id = await place();
        const patch = (body: Body, type?: string) => send('PATCH', `/productOrder/${id}`, typed('ProductOrder', body), type);
        assert.equal((await patch({ description: 'Two phones', priority: null })).status, 200);
        assert.equal(desk().order(id)?.description, 'Two phones');
        assert.equal(desk().order(id)?.priority, undefined);
        assert.equal((await patch({ category: 'B2B' }, 'application/merge-patch+json')).status, 200);
        assert.equal((await patch({ category: 'B2B' }, 'text/plain')).status, 415);
        assert.equal((await patch({ state: 'cancelled' })).status, 400);
        assert.equal((await patch({ id: 'x' })).status, 400);
        assert.equal((await patch({ requestedStartDate: 'tomorrow' })).status, 400);
        if (version === 'v5') assert.equal((await send('PATCH', `/productOrder/${id}`, { description: 'untyped' })).status, 400);
        desk().patchRequiresItems = true;
        assert.equal((await patch({ description: 'x' })).status, 400);
        assert.equal((await patch({ description: 'x', productOrderItem: items(id) })).status, 200);
      });

      it('by JSON Patch operations', async () => {
        const id = await place();
        const patch = (operations: Body[], type: string) => send('PATCH', `/productOrder/${id}`, operations, type);
        const note = typed('Note', { text: 'more' });
        assert.equal((await patch([{ op: 'add', path: '/note/-', value: note }], 'application/json-patch+json')).status, 200);
        assert.deepEqual(
          notes(id).map((n) => n.text),
          ['Ring twice', 'more'],
        );
        const path = '/productOrderItem/quantity?productOrderItem.id=02';
        assert.equal((await patch([{ op: 'replace', path, value: 3 }], 'application/json-patch-query+json')).status, 200);
        assert.deepEqual(
          items(id).map((i) => i.quantity),
          [1, 3],
        );
        const lost = await patch(
          [{ op: 'replace', path: path.replace('02', '09'), value: 3 }],
          'application/json-patch-query+json',
        );
        assert.equal(lost.status, 400);
      });

      it('item by item: quantity, characteristics, a new item, a cancelled item', async () => {
        await subscribe('eventType=ProductOrderAttributeValueChangeEvent');
        const id = await place();
        const patch = (list: Body[]) => send('PATCH', `/productOrder/${id}`, typed('ProductOrder', { productOrderItem: list }));
        const [first, second] = items(id) as [Body, Body];
        const cover = typed('ProductOrderItem', {
          id: '03',
          action: 'add',
          productOffering: typed('ProductOfferingRef', { id: 'cover' }),
        });
        const amended = await patch([{ ...first, quantity: 2 }, { ...second, state: 'cancelled' }, cover]);
        assert.equal(amended.status, 200, JSON.stringify(amended.body));
        assert.deepEqual(itemStates(id), ['acknowledged', 'cancelled', 'acknowledged']);
        await until('the event', () => events.length === 1);
        if (version === 'v5') {
          const changed = told('ProductOrderAttributeValueChangeEvent')[0]?.productOrder;
          assert.deepEqual(Object.keys(changed ?? {}).sort(), ['@type', 'href', 'id', 'productOrderItem']);
        }
        const refused = async (list: Body[], status: number, why: RegExp) => {
          const answer = await patch(list);
          assert.equal(answer.status, status);
          assert.match(answer.body.message, why);
        };
        await refused(items(id).slice(1), 400, /Item 01 is missing/);
        await refused(items(id).with(0, { ...items(id)[0], state: 'completed' }), 400, /customer may not set/);
        await refused(items(id).with(1, { ...items(id)[1], quantity: 9 }), 409, /Item 02 is cancelled/);
        const more = () => items(id).with(0, { ...items(id)[0], quantity: 5 });
        desk().passPointOfNoReturn(id);
        await refused(more(), 409, /point of no return/);
        desk().setState(id, 'completed');
        await refused(more(), 409, /completed/);
      });

      it('by id if it merges items by id, and only in the states the vendor allows', async () => {
        const id = await place();
        desk().listMode = 'append';
        const more = typed('ProductOrderItem', { id: '02', action: 'add', quantity: 4 });
        const patch = () => send('PATCH', `/productOrder/${id}`, typed('ProductOrder', { productOrderItem: [more] }));
        desk().behaviours.add({ name: 'lockedInProgress' });
        assert.equal((await patch()).status, 200);
        assert.deepEqual(
          items(id).map((i) => [i.id, i.quantity]),
          [
            ['01', 1],
            ['02', 4],
          ],
        );
        desk().setState(id, 'inProgress');
        more.quantity = 5;
        assert.equal((await patch()).status, 409);
      });

      it('and an administrator delete them', async () => {
        await subscribe();
        const id = await place();
        assert.equal((await send('DELETE', `/productOrder/${id}`)).status, 204);
        assert.equal((await send('GET', `/productOrder/${id}`)).status, 404);
        await until('the event', () => told('ProductOrderDeleteEvent').length === 1);
      });
    });

    describe('asked to cancel', () => {
      const ask = async (id: string) => {
        const answer = await send('POST', '/cancelProductOrder', cancellation(id));
        assert.equal(answer.status, 201, JSON.stringify(answer.body));
        assert.equal(answer.headers.get('location'), answer.body.href);
        return answer.body as Body & { id: string };
      };

      it('assesses, accepts and cancels', async () => {
        await subscribe();
        const id = await place();
        desk().setState(id, 'inProgress');
        const task = await ask(id);
        assert.equal(task.state, 'acknowledged');
        assert.equal(stateOf(id), 'assessingCancellation');
        assert.equal((await send('POST', '/cancelProductOrder', cancellation(id))).status, 409);
        desk().cancels.accept(task.id);
        assert.equal(stateOf(id), 'pendingCancellation');
        desk().cancels.finish(task.id);
        assert.equal(stateOf(id), 'cancelled');
        assert.deepEqual(itemStates(id), ['cancelled', 'cancelled']);
        assert.equal(desk().order(id)?.cancellationReason, 'Ann left');
        const read = await send('GET', `/cancelProductOrder/${task.id}`);
        assert.equal(read.body.state, 'done');
        assert.ok(read.body.effectiveCancellationDate);
        assert.equal((await send('GET', `/cancelProductOrder?productOrder.id=${id}`)).body.length, 1);
        assert.equal((await send('PATCH', `/cancelProductOrder/${task.id}`, typed('CancelProductOrder', {}))).status, 405);
        await until('all events', () => told('CancelProductOrderStateChangeEvent').length === 2);
        assert.deepEqual(
          told('ProductOrderStateChangeEvent').map((e) => e.productOrder?.state),
          ['inProgress', 'assessingCancellation', 'pendingCancellation', 'cancelled'],
        );
        assert.equal(told('CancelProductOrderCreateEvent').length, 1);
      });

      it('refuses, and the order returns to its previous state', async () => {
        const id = await place();
        desk().setItemState(id, '02', 'completed');
        const task = await ask(id);
        assert.deepEqual(itemStates(id), ['assessingCancellation', 'completed']);
        desk().cancels.refuse(task.id, 'Already packed');
        assert.equal(desk().cancels.task(task.id)?.state, version === 'v4' ? 'terminatedWithError' : 'rejected');
        assert.equal(stateOf(id), 'inProgress');
        assert.deepEqual(itemStates(id), ['acknowledged', 'completed']);
        assert.match(JSON.stringify(desk().order(id)?.note), /Already packed/);
      });

      it('decides automatically as configured', async () => {
        for (const [decision, state] of [
          ['accept', 'cancelled'],
          ['refuse', 'acknowledged'],
        ] as const) {
          desk().cancels.decision = decision;
          const id = await place();
          const task = await ask(id);
          await until(
            'the decision',
            () => !['acknowledged', 'inProgress'].includes(String(desk().cancels.task(task.id)?.state)),
          );
          assert.equal(stateOf(id), state);
        }
      });

      it('refuses after the point of no return, for a finished order, or immediately', async () => {
        const id = await place();
        desk().passPointOfNoReturn(id);
        const task = await ask(id);
        await until('the refusal', () => stateOf(id) === 'acknowledged');
        assert.notEqual(desk().cancels.task(task.id)?.state, 'done');
        for (const status of [400, 409] as const) {
          desk().cancels.decision = status;
          assert.equal((await send('POST', '/cancelProductOrder', cancellation(id))).status, status);
          assert.equal(stateOf(id), 'acknowledged');
        }
        desk().cancels.decision = 'manual';
        desk().setState(id, 'completed');
        assert.equal((await send('POST', '/cancelProductOrder', cancellation(id))).status, 409);
        assert.equal((await send('POST', '/cancelProductOrder', cancellation('PO-0'))).status, 400);
        assert.equal((await send('POST', '/cancelProductOrder', typed('CancelProductOrder', {}))).status, 400);
      });

      it('requests information', async () => {
        await subscribe('eventType=CancelProductOrderInformationRequiredEvent');
        const task = await ask(await place());
        desk().cancels.requireInformation(task.id);
        await until('the event', () => events.length === 1);
      });
    });

    describe('notifies its subscribers', () => {
      it('of events that match their query, and stops after they unsubscribe', async () => {
        const hub = await subscribe('eventType=ProductOrderStateChangeEvent&event.productOrder.state=completed');
        assert.equal(hub.status, 201);
        valid(DEFINITIONS[version].hub, hub.body);
        assert.equal((await send('GET', `/hub/${hub.body.id}`)).status, 405);
        const id = await place();
        desk().setState(id, 'completed');
        await until('the event', () => events.length === 1);
        const [event] = events;
        assert.equal(event?.path, '/hook/listener/productOrderStateChangeEvent');
        const whole = told('ProductOrderStateChangeEvent')[0]?.productOrder ?? {};
        assert.equal(whole.state, 'completed');
        assert.equal('description' in whole, version === 'v4', 'v4 tells the whole order, v5 what changed');
        assert.equal((await send('DELETE', `/hub/${hub.body.id}`)).status, 204);
        assert.equal((await send('DELETE', `/hub/${hub.body.id}`)).status, 404);
        await place();
        assert.equal(events.length, 1);
        assert.equal((await send('POST', '/hub', typed('Hub', {}))).status, 400);
      });

      it('twice or not at all, as configured', async () => {
        await subscribe();
        desk().events.duplicate = true;
        await place();
        await until('both', () => events.length === 2);
        assert.equal(events[0]?.body.eventId, events[1]?.body.eventId);
        desk().events.duplicate = false;
        desk().events.lose = true;
        const id = await place();
        desk().events.lose = false;
        desk().setState(id, 'inProgress');
        await until('the next', () => events.length === 3);
        assert.equal(events[2]?.body.eventType, 'ProductOrderStateChangeEvent');
      });
    });

    it('fails as configured, and logs the requests', async () => {
      desk().faults.add({ kind: 'status', status: 503, times: 1 });
      assert.equal((await send('POST', '/productOrder', order)).status, 503);
      desk().faults.add({ kind: 'reset-after', method: 'POST', times: 1 });
      await assert.rejects(send('POST', '/productOrder', order));
      assert.equal(desk().orders().length, 1, 'the answer is what was lost');
      const bodies = desk().requests.map((r) => JSON.parse(r.body));
      assert.deepEqual(bodies, [order, order]);
      for (const body of bodies) valid(DEFINITIONS[version].create, body);
    });

    if (version === 'v5')
      it('keeps a draft until it is submitted', async () => {
        const id = await place({ ...order, requestedInitialState: 'draft' });
        assert.equal(stateOf(id), 'draft');
        const submitted = await send('PATCH', `/productOrder/${id}`, { '@type': 'ProductOrder', state: 'acknowledged' });
        assert.equal(submitted.status, 200);
        assert.equal(stateOf(id), 'acknowledged');
      });
  });
}
